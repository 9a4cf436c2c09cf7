"""Nearest items while items change: 100,000 of them, filters and seen items on, one thread of requests.

    python -m tests.bench.recommend [--items N] [--updates-per-s N] [--seconds S] [--rounds R] [--vectors FILE.npy]

Engines: `braid` is the index of `braid serve` (graph + delta), `flat` the same with every row scanned, exact. Both get
the same changes from a writer thread (70 % moved items, 20 % new, 10 % deleted) and the same requests, in turn. A
request asks for 10 neighbours of one vector; half filter by platform, a quarter by platform and category, a quarter by
nothing; every one excludes the 200 items closest to an earlier place of its user. Recall is taken on the same state
after each round. Vectors are synthetic, in nested clusters of 32 effective dimensions, unless a file is given.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from dataclasses import asdict, dataclass, field

import numpy as np

from index.main_delta import MainDeltaIndex
from index.neighbours import Vectors
from index.rebuilds import Tuning
from index.recall import recall_at_k
from tests.bench.report import emit

DIM = 384
K = 10
N_SEEN = 200
N_USERS = 200
N_CATEGORIES = 40
BATCH = 10
PLATFORM_SHARES = {"shop": 0.35, "video": 0.25, "social": 0.2, "news": 0.12, "music": 0.05, "travel": 0.02, "ads": 0.01}
FILTERS = ("platform", "platform", "both", "none")


@dataclass(frozen=True)
class Setting:
    """One run."""

    items: int
    updates_per_s: int
    seconds: float
    rounds: int
    vectors: str
    seed: int = 0


@dataclass
class World:
    """Items, and users who look for more like what they know."""

    vectors: Vectors
    platforms: list[str]
    categories: list[str]
    queries: Vectors
    seen: list[list[str]] = field(default_factory=list)


def clustered(n: int, rng: np.random.Generator) -> tuple[Vectors, np.ndarray]:
    """float32 (n, DIM) unit rows in 3,000 clusters of 100 topics, and the topic of each."""
    n_latent = 32
    projection = rng.standard_normal((n_latent, DIM)) / np.sqrt(n_latent)
    topic_of = rng.integers(0, 100, 3_000)
    centers = rng.standard_normal((100, n_latent))[topic_of] + 0.6 * rng.standard_normal((3_000, n_latent))
    cluster = rng.integers(0, 3_000, n)
    latent = (centers[cluster] + 0.5 * rng.standard_normal((n, n_latent))).astype(np.float32)
    vectors = latent @ projection.astype(np.float32) + 0.1 * rng.standard_normal((n, DIM), dtype=np.float32)
    return unit(vectors), topic_of[cluster]


def unit(vectors: Vectors) -> Vectors:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def a_world(setting: Setting) -> World:
    rng = np.random.default_rng(setting.seed)
    if setting.vectors:
        vectors = unit(np.load(setting.vectors)[: setting.items])
        topics = rng.integers(0, 100, len(vectors))
    else:
        vectors, topics = clustered(setting.items, rng)
    names = list(PLATFORM_SHARES)
    platforms = [names[at] for at in rng.choice(len(names), len(vectors), p=list(PLATFORM_SHARES.values()))]
    # Categories follow the topics, so a filter often keeps items that lie away from the query: the hard case.
    categories = [f"c{topic % N_CATEGORIES}" for topic in topics]
    places = vectors[rng.choice(len(vectors), N_USERS, replace=False)]
    return World(vectors, platforms, categories, near(places, 0.4, rng))


def near(vectors: Vectors, distance: float, rng: np.random.Generator) -> Vectors:
    """Unit rows about `distance` away."""
    steps = rng.standard_normal(vectors.shape, dtype=np.float32)
    return unit(vectors + distance * unit(steps))


def request(world: World, number: int) -> dict[str, object]:
    """The arguments of a search."""
    user = number % N_USERS
    kind = FILTERS[number // N_USERS % len(FILTERS)]
    item = number * 7_919 % len(world.platforms)
    return {
        "queries": world.queries[user : user + 1],
        "k": K,
        "platform": None if kind == "none" else world.platforms[item],
        "category": world.categories[item] if kind == "both" else None,
        "exclude": world.seen[user],
    }


class Writer(threading.Thread):
    """Changes at a fixed rate until stopped; the same ones for every engine of a round."""

    def __init__(self, index: MainDeltaIndex, world: World, setting: Setting, round_: int) -> None:
        super().__init__(name="writer")
        self.index, self.world, self.round_ = index, world, round_
        self.n_batches = int(setting.seconds * setting.updates_per_s / BATCH)
        self.pause_s = BATCH / setting.updates_per_s if setting.updates_per_s else 0.0
        self.stopped = threading.Event()
        self.late_s: list[float] = []

    def run(self) -> None:
        rng = np.random.default_rng(self.round_)
        started = time.perf_counter()
        for batch in range(self.n_batches):
            self.stopped.wait(max(0.0, started + batch * self.pause_s - time.perf_counter()))
            begun = time.perf_counter()
            self.change(batch, rng)
            self.late_s.append(time.perf_counter() - begun)

    def change(self, batch: int, rng: np.random.Generator) -> None:
        world = self.world
        items = rng.integers(0, len(world.vectors), BATCH)
        keys = [f"i{item}" for item in items]
        keys[7:9] = [f"new{self.round_}-{batch}-{place}" for place in range(2)]
        moved = near(world.vectors[items], 0.3, rng)
        labels = [world.platforms[item] for item in items], [world.categories[item] for item in items]
        self.index.upsert(keys[:9], moved[:9], labels[0][:9], labels[1][:9])
        self.index.delete(keys[9:])


def measure(index: MainDeltaIndex, world: World, setting: Setting, round_: int) -> dict[str, float]:
    """One round: requests one after the other while the writer changes items."""
    writer = Writer(index, world, setting, round_)
    n_rebuilds = index.report().n_rebuilds
    took_s: list[float] = []
    number = round_ * 1_000_003
    writer.start()
    started = time.perf_counter()
    while (now := time.perf_counter()) < started + setting.seconds:
        index.search(**request(world, number))
        took_s.append(time.perf_counter() - now)
        number += 1
    wall_s = time.perf_counter() - started
    writer.join()
    report = index.report()
    return {
        "p50_ms": 1e3 * float(np.quantile(took_s, 0.5)),
        "p99_ms": 1e3 * float(np.quantile(took_s, 0.99)),
        "max_ms": 1e3 * max(took_s),
        "requests_per_s": len(took_s) / wall_s,
        "update_p99_ms": 1e3 * float(np.quantile(writer.late_s, 0.99)) if writer.late_s else 0.0,
        "n_rebuilds": report.n_rebuilds - n_rebuilds,
        "n_delta": report.n_delta,
    }


def recall(index: MainDeltaIndex, truth: MainDeltaIndex, world: World) -> float:
    """recall@10 over every kind of filter."""
    asked = [request(world, number) for number in range(0, 4 * N_USERS, 5)]
    return recall_at_k([index.search(**one)[0] for one in asked], [truth.search(**one)[0] for one in asked])


def filled(world: World, tuning: Tuning) -> tuple[MainDeltaIndex, float]:
    """An index of all items, and the seconds until it was complete."""
    index = MainDeltaIndex(DIM, tuning)
    started = time.perf_counter()
    keys = [f"i{at}" for at in range(len(world.vectors))]
    for at in range(0, len(keys), 1_000):
        part = slice(at, at + 1_000)
        index.upsert(keys[part], world.vectors[part], world.platforms[part], world.categories[part])
    index.settle()
    return index, time.perf_counter() - started


def run(setting: Setting) -> dict[str, dict[str, list[float]]]:
    world = a_world(setting)
    flat, flat_build_s = filled(world, Tuning(flat_rows=100 * setting.items))
    rng = np.random.default_rng(1)
    for found in flat.search(near(world.queries, 0.4, rng), N_SEEN):
        world.seen.append([neighbour.key for neighbour in found])
    braid, braid_build_s = filled(world, Tuning())
    print(f"built: flat {flat_build_s:.1f} s, braid {braid_build_s:.1f} s", file=sys.stderr)
    engines: dict[str, dict[str, list[float]]] = {"braid": {}, "flat": {}}
    for round_ in range(setting.rounds):
        for name, index in (("braid", braid), ("flat", flat)):
            measured = measure(index, world, setting, round_)
            print(name, {measure_: round(value, 3) for measure_, value in measured.items()}, file=sys.stderr)
            for measure_, value in measured.items():
                engines[name].setdefault(measure_, []).append(value)
        engines["braid"].setdefault("recall_at_10", []).append(recall(braid, flat, world))
        engines["flat"].setdefault("recall_at_10", []).append(1.0)
    for name, index, build_s in (("braid", braid, braid_build_s), ("flat", flat, flat_build_s)):
        engines[name]["build_s"] = [build_s]
        engines[name]["bytes_per_item"] = [index.report().n_bytes / len(index)]
    braid.close()
    return engines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--updates-per-s", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=8.0, help="length of a round of one engine")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--vectors", default="", help="float32 (N, 384) in a .npy file instead of synthetic ones")
    setting = Setting(**vars(parser.parse_args()))
    emit("recommend", asdict(setting), run(setting), measure="requests_per_s")


if __name__ == "__main__":
    main()
