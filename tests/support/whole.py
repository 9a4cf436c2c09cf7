"""Braid in memory: the real stages over lists in place of topics, stepped by hand in any order and batching."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any

import numpy as np

from streams.adapters.clock import SystemClock
from streams.adapters.cloudevents import decode
from streams.adapters.identity_events import decode_identity
from streams.adapters.salvage import salvage_for, salvage_identity
from streams.agents.identity import IdentityStage
from streams.agents.letters import LettersStage
from streams.agents.normalise import NormaliseStage
from streams.agents.profiles import ProfileStage
from streams.domain.accounts import AccountKey, Home, account_key
from streams.domain.actions import ActionTable, action_of
from streams.domain.dead_letters import DeadLetter, decode_dead_letter, is_letter
from streams.domain.decay import DAY_S
from streams.domain.folding import FoldRules
from streams.domain.identity_guards import IdentityRules
from streams.domain.identity_records import unpack_identity
from streams.domain.limits import IngestLimits
from streams.domain.profiles import Model, ProfileRecord, decode_profile
from streams.domain.pseudonyms import Secrets
from streams.domain.publishing import PublishRules
from streams.domain.raw import RawRecord
from streams.domain.sensitive import SensitiveTags
from streams.domain.topic_names import TopicNames
from streams.engine.effects import Stage
from streams.service.erase_letters import LetterEraser
from streams.service.hand_over import PersonRules
from streams.service.identify import IdentityLog
from streams.service.identity_gate import IdentityGate
from streams.service.letter_owners import EventOwners, LinkOwners, user_event_owners
from streams.service.normalise import Normaliser
from streams.service.update_profiles import ProfileUpdater, Sources

SECRET = b"0123456789abcdef"
NOON_S = 1_750_000_000.0
DIM = 8
NAMES = TopicNames()
PARTITIONS = 3
#: How long `dead-letters` keeps a letter.
KEPT_S = 9 * DAY_S


class NoItems:
    """A catalogue without items: every event's vector is made of what it says."""

    def vectors_of(self, keys: Sequence[str]) -> tuple[Any, Any]:
        return np.zeros((len(keys), DIM), np.float32), np.zeros(len(keys), bool)


class CountedTexts:
    """A vector a text from its hash; what was asked for is noted."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def vectors(self, texts: Sequence[str], role: str = "passage") -> Any:
        self.asked += texts
        rows = [np.random.default_rng(zlib.crc32(text.encode())).standard_normal(DIM) for text in texts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32).reshape(-1, DIM)


class Table(dict[bytes, bytes]):
    """A stage's table."""

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        return [self.get(key) for key in keys]

    def scan(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted((key, value) for key, value in self.items() if begin <= key < end))


