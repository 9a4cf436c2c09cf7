"""What a whole recommendation costs, warm, on one core: everything that `braid serve` does for it is on.

Run as `make bench NAME=whole_recommend ARGS="--rounds 3"`. 100,000 items with vectors on four platforms; 50,000 accounts
of 20 touches in the live ranker, two a person; people with several interests and 12 tags, who ask for 10 items of one platform. A
profile publishes the latest 20 events of an account, some of them dislikes: `explained` and `plain` are asked by people
of three accounts (60 items seen), `most` by people of five (100), the upper end. They are the use case, called one after
the other by one thread of the serving process; `cpu` is the time of that thread alone, which on a machine that others
use too is the figure to compare. `parts` is the mean time of the thread in each part of an explained request of three
accounts. `http` is one client in a process of its own. Everybody has asked once before anything is measured. Rounds
interleave.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, thread_time
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from index.neighbours import Vectors, ranked, scores_of
from index.recall import recall_at_k
from streams import garbage
from streams.adapters.topic_follower import Batch, Message
from streams.domain.events import Item, ItemRecord
from streams.domain.profiles import Account, Identity, ProfileRecord, RecentEvent, Tag, encode_profile
from streams.ranking import warming
from streams.ranking.live import LiveRanker, Touch
from streams.ranking.reranker_files import packaged
from streams.serve.api import create_api
from streams.service.recommend import MIN_CANDIDATES, Recommender
from streams.service.recommendations import Ask
from tests.bench.recommend import clustered, unit
from tests.bench.rounds import Rounds
from tests.bench.serve import PLATFORMS, Row, served
from tests.support.serving import DAY_S, MODEL, NOON_S, Did, Town, answering

N_TOPICS: Final = 100
TOPICS_A_PERSON: Final = 4
TOUCHES: Final = 20
#: What `BRAID_PROFILE__RECENT_EVENTS` lets a profile publish of an account.
SEEN_AN_ACCOUNT: Final = 20
#: Of these, taken to while they ran hot; the others lie anywhere in the person's topics.
HOT_AN_ACCOUNT: Final = 10
#: Platforms of the accounts of a person, and of the most linked.
ACCOUNTS: Final = PLATFORMS[:3]
MOST_ACCOUNTS: Final = (*PLATFORMS, PLATFORMS[0])
DISLIKED: Final = 0.05
N_TAGS: Final = 12
BATCH: Final = 2_000
K: Final = 10
_pack = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class Size:
    """Of the town that is served, and the requests of a round."""

    n_items: int
    n_accounts: int
    n_people: int
    n_requests: int


@dataclass
class Catalogue:
    """keys[at] with vectors float32 (N, D) and topics (N,)."""

    keys: list[str]
    vectors: Vectors
    topics: NDArray[np.int64]
    rng: np.random.Generator

    def __post_init__(self) -> None:
        platforms = np.arange(len(self.keys)) % len(PLATFORMS)
        self._of = {
            (platform, topic): np.flatnonzero((platforms == platform) & (self.topics == topic))
            for platform in range(len(PLATFORMS))
            for topic in range(N_TOPICS)
        }

    def taken_to(self, platform: int, topics: NDArray[np.int64], days: NDArray[np.int64]) -> list[int]:
        """Items of these topics that run hot on these days: every day another one leads."""
        hot = np.minimum(self.rng.zipf(1.3, len(days)) - 1, 10_000) + 2 * days
        lists = [self._of[platform, topic] for topic in topics.tolist()]
        return [int(rows[at % len(rows)]) for rows, at in zip(lists, hot.tolist(), strict=True)]

    def looked_at(self, platform: int, topics: NDArray[np.int64], n: int) -> list[int]:
        """Different items of these topics, any of them."""
        rows = np.concatenate([self._of[platform, topic] for topic in topics.tolist()])
        return self.rng.choice(rows, n, replace=False).tolist()  # type: ignore[no-any-return]


def fill_items(town: Town, n_items: int, rng: np.random.Generator) -> Catalogue:
    """Through the feed, as the topic would bring them."""
    vectors, topics = clustered(n_items, rng)
    keys = [f"{PLATFORMS[number % len(PLATFORMS)]}:{number}" for number in range(n_items)]
    for start in range(0, n_items, BATCH):
        messages = []
        for number in range(start, min(start + BATCH, n_items)):
            topic = int(topics[number])
            item = Item(
                str(number),
                title=f"taste {topic} item {number % 977} size {number % 13}",
                category=f"c{topic % 40}",
                brand=f"b{number % 501}",
                tags=(f"t{topic}",),
                price=5.0 + number % 89,
            )
            vector = vectors[number].astype(np.float16).tobytes()
            record = ItemRecord(keys[number].partition(":")[0], item, MODEL.label, vector, False, NOON_S, number)
            messages.append(Message(0, number, keys[number].encode(), _pack(record), NOON_S))
        town.item_feed.apply(Batch(messages, {0: messages[-1].offset + 1}, NOON_S))
    town.index.settle()
    return Catalogue(keys, vectors, topics, rng)


def fill_behaviour(ranker: LiveRanker, catalogue: Catalogue, n_accounts: int) -> None:
    """Accounts that are nobody's who asks, every two on neighbouring platforms one person's, with the same topics."""
    rng = catalogue.rng
    topics = np.repeat(rng.integers(0, N_TOPICS, (n_accounts // 2, TOPICS_A_PERSON)), 2, axis=0)
    for day in range(90):
        accounts = rng.integers(0, n_accounts, n_accounts * TOUCHES // 90)
        chosen = topics[accounts, rng.integers(0, TOPICS_A_PERSON, len(accounts))]
        for platform in range(len(PLATFORMS)):
            here = accounts % len(PLATFORMS) == platform
            items = catalogue.taken_to(platform, chosen[here], np.full(int(here.sum()), day))
            began_s = NOON_S - (90 - day) * DAY_S
            touches = [
                Touch(f"account-{account}", catalogue.keys[item], began_s + second)
                for second, (account, item) in enumerate(zip(accounts[here].tolist(), items, strict=True))
            ]
            for at in range(0, len(touches), 500):
                ranker.observe(touches[at : at + 500])
    ranker.link([(f"account-{account}", f"account-{account + 1}") for account in range(0, n_accounts, 2)])


def fill_people(town: Town, catalogue: Catalogue, n_people: int, accounts: Sequence[str]) -> list[ProfileRecord]:
    """Profiles as the topic brings them; what they took to reaches the ranker on the same way.

    accounts: platforms on which each has an account.
    """
    model = town.profile_after(Did("shop.wishlist.added", catalogue.keys[0], person="model"))
    profiles = [_a_person(model, number, catalogue, accounts) for number in range(n_people)]
    town.feed_profiles([(profile.profile_id, encode_profile(profile)) for profile in profiles])
    return profiles


def _a_person(model: ProfileRecord, number: int, catalogue: Catalogue, accounts: Sequence[str]) -> ProfileRecord:
    rng = catalogue.rng
    topics = rng.choice(N_TOPICS, TOPICS_A_PERSON, replace=False)
    recent: list[RecentEvent] = []
    rows: list[int] = []
    for name in accounts:
        platform = PLATFORMS.index(name)
        days = np.sort(rng.integers(0, 90, HOT_AN_ACCOUNT))
        hot = catalogue.taken_to(platform, rng.choice(topics, HOT_AN_ACCOUNT), days)
        mine = list(dict.fromkeys(hot + catalogue.looked_at(platform, topics, SEEN_AN_ACCOUNT)))[:SEEN_AN_ACCOUNT]
        rows += mine
        for row, at in zip(mine, rng.random(len(mine)).tolist(), strict=True):
            weight = -2.0 if rng.random() < DISLIKED else float(rng.choice([1.0, 2.0, 4.0]))
            event = f"{len(accounts):04x}{number:04x}{len(recent):08x}"
            recent.append(
                RecentEvent(event, f"{name}.item.liked", name, catalogue.keys[row], weight, NOON_S - at * 90 * DAY_S)
            )
    recent.sort(key=lambda event: -event.time)
    long = unit(catalogue.vectors[rows].mean(axis=0, keepdims=True))
    short = unit(catalogue.vectors[rows[:20]].mean(axis=0, keepdims=True))
    tags = [Tag(f"t{topic}", "topic", 2.0, 1.0, 3, 0.0, NOON_S, {}, []) for topic in topics.tolist()]
    tags += [Tag(f"word {at}", "topic", 1.0, 1.0, 1, 0.0, NOON_S, {}, []) for at in range(N_TAGS - len(tags))]
    person = f"{len(accounts)}-{number}"
    linked = [Account(name, f"person-{person}-{name}-{at}", 0.0, NOON_S) for at, name in enumerate(accounts)]
    vectors = msgspec.structs.replace(
        model.vectors, short=short.astype(np.float16).tobytes(), long=long.astype(np.float16).tobytes()
    )
    return msgspec.structs.replace(
        model,
        profile_id=f"{len(accounts):08x}{number:024x}",
        as_of=NOON_S,
        change=msgspec.structs.replace(model.change, kind="update"),
        identity=Identity(linked),
        vectors=vectors,
        tags=tags,
        recent=recent,
    )


class Stopwatch:
    """Time of the thread in each named part."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}

    def timed(self, part: object, **names: str) -> object:
        """The same object, whose methods book their time; method=name of the part."""
        return _Timed(part, self, names)

    def call(self, name: str, method: Callable[..., object], *arguments: object, **more: object) -> object:
        """The method's answer."""
        started_s = thread_time()
        try:
            return method(*arguments, **more)
        finally:
            self.spent_s[name] = self.spent_s.get(name, 0.0) + thread_time() - started_s


