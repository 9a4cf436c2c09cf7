"""Machine code before anybody asks: `python -m streams.ranking.warming` compiles every loop once and keeps it on disk.

The first time on a machine this takes from half a minute on; from the disk it is seconds.
"""

from __future__ import annotations

import os
from typing import Final

from streams.ranking import grouping
from streams.ranking.live import LiveRanker, Question, Touch
from streams.ranking.reranker_files import packaged

_N_ITEMS: Final = 12
_NOW_S: Final = 1_000_000_000.0


def warm() -> None:
    """Take in and answer something made up, on a ranker of its own."""
    ranker = LiveRanker(packaged())
    ranker.put_items({f"shop:{number}": f"trail shoe {number}" for number in range(_N_ITEMS)})
    touches = [Touch(f"a{number % 3}", f"shop:{number}", _NOW_S + number) for number in range(_N_ITEMS - 2)]
    ranker.observe(touches)
    ranker.rank(Question(["a1"], "shop", _NOW_S + _N_ITEMS, content={f"shop:{_N_ITEMS - 1}": 0.5}), n=3)
    ranker.forget(["a2"])
    ranker.remove_items(["shop:0"])
    grouping.warm()


if __name__ == "__main__":
    os.nice(10)  # whoever answers meanwhile comes first
    warm()
