"""Serve under load: how long a request takes, over HTTP and inside, with a catalogue of synthetic items.

Run as `make bench NAME=serve ARGS="--items 100000 --rounds 3"`. One process holds the index, the views and the HTTP
API, as `braid serve` does; the clients are threads of this process, each waiting for its answer before it asks again.
`inside` calls the same use case without HTTP, in the server's process, one after the other, before any client asks.
`server_ms_per_request` is the CPU of the serving process. The catalogue and the people are made once, the rounds of the
routes are interleaved.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import msgspec
import numpy as np

from streams.adapters.topic_follower import Batch, Message
from streams.domain.events import Item, ItemRecord
from streams.domain.profiles import ProfileRecord, encode_profile
from streams.serve.api import create_api
from streams.service.recommendations import Ask
from tests.bench.process_seen import ProcessSeen
from tests.bench.rounds import Rounds
from tests.support.serving import ENCODER, MODEL, NOON_S, Did, Town, answering

N_CLUSTERS = 200
PLATFORMS = ("shop", "video", "social", "news")
ACTIONS = {
    "shop": "shop.wishlist.added", "video": "video.video.liked", "social": "social.post.liked", "news": "news.article.shared"
}  # fmt: skip
BATCH = 2_000
WARM_UP = 50
QUERY = {"platform": "shop", "k": "10", "explain": "true"}
_pack = msgspec.msgpack.Encoder().encode

Row = dict[str, float]


@dataclass(frozen=True)
class Size:
    """Of the town that is served, and the requests of a round."""

    n_items: int
    n_people: int
    n_requests: int


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


def serve_town(pipe: Connection, folder: str, size: Size) -> None:
    """The serving process: fill, answer `inside` for every word received, then serve until told to stop."""
    rng = np.random.default_rng(7)
    town = Town(Path(folder), cached_items=65_536)
    profiles = fill_people(town, fill_items(town, size.n_items, rng), size.n_people, rng)
    ask = Ask(platform="shop", k=10, explain=True)
    with answering(create_api(town.parts)) as url:
        pipe.send((url, [profile.profile_id for profile in profiles]))
        while pipe.recv() == "inside":
            chosen = [profiles[int(at)] for at in rng.integers(len(profiles), size=size.n_requests)]
            calls = [partial(town.recommender.recommend, each.profile_id, each, ask, NOON_S) for each in chosen]
            timed_ms(calls[:WARM_UP])
            pipe.send(percentiles(*timed_ms(calls)))
    town.close()


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


def percentiles(times: list[float], wall_s: float) -> Row:
    """Of the calls of one kind."""
    return {
        "p50_ms": float(np.percentile(times, 50)),
        "p95_ms": float(np.percentile(times, 95)),
        "p99_ms": float(np.percentile(times, 99)),
        "per_s": len(times) / wall_s,
    }


@dataclass(frozen=True)
class Served:
    """The serving process as its clients know it."""

    pipe: Connection
    url: str
    people: list[str]
    seen: ProcessSeen

    def inside(self, word: str = "inside") -> Row:
        """What the process measures of itself when it is told this."""
        self.pipe.send(word)
        row: Row = self.pipe.recv()
        return row

    def over_http(self, paths: list[str], n_clients: int) -> Row:
        """Requests over connections that stay open."""
        limits = httpx.Limits(max_connections=n_clients, max_keepalive_connections=n_clients)
        with httpx.Client(base_url=self.url, trust_env=False, limits=limits) as client:
            calls = [partial(_checked, client, path) for path in paths]
            timed_ms(calls[:WARM_UP], n_clients)
            cpu_s = self.seen.cpu_s()
            row = percentiles(*timed_ms(calls, n_clients))
        return row | {"server_ms_per_request": 1_000 * (self.seen.cpu_s() - cpu_s) / len(paths)}


@contextmanager
def served(folder: str, size: object, serve: Callable[..., None] = serve_town) -> Iterator[Served]:
    """A process of its own, filled and ready. serve: (its end of the pipe, folder, size)."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, folder, size), daemon=True)
    process.start()
    theirs.close()
    try:
        url, people = ours.recv()
        assert process.pid is not None
        yield Served(ours, url, people, ProcessSeen(process.pid))
        ours.send("stop")
        process.join(30)
    finally:
        process.kill()


def _checked(client: httpx.Client, path: str) -> None:
    client.get(path, params=QUERY if "recommendations" in path else None).raise_for_status()


def main() -> None:
    """Fill, warm up, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    rng, rounds = np.random.default_rng(8), Rounds()
    size = Size(asked.items, asked.people, asked.requests)
    with tempfile.TemporaryDirectory(prefix="braid-bench-") as folder, served(folder, size) as town:
        for _ in range(asked.rounds):
            rounds.add("inside", town.inside())
            chosen = [town.people[int(at)] for at in rng.integers(len(town.people), size=asked.requests)]
            routes = {
                "recommendations": [f"/v1/profiles/{person}/recommendations" for person in chosen],
                "profile": [f"/v1/profiles/{person}" for person in chosen],
                "stranger": ["/v1/profiles/nobody/recommendations" for _ in chosen],
            }
            for name, paths in routes.items():
                rounds.add(name, town.over_http(paths, asked.clients))
    rounds.report("serve", vars(asked), "recommendations", "p50_ms")


if __name__ == "__main__":
    main()
