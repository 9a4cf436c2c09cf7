"""What the gate costs: CPU microseconds per event to decode, and to normalise whole, by form. Prints one JSON line.

Run: python -m tests.bench.gate [--rounds N] [--events N]
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import time
from collections.abc import Callable
from typing import Any

from streams.adapters.cloudevents import decode
from streams.adapters.mapping_files import action_table, decoder_for, load_mappings
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from tests.support.cloud_events import FORMS, NOON_S, a_cloud_event, a_record, an_item

SECRET = b"0123456789abcdef"
DESCRIPTION = "Breathable mesh upper, 4 mm drop and a grippy outsole for wet rock and mud."
DIRTY = "<p>Breathable <b>mesh</b> upper &amp; grippy outsole</p> https://shop.example/p/1 \u200b"
CHINESE = "轻便透气越野跑鞋，四毫米落差，防滑大底，适合雨后山路和泥地。" * 2


def events(n: int, description: str) -> list[dict[str, Any]]:
    return [
        a_cloud_event(
            id=f"e-{i}", subject=f"u-{i % 997}", sentat="2024-05-01T11:59:01Z", sessionid=f"s-{i % 499}",
            data={"item": an_item(item_id=f"sku-{i % 5000}", title=f"Lightweight trail running shoe {i % 5000} for women",
                                  description=description, color="blue", language="en"), "dwell_s": 12.5},
        )
        for i in range(n)
    ]  # fmt: skip


def health(n: int) -> list[RawRecord]:
    said = {"kind": "EXERCISE_DONE", "at": (NOON_S - 60) * 1e3, "member": {"id": 99}, "minutesDone": 6,
            "plan": {"code": "P-1", "name": "Morning core", "minutes": 10, "area": 1, "labels": "core;back"}}  # fmt: skip
    return [RawRecord(json.dumps(said | {"eventId": i}).encode(), (), NOON_S) for i in range(n)]


def us_per_event(work: Callable[[], object], n: int) -> float:
    """CPU time, since a neighbour's work is none of ours."""
    start_s = time.process_time()
    work()
    return (time.process_time() - start_s) / n * 1e6


def commit() -> str:
    found = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip() or "none"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--events", type=int, default=5_000)
    options = parser.parse_args()
    n = options.events
    mappings = load_mappings("docs/mappings")
    gate = Normaliser(SECRET, decoder_for(mappings), action_table(mappings))
    shop, foreign = Platform("shop"), Platform("health")
    jobs: dict[str, tuple[Callable[[], object], int]] = {}
    for form in FORMS:
        records = [a_record(event, form) for event in events(n, DESCRIPTION)]
        n_bytes = sum(len(r.value or b"") + sum(len(v or b"") for _, v in r.headers) for r in records) // n
        jobs[f"decode_{form}_us"] = (lambda records=records: [decode(r) for r in records], n_bytes)  # type: ignore[misc]
        jobs[f"normalise_{form}_us"] = (lambda records=records: gate.normalise(records, shop), n_bytes)  # type: ignore[misc]
    for name, text in (("dirty", DIRTY), ("chinese", CHINESE)):
        records = [a_record(event) for event in events(n, text)]
        jobs[f"normalise_{name}_us"] = (lambda records=records: gate.normalise(records, shop), len(records[0].value or b""))  # type: ignore[misc]
    mapped = health(n)
    jobs["normalise_mapped_us"] = (lambda: gate.normalise(mapped, foreign), len(mapped[0].value or b""))
    assert not gate.normalise(mapped, foreign).dead
    measures: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(options.rounds):
        for name, (work, _) in jobs.items():
            measures[name].append(round(us_per_event(work, n), 2))
    report = {
        "name": "gate",
        "machine": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        "commit": commit(),
        "settings": {"events": n, "bytes_per_event": {name: size for name, (_, size) in jobs.items()}},
        "engines": {"braid": measures},
        "ratios": {},
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
