"""What learning from feedback is worth with made-up people, and what it costs.

    python -m tests.bench.feedback

`tests/support/takers.py` says how people choose. Two of a kind differ by whether the ranker is told; HR@10 is how
often the wanted item is among those shown, over the second half of the requests.
"""

from __future__ import annotations

import argparse
import json
from statistics import fmean
from time import thread_time

from streams.ranking.feedback import Answer, Feedback
from streams.ranking.live import CLOSENESS, LiveRanker
from streams.ranking.reranker_files import packaged
from tests.support.takers import NOW_S, Taking

REASONS = ("closeness", "crowd", "chance")


def main() -> None:
    """Print a line of JSON a reason, and one of the cost."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=1_200)
    options.add_argument("--seeds", type=int, default=4)
    chosen = options.parse_args()
    half = chosen.requests // 2
    for reason in REASONS:
        figures: dict[str, list[float]] = {"frozen": [], "learning": [], "closeness": []}
        for seed in range(chosen.seeds):
            for name, learns in (("frozen", False), ("learning", True)):
                people = Taking("shop", reason, seed, learns)
                people.hit_rate(half)
                figures[name].append(people.hit_rate(half))
                if learns:
                    figures["closeness"].append(people.ranker.weights()["shop"][CLOSENESS])
        print(json.dumps({"reason": reason} | {name: round(fmean(each), 3) for name, each in figures.items()}))
    print(json.dumps(_cost(10_000)))


def _cost(n: int) -> dict[str, float]:
    """Microseconds of the thread to keep an answer of 20 items, and to learn from a click on it."""
    ranker = LiveRanker(packaged())
    items = [f"shop:{at}" for at in range(20)]
    sources = [(at / 20.0, 1.0 - at / 20.0) for at in range(20)]
    start_s = thread_time()
    for at in range(n):
        ranker.answered(Answer((f"p{at}",), "shop", NOW_S + at, items, sources))
    kept_s = thread_time() - start_s
    said = [Feedback((f"p{at}",), "shop:3", "clicked", NOW_S + at + 1.0) for at in range(n)]
    start_s = thread_time()
    assert len(ranker.feedback(said)) == n
    learnt_s = thread_time() - start_s
    return {"keep_us": round(1e6 * kept_s / n, 1), "learn_us": round(1e6 * learnt_s / n, 1)}


if __name__ == "__main__":
    main()
