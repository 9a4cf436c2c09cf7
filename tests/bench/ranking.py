"""What one ranking costs at production size: candidates, features and re-ranker, on one core.

    python -m tests.bench.ranking --items 100000 --people 200000

`cpu_ms` is the time of the thread itself: on a machine that others use too, the wall clock counts their work.

Made-up behaviour: every person takes to 20 items over 90 days, of one of 200 tastes, mostly of items that run hot.
"""

from __future__ import annotations

import argparse
import json
from time import perf_counter, thread_time

import numpy as np

from streams.domain.decay import DAY_S
from streams.ranking.live import LiveRanker, Question, Touch
from streams.ranking.reranker_files import packaged

TOUCHES_A_PERSON = 20
N_TASTES = 200
CONTENT = 60
#: First requests, left out: the first of all compiles.
WARM_UP = 50


def main() -> None:
    """Print one line of JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=100_000)
    options.add_argument("--people", type=int, default=200_000)
    options.add_argument("--requests", type=int, default=2_000)
    chosen = options.parse_args()
    random = np.random.default_rng(0)
    ranker = LiveRanker(packaged())
    keys = [f"shop:{n}" for n in range(chosen.items)]
    ranker.put_items({key: f"taste {n % N_TASTES} item {n % 977} size {n % 13}" for n, key in enumerate(keys)})
    observe_s = _observe(ranker, keys, chosen.people, random)
    took_ms, worked_ms = [], []
    for person in random.integers(0, chosen.people, chosen.requests).tolist():
        near = {keys[at]: 0.5 for at in random.integers(0, chosen.items, CONTENT).tolist()}
        question = Question((f"person-{person}",), "shop", 91 * DAY_S, content=near)
        start, worked = perf_counter(), thread_time()
        ranker.explained("shop", ranker.rank(question, 50))
        took_ms.append(1_000 * (perf_counter() - start))
        worked_ms.append(1_000 * (thread_time() - worked))
    n_touches = chosen.people * TOUCHES_A_PERSON
    figures = {"items": chosen.items, "observe_us": round(1e6 * observe_s / n_touches, 2)}
    for name, measured in (("ms", took_ms), ("cpu_ms", worked_ms)):
        figures |= {f"p{at}_{name}": round(float(np.percentile(measured[WARM_UP:], at)), 2) for at in (50, 95, 99)}
    print(json.dumps(figures))


def _observe(ranker: LiveRanker, keys: list[str], n_people: int, random: np.random.Generator) -> float:
    """Seconds that taking in the behaviour took."""
    tastes = random.integers(0, N_TASTES, n_people)
    per_taste = len(keys) // N_TASTES
    took_s = 0.0
    for day in range(90):
        people = random.integers(0, n_people, n_people * TOUCHES_A_PERSON // 90)
        hot = np.minimum(random.zipf(1.3, len(people)) - 1 + 3 * day, per_taste - 1)
        items = hot * N_TASTES + tastes[people]
        touches = [
            Touch(f"person-{person}", keys[item], day * DAY_S + second)
            for person, item, second in zip(people.tolist(), items.tolist(), range(len(people)), strict=True)
        ]
        start = perf_counter()
        for at in range(0, len(touches), 500):
            ranker.observe(touches[at : at + 500])
        took_s += perf_counter() - start
    return took_s


if __name__ == "__main__":
    main()