@dataclass
class Whole:
    """All stages. consent: defaults by purpose. view: what the gate knows of `identities`, which may be old.

    secrets: of the beginning. sensitive: tags that are never made.
    """

    consent: Mapping[str, bool] = field(default_factory=dict)
    log: dict[tuple[str, int], list[RawRecord]] = field(default_factory=dict)
    at: dict[tuple[str, int], int] = field(default_factory=dict)
    tables: dict[tuple[str, int], Table] = field(default_factory=dict)
    view: dict[str, Home] = field(default_factory=dict)
    sensitive: SensitiveTags | None = None
    now_s: float = NOON_S
    ids: count[int] = field(default_factory=count)
    secrets: Secrets = field(default_factory=lambda: Secrets(SECRET))

    def __post_init__(self) -> None:
        actions = ActionTable()
        self.texts = CountedTexts()
        fold_rules = FoldRules(DIM, lambda kind: actions.weight_of(action_of(kind)), sensitive=self.sensitive)
        publish_rules = PublishRules(Model("m", "1", DIM), 2 * DAY_S, 60 * DAY_S, consent_defaults=self.consent)
        updater = ProfileUpdater(
            PersonRules(fold_rules, self.consent), publish_rules, Sources(NoItems(), self.texts, peek=self._peek)
        )
        self.stages: dict[str, Stage] = {
            NAMES.user_events: ProfileStage(updater, NAMES, SystemClock(), user_event_owners),
            NAMES.dead_letters: LettersStage(LetterEraser(KEPT_S, max_erased=3), NAMES),
        }
        self.restart(self.secrets)

    def restart(self, secrets: Secrets) -> None:
        """The stages that hide ids begin anew, with other secrets perhaps; what they said and kept stays."""
        rules, limits = IdentityRules(), IngestLimits(consent_defaults=self.consent)
        normaliser = Normaliser(secrets, lambda _: decode, ActionTable(), limits, self._homes_of)
        log = IdentityLog(IdentityGate(secrets, decode_identity, rules), rules)
        owned = EventOwners(secrets, NAMES.platform_of, salvage_for({}), self._homes_of)
        for platform in ("shop", "video"):
            self.stages[NAMES.events(platform)] = NormaliseStage(normaliser, NAMES, owned)
        self.stages[NAMES.identity] = IdentityStage(log, NAMES, lambda _: None, LinkOwners(secrets, salvage_identity))

    def say(self, platform: str, who: str, kind: str = "product.viewed", **more: Any) -> str:
        """Publish an event; returns its id."""
        identifier, at_s = f"e-{next(self.ids)}", more.pop("at_s", self.now_s)
        data = more.pop("data", {"item": {"item_id": "i1", "title": more.pop("title", "trail shoe"), "category": "shoes"}})
        event = {
            "specversion": "1.0", "id": more.pop("id", identifier), "source": f"/{platform}", "type": f"{platform}.{kind}",
            "subject": who, "time": _rfc3339(at_s), "data": data, **more,
        }  # fmt: skip
        self._append(NAMES.events(platform), 0, who.encode(), json.dumps(event).encode(), ())
        return identifier

    def identify(self, action: str, *accounts: tuple[str, str], **data: Any) -> None:
        """Publish a link or unlink."""
        named = [{"platform": platform, "account": who} for platform, who in accounts]
        event = {
            "specversion": "1.0", "id": f"c-{next(self.ids)}", "source": "/idp", "type": f"identity.{action}",
            "data": {"accounts": named} | data,
        }  # fmt: skip
        self._append(NAMES.identity, 0, b"", json.dumps(event).encode(), ())

    def tell_user(self, user: str, event: bytes) -> None:
        """Write to `user-events` what one of Braid's own commands is."""
        self._append(NAMES.user_events, zlib.crc32(user.encode()) % PARTITIONS, user.encode(), event, ())

    def pending(self) -> list[tuple[str, int]]:
        """Source partitions with something to read."""
        return [
            source for source, records in self.log.items()
            if source[0] in self.stages and self.at.get(source, 0) < len(records)
        ]  # fmt: skip

    def step(self, source: tuple[str, int], n_records: int = 1_000) -> None:
        """One batch of one source partition through its stage, durable at once."""
        at = self.at.get(source, 0)
        batch = self.log[source][at : at + n_records]
        stage, table = self.stages[source[0]], self.tables.setdefault(source, Table())
        prepared = stage.prepare(batch)
        effects = stage.fold(prepared, table)
        for outgoing in effects.outputs:
            headers = tuple(outgoing.headers or ())
            for key, value in outgoing.records:
                partition = zlib.crc32(key or b"") % PARTITIONS if outgoing.partition is None else outgoing.partition
                self._append(outgoing.topic, partition, key, value, headers)
        for key, value in effects.states:
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value
        stage.committed(prepared)
        self.at[source] = at + len(batch)

    def run(self, choose: Callable[[list[tuple[str, int]]], tuple[str, int]] = lambda sources: sources[0]) -> None:
        """Until nothing is left to read; the gate's view is as new as can be."""
        for _ in range(20_000):
            sources = self.pending()
            if not sources:
                return
            self.step(choose(sources))
            self.refresh()
        raise AssertionError("records chase each other for ever")

    def refresh(self) -> None:
        """Let the gate read `identities`."""
        self.view = {}
        for records in (records for (topic, _), records in self.log.items() if topic == NAMES.identities):
            for record in records:
                key = (record.key or b"").decode()
                said = None if record.value is None else unpack_identity(record.value)
                self.view[key] = Home(key, key) if said is None else Home(said.account or key, said.user)

    def published(self) -> dict[str, ProfileRecord]:
        """The topic `profiles` read to its end."""
        last: dict[str, bytes | None] = {}
        for (topic, _), records in self.log.items():
            if topic == NAMES.profiles:
                last |= {(record.key or b"").decode(): record.value for record in records}
        return {key: decode_profile(value) for key, value in last.items() if value is not None}

    def person(self, platform: str, who: str) -> ProfileRecord | None:
        """The living profile that holds an account."""
        key = account_key(SECRET, platform, who)
        found = [each for each in self.published().values() if key in {a.account for a in each.identity.accounts}]
        assert len(found) < 2
        return found[0] if found else None

    def letters(self) -> dict[bytes, DeadLetter]:
        """`dead-letters` as a compacting eye sees it."""
        last = {record.key: record.value for record in self.log.get((NAMES.dead_letters, 0), [])}
        return {key: decode_dead_letter(value) for key, value in last.items() if is_letter(key, value)}

    def send(self, topic: str, value: bytes | None, headers: Any = ()) -> bytes:
        """Publish a record as it is, under a key that says nothing; returns its place."""
        self._append(topic, 0, b"k", value, headers)
        return f"{topic}/0/{len(self.log[topic, 0]) - 1}".encode()

    def held(self) -> bytes:
        """Everything in every table."""
        return b"".join(key + value for table in self.tables.values() for key, value in table.items())

    def _append(self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Any) -> None:
        records = self.log.setdefault((topic, partition), [])
        self.now_s += 0.001
        records.append(RawRecord(value, headers, self.now_s, topic, partition, len(records), key))

    def _homes_of(self, accounts: Sequence[AccountKey]) -> list[Any]:
        return [self.view.get(account, Home(account, account)) for account in accounts]

    def _peek(self, partition: int, keys: list[bytes]) -> list[bytes | None]:
        return self.tables.setdefault((NAMES.user_events, partition), Table()).get_many(keys)


def _rfc3339(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
