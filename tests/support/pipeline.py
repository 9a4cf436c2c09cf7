"""A pipeline under test seen from outside: facts to publish, workers as processes, and an oracle that only shares the fold.

The oracle never reads what the pipeline computed on the way: it knows the facts, applies each distinct valid one once,
and compares the last profile of every person with the fold.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from encoders.factory import EncoderSpec, build_encoder
from streams.brokers.connection import consumer_config, producer_config
from streams.brokers.ports import FIRST_PORT, N_PORTS, is_free
from streams.domain.accounts import account_key
from streams.domain.actions import ActionTable, action_of
from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.profiles import ProfileRecord, decode_profile
from streams.domain.rendering import render_item
from streams.domain.states import UserState
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka

SECRET = "0123456789abcdef-test"
UNDECIDED_S = 60.0
#: Which events of a flood count is decided by their order in the log, which no oracle here knows.
UNBOUNDED = {"BRAID_GUARDS__MOST": "1e12", "BRAID_GUARDS__MOST_ALIKE": "1e12"}
#: Actions whose strength is 1, so that the oracle needs no scales of the gate.
TYPES = ("shop.wishlist.added", "video.video.liked", "social.post.liked", "news.article.shared", "music.track.saved",
         "news.article.disliked", "ads.ad.clicked")  # fmt: skip
WORDS = ["trail", "running", "shoe", "camera", "lens", "tea", "jazz", "climbing", "rope", "garden", "seed", "board", "game", "bicycle", "tent", "cake", "bread"]


@dataclass(frozen=True)
class Fact:
    """One thing that happened, before anybody wrote it down."""

    identifier: str
    person: str
    type: str
    at_s: float
    item: Item

    @property
    def platform(self) -> str:
        return self.type.partition(".")[0]

    def cloud_event(self) -> bytes:
        item = {"item_id": self.item.item_id, "title": self.item.title, "category": self.item.category}
        event = {
            "specversion": "1.0",
            "id": self.identifier,
            "source": f"/platforms/{self.platform}",
            "type": self.type,
            "time": datetime.fromtimestamp(self.at_s, UTC).isoformat().replace("+00:00", "Z"),
            "subject": self.person,
            "datacontenttype": "application/json",
            "data": {"item": item},
        }
        return json.dumps(event).encode()


@dataclass
class Load:
    """Facts and the records they become: repeated, late, invalid, shuffled."""

    facts: list[Fact]
    records: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    invalid: list[bytes] = field(default_factory=list)


def a_load(seed: int, n_events: int, n_people: int, now_s: float) -> Load:
    """Of all records 5 % repeats, 5 % late (days old, inside the bound), 2 % invalid; order shuffled."""
    rng = random.Random(seed)
    items = [
        Item(f"i{n}", title=" ".join(rng.sample(WORDS, 4)), category=rng.choice(WORDS)) for n in range(200)
    ]
    n_invalid, n_repeats = round(n_events * 0.02), round(n_events * 0.05)
    facts = []
    for number in range(n_events - n_invalid - n_repeats):
        kind = rng.choice(TYPES)
        days_old = rng.uniform(5, 25) if rng.random() < 0.05 else rng.uniform(0, 1)
        at_s = round(now_s - days_old * DAY_S, 3)
        facts.append(Fact(f"e-{seed}-{number}", f"person-{rng.randrange(n_people)}", kind, at_s, rng.choice(items)))
    load = Load(facts)
    load.records = [(fact.platform, fact.person.encode(), fact.cloud_event()) for fact in facts]
    load.records += [load.records[rng.randrange(len(facts))] for _ in range(n_repeats)]
    for number in range(n_invalid):
        bad = _an_invalid_event(rng, number, facts[number])
        load.invalid.append(bad)
        load.records.append((facts[number].platform, b"k", bad))
    rng.shuffle(load.records)
    return load


def _an_invalid_event(rng: random.Random, number: int, like: Fact) -> bytes:
    event = json.loads(like.cloud_event())
    event["id"] = f"bad-{number}"
    kind = rng.randrange(6)
    if kind == 0:
        return f"{{not json {number}".encode()
    if kind == 1:
        del event["subject"]
    elif kind == 2:
        event["time"] = "9999-12-31T23:59:59Z"
    elif kind == 3:
        event["data"] = {"item": [number]}
    elif kind == 4:
        event["type"] = f"{like.platform}.thing.unheard"
    else:
        return b"\xff\xfe" + json.dumps(event).encode()
    return json.dumps(event).encode()


def publish(bootstrap_servers: str, topics: TopicNames, records: list[tuple[str, bytes, bytes]]) -> None:
    producer = Producer(producer_config(Kafka(bootstrap_servers=bootstrap_servers)))
    for number, (platform, key, value) in enumerate(records):
        producer.produce(topics.events(platform), value, key)
        if number % 1000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0


def expected_states(facts: list[Fact], encoder_model: str = "hashed") -> dict[str, UserState]:
    """The pure fold over the distinct facts, each person's account a user of its own."""
    encoder = build_encoder(EncoderSpec(model=encoder_model))
    distinct = {fact.item.item_id: fact.item for fact in facts}
    rows = {item_id: row for row, item_id in enumerate(distinct)}
    vectors = encoder.encode([render_item(item) for item in distinct.values()]).vectors
    vectors = vectors.astype(np.float16).astype(np.float32)
    actions = ActionTable()
    rules = FoldRules(encoder.dim, lambda kind: actions.weight_of(action_of(kind)))
    states: dict[str, UserState] = {}
    observations = []
    for offset, fact in enumerate(sorted(facts, key=lambda fact: fact.at_s)):
        account = account_key(SECRET.encode(), fact.platform, fact.person)
        states.setdefault(account, UserState())
        event = Event(
            event_id(f"/platforms/{fact.platform}", fact.identifier), account, fact.platform, fact.type, fact.at_s,
            fact.at_s, 1.0, fact.item,
        )  # fmt: skip
        observations.append(Observation(offset, account, event, rows[fact.item.item_id]))
    fold(rules, states, observations, vectors)
    return states


