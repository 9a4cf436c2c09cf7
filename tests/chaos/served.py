"""The verdict over a serve that lived through the run: its index holds the items of the last word, and no others."""

from __future__ import annotations

import json
import random
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping

import numpy as np

from streams.domain.events import Item
from tests.chaos.verdict_items import vectors_of
from tests.chaos.workers import ChaosWorker, until

CAUGHT_UP_S = 30.0
N_ASKED = 10
#: Scores are rounded to six digits, vectors to float16.
TOLERANCE = 5e-3


def served_faults(serve: ChaosWorker, expected: Mapping[str, Item], rng: random.Random) -> Iterator[str]:
    """What the index answers beside an exact search over the items as last published."""
    if not until(lambda: _n_indexed(serve) == len(expected), CAUGHT_UP_S, 0.2):
        yield f"the index holds {_n_indexed(serve)} items, {len(expected)} were published last"
        return
    keys = sorted(expected)
    vectors = vectors_of([expected[key] for key in keys])
    for row in rng.sample(range(len(keys)), min(N_ASKED, len(keys))):
        best = float(np.delete(vectors @ vectors[row], row).max(initial=-1.0))
        found = _similar(serve, keys[row])
        if found is None:
            yield f"the index does not know {keys[row]}, which is there"
        elif any(f"{near['platform']}:{near['item_id']}" not in expected for near in found):
            yield f"the index offers a deleted item beside {keys[row]}"
        elif not found or abs(found[0]["score"] - best) > TOLERANCE:
            yield f"the closest item to {keys[row]} scores {found[:1]}, an exact search finds {best:.4f}"


def _n_indexed(serve: ChaosWorker) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{serve.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return -1
    return next((int(float(line.split()[1])) for line in lines if line.startswith("braid_index_items ")), -1)


def _similar(serve: ChaosWorker, key: str) -> list[dict[str, object]] | None:
    platform, _, item_id = key.partition(":")
    path = f"/v1/items/{platform}/{urllib.parse.quote(item_id)}/similar?k=5"
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{serve.port}{path}", timeout=5) as answer:
            return list(json.loads(answer.read())["items"])
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise
