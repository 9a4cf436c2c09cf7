"""Serve under load: how long a request takes, over HTTP and inside, with a catalogue of synthetic items.

Run: python -m tests.bench.serve [--items N] [--people N] [--requests N] [--clients N]. Last line: the report as JSON.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import msgspec
import numpy as np

from streams.adapters.topic_follower import Batch, Message
from streams.domain.events import Item, ItemRecord
from streams.domain.profiles import ProfileRecord, encode_profile
from streams.service.recommendations import Ask
from tests.bench.report import emit
from tests.support.serving import ENCODER, MODEL, NOON_S, Did, Town

N_CLUSTERS = 200
PLATFORMS = ("shop", "video", "social", "news")
ACTIONS = {
    "shop": "shop.wishlist.added", "video": "video.video.liked", "social": "social.post.liked", "news": "news.article.shared"
}  # fmt: skip
BATCH = 2_000
_pack = msgspec.msgpack.Encoder().encode


def fill_items(town: Town, n_items: int, rng: np.random.Generator) -> list[str]:
    """Clustered unit vectors, as titles of real catalogues have them."""
    centres = rng.standard_normal((N_CLUSTERS, ENCODER.dim)).astype(np.float32)
    keys: list[str] = []
    for start in range(0, n_items, BATCH):
        messages = []
        for number in range(start, min(start + BATCH, n_items)):
            cluster, platform = int(rng.integers(N_CLUSTERS)), PLATFORMS[number % len(PLATFORMS)]
            vector = centres[cluster] + rng.standard_normal(ENCODER.dim).astype(np.float32)
            vector = (vector / np.linalg.norm(vector)).astype(np.float16)
            item = Item(
                str(number), title=f"item {number} of {cluster}", category=f"c{cluster % 20}", tags=(f"t{cluster}",)
            )
            record = ItemRecord(platform, item, MODEL.label, vector.tobytes(), False, NOON_S, number)
            keys.append(f"{platform}:{number}")
            messages.append(Message(0, number, keys[-1].encode(), _pack(record), NOON_S))
        town.item_feed.apply(Batch(messages, {0: messages[-1].offset + 1}, NOON_S))
    return keys


def fill_people(town: Town, keys: list[str], n_people: int, rng: np.random.Generator) -> list[ProfileRecord]:
    """Twenty deeds a person, in a few clusters."""
    profiles = []
    for number in range(n_people):
        picks = rng.choice(keys, 20, replace=False)
        profile = None
        for at, key in enumerate(picks):
            profile = town.profile_after(Did(ACTIONS[key.partition(":")[0]], str(key), at / 2, person=f"p{number}"))
        assert profile is not None
        profiles.append(profile)
    town.feed_profiles([(profile.profile_id, encode_profile(profile)) for profile in profiles])
    return profiles


def timed_ms(calls: Sequence[Callable[[], object]], n_clients: int = 1) -> tuple[list[float], float]:
    """(milliseconds of every call, wall seconds of all)."""

    def one(call: Callable[[], object]) -> float:
        started = time.perf_counter()
        call()
        return (time.perf_counter() - started) * 1_000

    started = time.perf_counter()
    with ThreadPoolExecutor(n_clients) as pool:
        times = list(pool.map(one, calls))
    return times, time.perf_counter() - started


def percentiles(name: str, times: list[float], wall_s: float) -> dict[str, list[float]]:
    return {
        f"{name}_p50_ms": [float(np.percentile(times, 50))],
        f"{name}_p99_ms": [float(np.percentile(times, 99))],
        f"{name}_per_s": [len(times) / wall_s],
    }


def main() -> None:
    """Fill, warm up, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=2)
    options = parser.parse_args()
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder), cached_items=65_536)
        keys = fill_items(town, options.items, rng)
        profiles = fill_people(town, keys, options.people, rng)
        chosen = [profiles[int(at)] for at in rng.integers(len(profiles), size=options.requests)]
        ask = Ask(platform="shop", k=10, explain=True)
        inside = [partial(town.recommender.recommend, profile.profile_id, profile, ask, NOON_S) for profile in chosen]
        timed_ms(inside[:50])
        measures = percentiles("inside", *timed_ms(inside))
        with town.api() as client:
            query = {"platform": "shop", "k": "10", "explain": "true"}
            routes = {
                "recommendations": [f"/v1/profiles/{profile.profile_id}/recommendations" for profile in chosen],
                "profile": [f"/v1/profiles/{profile.profile_id}" for profile in chosen],
                "stranger": ["/v1/profiles/nobody/recommendations" for _ in chosen],
            }
            for name, paths in routes.items():
                calls = [partial(_checked, client, path, query) for path in paths]
                timed_ms(calls[:50], options.clients)
                measures |= percentiles(name, *timed_ms(calls, options.clients))
        town.close()
    emit("serve", vars(options), {"braid": measures})


def _checked(client: httpx.Client, path: str, query: dict[str, str]) -> None:
    client.get(path, params=query if "recommendations" in path else None).raise_for_status()


if __name__ == "__main__":
    main()