def assert_profiles_equal_fold(profiles: Mapping[str, ProfileRecord], expected: Mapping[str, UserState]) -> None:
    assert set(profiles) == set(expected)
    wrong = [key for key, state in expected.items() if not _same(profiles[key], state)]
    assert not wrong, f"{len(wrong)} of {len(expected)} profiles differ, first {wrong[:3]}: " + "; ".join(
        f"{profiles[key].events_applied} events applied, expected {sum(a.n_events for a in expected[key].accounts.values())}"
        for key in wrong[:3]
    )


def _same(profile: ProfileRecord, state: UserState) -> bool:
    (account,) = state.accounts.values()
    block = profile.platforms[account.platform]
    return (
        profile.events_applied == account.n_events
        and block.counts == account.counts
        and abs(block.mass - account.long_mass) <= 1e-6 * max(1.0, account.long_mass)
        and profile.as_of == account.reference_s
        and [recent.id for recent in profile.recent] == [r.event_id.hex() for r in reversed(account.recent)]
        and _close(block.short, account.short)
        and _close(block.long, account.long)
    )


def _close(published: bytes, exact: bytes) -> bool:
    one, other = np.frombuffer(published, np.float16).astype(np.float64), np.frombuffer(exact, np.float32).astype(float)
    norm = np.linalg.norm(other)
    if len(one) == 0 or norm < 1e-3:  # a sum that cancels out has no direction to compare
        return norm < 1e-2
    return bool(np.abs(one - other / norm).max() < max(1e-3, 1e-4 / norm))


def records_of(bootstrap_servers: str, topic: str) -> Iterator[Message]:
    """Every committed record of a topic, up to the end as it is now.

    A transaction is committed before its markers are written, and a broker that was just paused may take seconds for
    them. Raises AssertionError when a partition stays undecided for UNDECIDED_S.
    """
    kafka = Kafka(bootstrap_servers=bootstrap_servers)
    consumer = Consumer(consumer_config(kafka, "test-reader", **{"enable.partition.eof": True}))
    try:
        partitions = list(consumer.list_topics(topic, timeout=10).topics[topic].partitions)
        ends = _high_watermarks(kafka, topic, partitions)
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        left, give_up_at_s = set(partitions), time.monotonic() + UNDECIDED_S
        while left:
            for message in consumer.consume(1000, 0.2):
                if message.error() is None:
                    give_up_at_s = time.monotonic() + UNDECIDED_S
                    yield message
                elif message.error().code() == KafkaError._PARTITION_EOF:
                    if message.offset() >= ends[message.partition()]:
                        left.discard(message.partition())
                else:
                    raise AssertionError(message.error())
            assert time.monotonic() < give_up_at_s, f"{topic}: partitions {sorted(left)} stay undecided"
    finally:
        consumer.close()


