"""How much honest accounts bring in a day: `BRAID_BENCH_DATA=DIR python -m tests.bench.honest`; judges BRAID_GUARDS__*.

Simulated people by the weights of their events; reviewers of the shared data with the full weight of each review.
"""

from __future__ import annotations

import csv
import gzip
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from streams.adapters.mapping_files import decoder_for
from streams.domain.actions import ActionTable, action_of
from streams.domain.decay import DAY_S
from streams.domain.influence import InfluenceRules
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from streams.simulation import Simulation
from streams.simulation.records import to_record

NOW_S = 1_750_000_000.0
REVIEW = ActionTable().weight_of("review.posted")
FILES = ("amazon_food_kitchen/events.csv.gz", "amazon_food_kitchen/light_events.csv.gz")

Brought = tuple[str, str, float, float]
"""(account, item, event time in UTC seconds, weight)."""


def simulated(n_events: int) -> Iterable[Brought]:
    actions, by_platform = ActionTable(), defaultdict(list)
    gate = Normaliser(b"0123456789abcdef", decoder_for({}), actions)
    for event in Simulation(7, NOW_S).events(n_events):
        record = to_record(event)
        raw = RawRecord(record.value, tuple(record.headers), NOW_S, record.topic_suffix, key=record.key)
        by_platform[record.topic_suffix.partition(".")[2]].append(raw)
    for platform, records in by_platform.items():
        for _, event in gate.normalise(records, platform).events:  # type: ignore[arg-type]
            item = event.item.item_id if event.item is not None else ""
            yield event.account, item, event.occurred_at_s, abs(actions.weight_of(action_of(event.type)) * event.strength)


def reviewed(folder: Path) -> Iterable[Brought]:
    for name in FILES:
        with gzip.open(folder / name, "rt") as file:
            for row in csv.DictReader(file):
                yield f"{row['platform']}/{row['user_id']}", row["item_id"], float(row["timestamp"]), REVIEW


def show(name: str, brought: Iterable[Brought]) -> None:
    rules, accounts, things = InfluenceRules(), Counter[tuple[str, int]](), Counter[tuple[str, str, int]]()
    for account, item, at_s, weight in brought:
        day = int(at_s // DAY_S)
        accounts[account, day] += weight
        if item:
            things[account, item, day] += weight
    n_over = sum(weight > rules.most for weight in accounts.values()) + sum(weight > rules.most_alike for weight in things.values())
    print(
        f"{name}: {len(accounts)} account-days, at most {max(accounts.values()):.0f} a day (bound {rules.most:.0f}) and "
        f"{max(things.values()):.0f} with one item (bound {rules.most_alike:.0f}); {n_over} over a bound"
    )


def main() -> None:
    for n_events in (6_000, 20_000):
        show(f"simulation, {n_events} events", simulated(n_events))
    folder = Path(os.environ.get("BRAID_BENCH_DATA", "../shared/data"))
    if (folder / FILES[0]).exists():
        show("reviewers", reviewed(folder))
    else:
        print(f"reviewers: no {FILES[0]} under BRAID_BENCH_DATA={folder}")


if __name__ == "__main__":
    main()
