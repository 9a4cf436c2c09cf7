"""Accounts with a history, as the changelog holds them, made without running the pipeline.

A few hundred states are folded from events of the benchmark's shop; every further account is one of them under a key of
its own. The accounts are those of the people `user-000000`, `user-000001`, ..., so events of these people meet them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np
from confluent_kafka import Producer

from streams.brokers.connection import producer_config
from streams.domain.accounts import account_key
from streams.domain.actions import ActionTable
from streams.domain.folding import Observation, fold
from streams.domain.rendering import render_item
from streams.domain.states import UserState, pack_state
from streams.settings import EncoderChoice, Kafka, Settings
from streams.wiring import encoder_of, fold_rules_of, model_of
from tests.bench.made_events import PLATFORM, normalised
from tests.bench.scene import events
from tests.support.pipeline import SECRET

N_TEMPLATES = 300
EVENTS_EACH = 10
SEED = 91
PLACE_OF_KEY = "0" * 32
#: As a busy micro-batch: a changelog is a log of transactions, and what reads it must step over their markers.
RECORDS_A_TRANSACTION = 5_000


def key_of_person(number: int) -> bytes:
    """User key of the benchmark's person of that number."""
    return account_key(SECRET.encode(), PLATFORM, f"user-{number:06d}").encode()


@dataclass(frozen=True)
class MadeStates:
    """templates: packed states, cut where the account's key belongs."""

    templates: list[tuple[bytes, bytes]]

    @classmethod
    def folded(cls, catalogue: list[dict[str, object]], now_s: float) -> MadeStates:
        """N_TEMPLATES states of EVENTS_EACH events, three to two days old."""
        n_events = N_TEMPLATES * EVENTS_EACH
        made = events(n_events, N_TEMPLATES, catalogue, now_s - 3 * 86_400, SEED)
        groups: list[list[Observation]] = [[] for _ in range(N_TEMPLATES)]
        for number, (_, event) in enumerate(normalised(made, now_s)):
            own = msgspec.structs.replace(event, account=PLACE_OF_KEY)
            groups[number % N_TEMPLATES].append(Observation(number, PLACE_OF_KEY, own, number))
        ordered = sorted((one for group in groups for one in group), key=lambda one: one.row)
        settings = Settings(encoder=EncoderChoice(model="hashed"))
        encoder = encoder_of(settings)
        texts = [render_item(one.event.item) if one.event.item else "" for one in ordered]
        vectors = encoder.encode(texts).vectors.astype(np.float16).astype(np.float32)
        rules = fold_rules_of(settings, ActionTable(), model_of(encoder))
        templates = []
        for group in groups:
            state = UserState()
            fold(rules, {PLACE_OF_KEY: state}, group, vectors)
            state.fence = -1  # the source's log is still empty
            head, tail = pack_state(state).split(PLACE_OF_KEY.encode())
            templates.append((head, tail))
        return cls(templates)

    def records(self, n_accounts: int) -> Iterator[tuple[bytes, bytes]]:
        """(user key, state) of the persons 0 to n_accounts - 1."""
        for number in range(n_accounts):
            head, tail = self.templates[number % len(self.templates)]
            key = key_of_person(number)
            yield key, head + key + tail


def publish_transactions(servers: str, topic: str, records: Iterator[tuple[bytes, bytes]]) -> int:
    """Publish by key in transactions of RECORDS_A_TRANSACTION; returns the bytes of keys and values."""
    settings = {"transactional.id": f"bench-{uuid.uuid4().hex}", "linger.ms": 5, "batch.size": 1_000_000}
    producer = Producer(producer_config(Kafka(bootstrap_servers=servers), **settings))
    producer.init_transactions(30)
    n_bytes, n_open = 0, 0
    for key, value in records:
        if n_open == 0:
            producer.begin_transaction()
        producer.produce(topic, value, key)
        n_bytes += len(key) + len(value)
        n_open += 1
        if n_open == RECORDS_A_TRANSACTION:
            producer.commit_transaction(60)
            n_open = 0
    if n_open:
        producer.commit_transaction(60)
    return n_bytes