def _high_watermarks(kafka: Kafka, topic: str, partitions: list[int]) -> dict[int, int]:
    # A read_committed client is told the last stable offset instead.
    sees_all = Consumer(consumer_config(kafka, "test-reader", **{"isolation.level": "read_uncommitted"}))
    try:
        return {each: sees_all.get_watermark_offsets(TopicPartition(topic, each), timeout=10)[1] for each in partitions}
    finally:
        sees_all.close()


def profiles_of(bootstrap_servers: str, topics: TopicNames) -> dict[str, ProfileRecord]:
    """The last profile per key; revisions must never go backwards."""
    last: dict[str, ProfileRecord] = {}
    for message in records_of(bootstrap_servers, topics.profiles):
        key = message.key().decode()
        if message.value() is None:  # merged away, or erased
            last.pop(key, None)
            continue
        profile = decode_profile(message.value())
        assert key not in last or profile.revision > last[key].revision, f"revision of {key} went backwards"
        assert message.headers() == [("content-type", b"application/msgpack")]
        last[key] = profile
    return last


def free_port() -> int:
    """Not among those of outgoing connections, one of which might take it before it is listened on."""
    while not is_free(port := random.SystemRandom().randrange(FIRST_PORT, FIRST_PORT + N_PORTS)):
        pass
    return port


class Worker:
    """`braid worker` as a process of its own."""

    def __init__(
        self, bootstrap_servers: str, prefix: str, state_dir: Path, *, only: str = "", failpoint: str = "", **extra: str
    ) -> None:
        self.port = free_port()
        self.log = state_dir.parent / f"worker-{self.port}.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "streams", "worker", *(["--only", only] if only else [])]
        settings = {
            "BRAID_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
            "BRAID_KAFKA__SESSION_TIMEOUT_S": "3",
            "BRAID_TOPICS__PREFIX": prefix,
            "BRAID_STATE_DIR": str(state_dir),
            "BRAID_ENCODER__MODEL": "hashed",
            "BRAID_METRICS__PORT": str(self.port),
            "BRAID_PSEUDONYM__KEY": SECRET,
            **UNBOUNDED,
            **({"BRAID_FAILPOINT": failpoint} if failpoint else {}),
            **extra,
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
        self.process = subprocess.Popen(
            command, env=environment | settings, stdout=subprocess.DEVNULL, stderr=self.log.open("wb")
        )

    def wait_ready(self, timeout_s: float = 60) -> None:
        give_up_at_s = time.monotonic() + timeout_s
        while True:
            assert self.process.poll() is None, f"worker died with {self.process.returncode}:\n{self.tail()}"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < give_up_at_s, f"worker not ready:\n{self.tail()}"
                time.sleep(0.1)

    def metric(self, name: str) -> float:
        """Sum of a metric over its labels."""
        return sum(self._samples(name))

    def has_metric(self, name: str) -> bool:
        """Whether it was ever set."""
        return bool(self._samples(name))

    def _samples(self, name: str) -> list[float]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return [float(line.rpartition(" ")[2]) for line in lines if line.split("{")[0].split(" ")[0] == name]

    def wait_dead(self, timeout_s: float = 60) -> int:
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"worker did not die:\n{self.tail()}") from None

    def terminate(self) -> float:
        """SIGTERM; returns the seconds until it was gone."""
        started_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.wait_dead(30) == 0, self.tail()
        return time.monotonic() - started_s

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]


def n_applied(bootstrap_servers: str, topics: TopicNames) -> int:
    """Distinct events in the last profiles."""
    return sum(profile.events_applied for profile in profiles_of(bootstrap_servers, topics).values())


def wait_applied(bootstrap_servers: str, topics: TopicNames, n_events: int, timeout_s: float = 90) -> None:
    give_up_at_s = time.monotonic() + timeout_s
    while (applied := n_applied(bootstrap_servers, topics)) < n_events:
        assert time.monotonic() < give_up_at_s, f"{applied} of {n_events} events applied after {timeout_s} s"
        time.sleep(0.3)
    assert applied == n_events, f"{applied} events applied, expected {n_events}"

