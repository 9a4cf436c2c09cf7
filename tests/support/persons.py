"""People with several accounts, links and unlinks shuffled among their events, and an oracle of who they are in the end.

The oracle knows the commands in the order of the log and the distinct events. It keeps edges in a set, joins what is
connected, folds each account's events alone and adds the accounts up: it shares the pure fold and the view with the
pipeline, nothing of how accounts are moved about.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from confluent_kafka import Producer

from streams.brokers.connection import producer_config
from streams.domain.accounts import account_key
from streams.domain.actions import ActionTable
from streams.domain.decay import DAY_S
from streams.domain.events import Item
from streams.domain.identity_records import unpack_identity
from streams.domain.profiles import ProfileRecord, decode_profile
from streams.domain.publishing import Cause, profile_of
from streams.domain.states import AccountState, UserState
from streams.domain.topic_names import TopicNames
from streams.settings import EncoderChoice, Kafka, Settings
from streams.wiring import encoder_of, publish_rules_of
from tests.support.pipeline import SECRET, TYPES, WORDS, Fact, expected_states, records_of

PLATFORMS = ("shop", "video", "social", "news", "music")
TYPE_OF = {kind.partition(".")[0]: kind for kind in TYPES}
#: Links that join the accounts of two different people.
WRONG = 0.1

Node = tuple[str, str]
"""(platform, raw id), or ("userid", value)."""


@dataclass
class Crowd:
    """records: (topic without prefix, key, value) in the order of publishing. commands: (action, nodes) in that order."""

    facts: list[Fact] = field(default_factory=list)
    records: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    commands: list[tuple[str, tuple[Node, ...]]] = field(default_factory=list)
    hints: set[frozenset[Node]] = field(default_factory=set)

    def people(self) -> list[frozenset[Node]]:
        """Who is one person in the end: accounts that did something, by the edges that the log leaves."""
        edges = self._edges() | self.hints
        person: dict[Node, Node] = {}

        def root(node: Node) -> Node:
            while person.setdefault(node, node) != node:
                node = person[node]
            return node

        for one, other in map(tuple, edges):
            person[root(one)] = root(other)
        joined: dict[Node, set[Node]] = {}
        for node in {(fact.platform, fact.person) for fact in self.facts}:
            joined.setdefault(root(node), set()).add(node)
        return [frozenset(nodes) for nodes in joined.values()]

    def _edges(self) -> set[frozenset[Node]]:
        edges: set[frozenset[Node]] = set()
        for action, nodes in self.commands:
            if action == "linked":
                edges |= {frozenset((nodes[0], other)) for other in nodes[1:]}
            elif len(nodes) == 1:
                edges = {edge for edge in edges if nodes[0] not in edge}
            else:
                edges -= {frozenset((one, other)) for one in nodes for other in nodes if one != other}
        return edges


@dataclass(frozen=True)
class Size:
    """How many of each."""

    people: int
    events: int
    links: int
    unlinks: int


def a_crowd(seed: int, size: Size, now_s: float) -> Crowd:
    """3 to 5 accounts a person. The last fifth of the people is never linked wrongly: their events carry a `userid`."""
    rng = random.Random(seed)
    accounts = [[(name, f"p{n}-{name}") for name in rng.sample(PLATFORMS, rng.randint(3, 5))] for n in range(size.people)]
    n_loose = size.people * 4 // 5
    items = [Item(f"i{n}", title=" ".join(rng.sample(WORDS, 4)), category=rng.choice(WORDS)) for n in range(200)]
    crowd, timeline = Crowd(), list[tuple[str, bytes, bytes]]()
    for number in range(size.events):
        person = rng.randrange(size.people)
        platform, raw = rng.choice(accounts[person])
        at_s = round(now_s - rng.uniform(0, DAY_S), 3)
        fact = Fact(f"e-{seed}-{number}", raw, TYPE_OF[platform], at_s, rng.choice(items))
        crowd.facts.append(fact)
        event = json.loads(fact.cloud_event())
        if person >= n_loose and rng.random() < 0.5:
            event["userid"] = f"u-{person}"
            crowd.hints.add(frozenset(((platform, raw), ("userid", f"u-{person}"))))
        timeline.append((f"events.{platform}", raw.encode(), json.dumps(event).encode()))
    timeline += [timeline[rng.randrange(size.events)] for _ in range(size.events // 20)]  # what platforms send twice
    commands = [("linked", _a_link(rng, accounts[:n_loose])) for _ in range(size.links)]
    commands += [("unlinked", _an_unlink(rng, commands)) for _ in range(size.unlinks)]
    rng.shuffle(commands)
    crowd.commands = commands
    places = sorted(rng.sample(range(len(timeline) + len(commands)), len(commands)))
    rng.shuffle(timeline)
    events, spoken = iter(timeline), iter(enumerate(commands))
    at_command = set(places)
    for place in range(len(timeline) + len(commands)):
        if place in at_command:
            number, (action, nodes) = next(spoken)
            crowd.records.append(("identity", b"", _command(f"c-{seed}-{number}", action, nodes)))
        else:
            crowd.records.append(next(events))
    return crowd


def _a_link(rng: random.Random, accounts: list[list[Node]]) -> tuple[Node, ...]:
    person = rng.choice(accounts)
    if rng.random() < WRONG:
        return rng.choice(person), rng.choice([node for other in rng.sample(accounts, 2) for node in other if other is not person])
    return tuple(rng.sample(person, min(len(person), rng.choice((2, 2, 2, 3)))))


def _an_unlink(rng: random.Random, links: list[tuple[str, tuple[Node, ...]]]) -> tuple[Node, ...]:
    nodes = rng.choice([nodes for action, nodes in links if action == "linked"])
    return nodes if rng.random() < 0.7 else nodes[:1]


def _command(identifier: str, action: str, nodes: Iterable[Node]) -> bytes:
    data = {"accounts": [{"platform": platform, "account": raw} for platform, raw in nodes], "reason": "login"}
    event = {"specversion": "1.0", "id": identifier, "source": "/idp", "type": f"identity.{action}", "data": data}
    return json.dumps(event).encode()


def publish(bootstrap_servers: str, topics: TopicNames, records: Iterable[tuple[str, bytes, bytes]]) -> None:
    """In order."""
    producer = Producer(producer_config(Kafka(bootstrap_servers=bootstrap_servers)))
    for number, (topic, key, value) in enumerate(records):
        producer.produce(topics.prefix + topic, value, key)
        if number % 500 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0


def living_profiles(bootstrap_servers: str, topics: TopicNames) -> dict[str, ProfileRecord]:
    """The last profile of every user who is there; revisions never go backwards, not even over a tombstone."""
    last: dict[str, ProfileRecord] = {}
    revisions: Counter[str] = Counter()
    for message in records_of(bootstrap_servers, topics.profiles):
        key = message.key().decode()
        if message.value() is None:
            gone = last.pop(key)
            assert gone.identity.merged_into, f"{key} went without saying where"
            continue
        profile = decode_profile(message.value())
        assert profile.revision > revisions[key], f"revision of {key} went backwards"
        revisions[key], last[key] = profile.revision, profile
    return last


def differences(bootstrap_servers: str, topics: TopicNames, crowd: Crowd) -> list[str]:
    """What is not as the law says: people, what they brought, and where `identities` says they are. Empty = equal."""
    living = living_profiles(bootstrap_servers, topics)
    key_of = {node: account_key(SECRET.encode(), *node) for person in crowd.people() for node in person}
    alone = expected_states(crowd.facts)
    expected = {frozenset(key_of[node] for node in person): person for person in crowd.people()}
    found = {frozenset(account.account for account in each.identity.accounts): each for each in living.values()}
    wrong = [f"{len(accounts)} accounts should be one person and are not" for accounts in expected.keys() - found.keys()]
    wrong += [f"{len(accounts)} accounts are one person and should not be" for accounts in found.keys() - expected.keys()]
    settings = Settings(encoder=EncoderChoice(model="hashed"))
    rules = publish_rules_of(settings, encoder_of(settings), ActionTable())
    homes = _homes(bootstrap_servers, topics)
    for accounts in expected.keys() & found.keys():
        profile = found[accounts]
        states: dict[str, AccountState] = {key: alone[key].accounts[key] for key in accounts}
        twin = profile_of(rules, profile.profile_id, UserState(accounts=states), Cause("update", []))
        wrong += [f"{profile.profile_id}: {what}" for what in _unequal(profile, twin)]
        wrong += [f"{key}: identities name another user" for key in accounts if homes.get(key, key) != profile.profile_id]
    return wrong


def _homes(bootstrap_servers: str, topics: TopicNames) -> Mapping[str, str]:
    return {m.key().decode(): unpack_identity(m.value()).user for m in records_of(bootstrap_servers, topics.identities)}


def _unequal(one: ProfileRecord, twin: ProfileRecord) -> list[str]:
    """Exact in what is counted, close in what is summed in another order."""
    wrong = []
    if one.events_applied != twin.events_applied:
        wrong.append(f"{one.events_applied} events applied, expected {twin.events_applied}")
    if [recent.id for recent in one.recent] != [recent.id for recent in twin.recent]:
        wrong.append("recent events differ")
    if one.platforms.keys() != twin.platforms.keys():
        return [*wrong, "platforms differ"]
    for name, block in one.platforms.items():
        other = twin.platforms[name]
        if block.counts != other.counts or abs(block.mass - other.mass) > 1e-6 * max(1.0, other.mass):
            wrong.append(f"{name}: counts or mass differ")
        if not (_close(block.short, other.short) and _close(block.long, other.long)):
            wrong.append(f"{name}: vectors differ")
    if not (_close(one.vectors.short, twin.vectors.short) and _close(one.vectors.long, twin.vectors.long)):
        wrong.append("unified vectors differ")
    return wrong


def _close(one: bytes, other: bytes) -> bool:
    left, right = (np.frombuffer(raw, np.float16).astype(float) for raw in (one, other))
    if not len(left) or not len(right):
        return len(left) == len(right)
    return float(left @ right) > 0.999