class _Timed:
    def __init__(self, part: object, watch: Stopwatch, names: dict[str, str]) -> None:
        self._part, self._watch, self._names = part, watch, names

    def __getattr__(self, method: str) -> object:
        found = getattr(self._part, method)
        return partial(self._watch.call, self._names[method], found) if method in self._names else found


def parts_of(recommender: Recommender, people: Sequence[ProfileRecord], ask: Ask) -> Row:
    """Mean milliseconds of the thread a request, by part; `rest` is what is between them."""
    watch = Stopwatch()
    watched = replace(
        recommender,
        index=watch.timed(recommender.index, around="search_ms", vectors_of="vectors_ms"),
        items=watch.timed(recommender.items, entries_of="entries_ms"),
        tastes=watch.timed(recommender.tastes, read="taste_ms"),
        behaviour=watch.timed(recommender.behaviour, rank="behaviour_ms", explained="signals_ms"),
    )
    started_s = thread_time()
    for profile in people:
        watched.recommend(profile.profile_id, profile, ask, NOON_S)
    whole_s = thread_time() - started_s
    spent_s = {**watch.spent_s, "rest_ms": whole_s - sum(watch.spent_s.values())}
    return {name: 1_000 * each_s / len(people) for name, each_s in spent_s.items()}


def cost_of(recommender: Recommender, people: Sequence[ProfileRecord], ask: Ask) -> Row:
    """Percentiles of the whole use case, of wall clock and of the thread's own time."""
    took_ms, worked_ms = [], []
    for profile in people:
        started_s, worked_s = perf_counter(), thread_time()
        recommender.recommend(profile.profile_id, profile, ask, NOON_S)
        worked_ms.append(1_000 * (thread_time() - worked_s))
        took_ms.append(1_000 * (perf_counter() - started_s))
    return {f"p{at}_cpu_ms": float(np.percentile(worked_ms, at)) for at in (50, 95, 99)} | {
        f"p{at}_ms": float(np.percentile(took_ms, at)) for at in (50, 95, 99)
    }


