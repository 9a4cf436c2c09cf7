"""`python -m tests.soak --minutes 15`: steady load on real Kafka; memory, descriptors, threads, disk and queues must stay flat.

A worker with all stages and a serve run as processes. Every few seconds both are looked at; after the warm-up a robust
slope is fitted to every measure (tests/soak/slopes.py has the bounds). The last line of stdout is one JSON object; the
samples and a plot lie under `--out`. Exit code 1: something grows, a question failed, or events are missing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from streams.brokers.kafka import KafkaCluster
from tests.bench.report import commit, machine
from tests.soak.asking import Asker
from tests.soak.feeding import Feeder
from tests.soak.plot import sheet
from tests.soak.sampling import Watched
from tests.soak.scene import SoakScene
from tests.soak.slopes import Verdict, verdict_of
from tests.support.pipeline import Worker

SAMPLE_S = 5.0
CATCH_UP_S = 60.0
MIN_SAMPLES = 10


@dataclass
class Samples:
    """Times since the start of the load, and a series for every measure that each sample had."""

    at_s: list[float] = field(default_factory=list)
    rows: list[dict[str, float]] = field(default_factory=list)

    def take(self, watched: list[Watched], started_s: float) -> None:
        row: dict[str, float] = {}
        for each in watched:
            row |= each.sample()
        self.at_s.append(time.monotonic() - started_s)
        self.rows.append(row)

    def series(self) -> dict[str, list[float]]:
        names = sorted(set().union(*self.rows))
        return {name: [row.get(name, 0.0) for row in self.rows] for name in names}


def soak(asked: argparse.Namespace, folder: Path) -> tuple[Samples, dict[str, object]]:
    """Run the load and look; returns what was seen and the counts of the end."""
    with ExitStack() as stack:
        cluster = stack.enter_context(KafkaCluster())
        scene = SoakScene(cluster.bootstrap_servers, folder)
        worker, worker_watch = stack.enter_context(scene.worker())
        url, serve_watch = stack.enter_context(scene.serve())
        feeder, asker, samples = Feeder(scene.broker, scene.topics, asked.rate), Asker(url), Samples()
        feeder.start()
        asker.start()
        started_s = time.monotonic()
        while (left_s := asked.minutes * 60.0 - (time.monotonic() - started_s)) > 0:
            samples.take([worker_watch, serve_watch], started_s)
            show(samples)
            time.sleep(min(SAMPLE_S, left_s))
        asker.stop()
        feeder.stop()
        counts = {"n_events": feeder.n_events, "n_items": feeder.n_items, "n_missing": missing(worker, feeder.n_events)}
        return samples, {**counts, "n_answers": asker.n_found, "n_failed_questions": asker.n_failed}


def missing(worker: Worker, n_events: int) -> float:
    """Events that no counter of the worker has accounted for, once it had time to catch up."""
    give_up_at_s = time.monotonic() + CATCH_UP_S
    while True:
        seen = worker.metric("braid_events_applied_total") + worker.metric("braid_dead_letters_total")
        left = n_events - seen
        if left <= 0 or time.monotonic() > give_up_at_s:
            return left
        time.sleep(0.5)


def judged(samples: Samples, warm_s: float) -> dict[str, Verdict]:
    """Every measure over the samples after the warm-up."""
    kept = [number for number, at in enumerate(samples.at_s) if at >= warm_s]
    if len(kept) < MIN_SAMPLES:
        raise SystemExit(f"{len(kept)} samples after {warm_s:.0f} s: at least {MIN_SAMPLES} count; raise --minutes")
    at_s = [samples.at_s[number] for number in kept]
    return {
        name: verdict_of(name, at_s, [values[number] for number in kept]) for name, values in samples.series().items()
    }


def show(samples: Samples) -> None:
    row = samples.rows[-1]
    told = ", ".join(f"{name} {row[name]:,.0f}" for name in ("worker.rss_mib", "serve.rss_mib", "worker.disk_mib"))
    print(f"{samples.at_s[-1]:6.0f} s  {told}", file=sys.stderr)


def write(out: Path, samples: Samples, verdicts: dict[str, Verdict], warm_s: float) -> None:
    """Samples as JSON lines, the plot as SVG."""
    out.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps({"at_s": round(at, 1), **row}) for at, row in zip(samples.at_s, samples.rows, strict=True)]
    (out / "samples.jsonl").write_text("\n".join(lines) + "\n")
    (out / "soak.svg").write_text(sheet(samples.at_s, samples.series(), verdicts, warm_s))


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    options.add_argument("--minutes", type=float, default=15.0)
    options.add_argument("--rate", type=float, default=500.0, help="records a second")
    options.add_argument("--warm-up", type=float, default=1 / 3, help="share of the time that does not count")
    options.add_argument("--out", type=Path, default=Path("soak-out"))
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="braid-soak-") as folder:
        samples, counts = soak(asked, Path(folder))
    warm_s = asked.warm_up * asked.minutes * 60.0
    verdicts = judged(samples, warm_s)
    write(asked.out, samples, verdicts, warm_s)
    growing = [name for name, verdict in verdicts.items() if not verdict.is_flat]
    settings = {"minutes": asked.minutes, "rate": asked.rate, "warm_up_s": warm_s, "n_samples": len(samples.at_s)}
    measures = {name: {key: round(value, 3) for key, value in asdict(each).items()} for name, each in verdicts.items()}
    report = {"name": "soak", "machine": machine(), "commit": commit(), "settings": settings, **counts}
    print(json.dumps({**report, "growing": growing, "measures": measures}), flush=True)
    raise SystemExit(1 if growing or counts["n_missing"] != 0 or counts["n_failed_questions"] else 0)


if __name__ == "__main__":
    main()