def recall_of(town: Town, people: Sequence[ProfileRecord], catalogue: Catalogue) -> float:
    """recall@10 of the searches of these requests, filter and seen items as asked, against a scan of everything."""
    keys, vectors = town.index.vectors_of([key for key in catalogue.keys if key.startswith("shop:")])
    found, truth = [], []
    for profile in people:
        taste = town.recommender.tastes.read(profile)
        allowed = [at for at, key in enumerate(keys) if key not in taste.seen]
        names, rows = [keys[at] for at in allowed], vectors[allowed]
        truth += [ranked(names, scores_of(query, rows), K) for query in taste.queries]
        lists = town.index.search(taste.queries, MIN_CANDIDATES, platform="shop", exclude=taste.seen)
        found += [near[:K] for near in lists]
    return recall_at_k(found, truth)


def serve_whole_town(pipe: Connection, folder: str, size: Size) -> None:
    """The serving process: fill, then answer measurements and requests until told to stop."""
    rng = np.random.default_rng(7)
    warming.warm()
    ranker = LiveRanker(packaged())
    town = Town(Path(folder), cached_items=65_536, ranker=ranker)
    catalogue = fill_items(town, size.n_items, rng)
    fill_behaviour(ranker, catalogue, size.n_accounts)
    profiles = fill_people(town, catalogue, size.n_people, ACCOUNTS)
    most = fill_people(town, catalogue, size.n_people, MOST_ACCOUNTS)
    explained, plain = Ask(platform="shop", k=K, explain=True), Ask(platform="shop", k=K)
    with answering(create_api(town.parts)) as url:
        garbage.calm()  # as serve does when it is filled
        for ask in (explained, plain):
            cost_of(town.recommender, [*profiles, *most], ask)
        pipe.send((url, [profile.profile_id for profile in profiles]))
        while (word := pipe.recv()) != "stop":
            of = most if word == "most" else profiles
            chosen = [of[int(at)] for at in rng.integers(len(of), size=size.n_requests)]
            if word == "parts":
                pipe.send(parts_of(town.recommender, chosen[:200], explained))
            elif word == "recall":
                pipe.send({"recall_at_10": recall_of(town, profiles[:50], catalogue)})
            else:
                pipe.send(cost_of(town.recommender, chosen, plain if word == "plain" else explained))
    town.close()


def main() -> None:
    """Fill, warm up, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--requests", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # for the process that serves: time of helping threads would go uncounted
    rng, rounds = np.random.default_rng(8), Rounds()
    size = Size(asked.items, asked.accounts, asked.people, asked.requests)
    with (
        tempfile.TemporaryDirectory(prefix="braid-bench-") as folder,
        served(folder, size, serve_whole_town) as town,
    ):
        for _ in range(asked.rounds):
            for word in ("explained", "plain", "most", "parts"):
                rounds.add(word, town.inside(word))
            chosen = [town.people[int(at)] for at in rng.integers(len(town.people), size=asked.requests)]
            rounds.add("http", town.over_http([f"/v1/profiles/{person}/recommendations" for person in chosen], 1))
        rounds.add("recall", town.inside("recall"))
    rounds.report("whole_recommend", vars(asked), "explained", "p99_cpu_ms")


if __name__ == "__main__":
    main()
