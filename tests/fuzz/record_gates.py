"""Braid's own records: what another release, a stray producer or a broken disk may put where Braid reads.

user-events must give events or dead letters and leave the good person's profile as it is; states of users must decode
or be called corrupt; cached vectors must be vectors or misses.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from streams.adapters.embedding_cache import MemoryEmbeddingCache
from streams.domain.accounts import account_key
from streams.domain.actions import ActionTable, action_of
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules
from streams.domain.ledger import ledger_key
from streams.domain.profiles import Model, ProfileRecord, decode_profile, encode_profile
from streams.domain.publishing import PublishRules
from streams.domain.raw import RawRecord
from streams.domain.states import pack_state, unpack_state
from streams.domain.vector_sums import Vectors
from streams.engine.table import CHANGELOG_KEY, MARKER_KEY
from streams.errors import CorruptState
from streams.service.encode_texts import CachingEncoder, cache_key
from streams.service.hand_over import PersonRules
from streams.service.letter_owners import user_event_owners
from streams.service.update_profiles import ProfileUpdater, Sources
from tests.fuzz.event_gates import N_AT_ONCE, SECRET, letters_keep_bytes
from tests.fuzz.findings import Violation
from tests.fuzz.mutations import Parts
from tests.fuzz.texts import ZeroTexts
from tests.support.cloud_events import NOON_S

USER = account_key(SECRET, "shop", "good").encode()
ADA = account_key(SECRET, "shop", "ada").encode()
DAY_S = 86_400.0
_encode = msgspec.msgpack.Encoder().encode


#: The ledger of the erased, in the same table as the states.
ERASED = ledger_key("")[:8]


class NoItems:
    """A catalogue that knows nothing."""

    def vectors_of(self, keys: Sequence[str]) -> tuple[Vectors, np.ndarray]:
        return np.zeros((len(keys), ZeroTexts.dim), np.float32), np.zeros(len(keys), np.bool_)


def an_updater() -> ProfileUpdater:
    """The profile use case with the usual rules, and purchases that fade with a half-life of their own."""
    actions = ActionTable().with_half_lives({"order.completed": 180.0})
    own = actions.half_life_s_of
    fold_rules = FoldRules(ZeroTexts.dim, lambda name: actions.weight_of(action_of(name)), own_half_life_of=own)
    return ProfileUpdater(
        PersonRules(fold_rules, {}),
        PublishRules(Model("none", "1", ZeroTexts.dim), 2 * DAY_S, 60 * DAY_S, own_half_life_of=own),
        Sources(NoItems(), ZeroTexts()),
    )


def an_event(number: int, kind: str = "shop.cart.added", person: str = "ada", **more: object) -> bytes:
    """A record of `user-events`."""
    item = Item(f"i-{number}", "Trail shoe", "light", "Shoes", tags=("running", "trail"), price=9.5, genre=("a",))
    account = account_key(SECRET, "shop", person)
    return _encode(
        Event(event_id("/s", f"{person}-{number}"), account, "shop", kind, NOON_S - number, NOON_S, 1.0, item, **more)
    )  # type: ignore[arg-type]


class UserEvents:
    """`user-events` through decoding, folding and publishing; a good person's event stands between the bad ones."""

    name = "user-events"
    n_at_once = N_AT_ONCE

    def __init__(self) -> None:
        self._updater = an_updater()
        self._good = RawRecord(an_event(1, person="good"), key=USER)
        self._expected = self._profiles([self._good])[USER]

    def seeds(self) -> list[Parts]:
        """Events of several actions, with words, sessions and reversals."""
        values = [
            an_event(n, kind) for n, kind in enumerate(("shop.cart.added", "shop.cart.removed", "shop.order.completed"))
        ]
        values += [
            an_event(5, "shop.review.posted", text="Great grip", session="s" * 16, reverses=event_id("/s", "ada-1"))
        ]
        return [(value, ADA) for value in values] + [(values[0], b"\x00pos"), (values[0], CHANGELOG_KEY)]

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation."""
        records = [RawRecord(*_two(case)[:1], key=_two(case)[1], offset=at) for at, case in enumerate(cases)]
        records = [record for record in records if record.key != USER]
        records = [msgspec.structs.replace(record, offset=at) for at, record in enumerate(records)]
        records.append(msgspec.structs.replace(self._good, offset=len(records)))
        prepared = self._updater.prepare(records)
        reasons = letters_keep_bytes([user_event_owners(letter) for letter in prepared.dead], records)
        updated = self._updater.update(prepared, lambda keys: [None] * len(keys))
        profiles = dict(updated.profiles)
        if profiles.get(USER) != self._expected:
            raise Violation("a good person's event was lost or changed by the bad ones around it")
        for key, state in updated.states:
            if state is None or key.startswith(ERASED):  # what a bent record asked to forget
                continue
            _check_outputs(key, state, profiles.get(key))
        return [*["accepted"] * (len(cases) - len(reasons)), *reasons.values()]

    def _profiles(self, records: list[RawRecord]) -> dict[bytes, ProfileRecord]:
        prepared = self._updater.prepare(records)
        return dict(self._updater.update(prepared, lambda keys: [None] * len(keys)).profiles)


def _check_outputs(key: bytes, state: bytes, profile: ProfileRecord | None) -> None:
    if key in {CHANGELOG_KEY, MARKER_KEY} or key[:1] <= b"\x01":
        raise Violation("a user key that the table keeps for itself")
    if pack_state(unpack_state(state)) != state:
        raise Violation("a state that does not come back from its own encoding")
    if profile is not None and decode_profile(encode_profile(profile)) != profile:
        raise Violation("a published profile that its readers refuse, or that holds no number (nan)")


class States:
    """The state of a user as RocksDB or the changelog gives it back: it folds on, or CorruptState says what to do."""

    name = "states"
    n_at_once = N_AT_ONCE

    def __init__(self) -> None:
        self._updater = an_updater()

    def seeds(self) -> list[Parts]:
        """States after one, five and forty events."""
        return [(self._state_after(n),) for n in (1, 5, 40)]

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation."""
        return [self._outcome(case[0]) for case in cases]

    def _outcome(self, raw: bytes | None) -> str:
        record = RawRecord(an_event(99), key=ADA, offset=1 << 40)
        prepared = self._updater.prepare([record])
        try:
            with warnings.catch_warnings():
                # Bent numbers may be infinite; RocksDB's own checksums stand before that.
                warnings.simplefilter("ignore")
                updated = self._updater.update(prepared, lambda keys: [raw if key == ADA else None for key in keys])
        except CorruptState as error:
            if "delete" not in str(error):
                raise Violation("CorruptState without what to do") from error
            return "CorruptState"
        return "folded" if updated.profiles else "repeat or fenced"

    def _state_after(self, n_events: int) -> bytes:
        records = [RawRecord(an_event(n), key=ADA, offset=n) for n in range(n_events)]
        return self._updater.update(self._updater.prepare(records), lambda keys: [None] * len(keys)).states[0][1]


class CachedVectors:
    """Values of the embedding cache: a unit vector or nothing, or a miss."""

    name = "cached-vectors"
    n_at_once = N_AT_ONCE

    def __init__(self) -> None:
        from encoders.factory import EncoderSpec, build_encoder  # noqa: PLC0415 - loading torch costs seconds

        self._encoder = build_encoder(EncoderSpec("hashed"))

    def seeds(self) -> list[Parts]:
        """Vectors of two texts, and one of another model's length."""
        rows = self._encoder.encode(["trail shoe", "古典吉他"]).vectors.astype("<f2")
        return [(row.tobytes(),) for row in rows] + [(rows[0].tobytes()[:512],)]

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation."""
        texts = [f"text {at}" for at in range(len(cases))]
        keys = [cache_key(self._encoder.version, "passage", text) for text in texts]
        cache = MemoryEmbeddingCache(1 << 24)
        values: Mapping[bytes, bytes] = {key: case[0] or b"" for key, case in zip(keys, cases, strict=True)}
        cache.put_many(values)
        encoded = CachingEncoder(self._encoder, cache).encode(texts)
        norms = np.linalg.norm(encoded.vectors, axis=1)
        if not (np.abs(norms - 1.0) < 0.01).all() and not (norms[np.abs(norms - 1.0) >= 0.01] == 0.0).all():
            raise Violation("a cached value that is no unit vector was believed")
        return ["hit"] * encoded.n_hits + ["miss"] * encoded.n_misses


def _two(case: Parts) -> tuple[bytes | None, bytes | None]:
    value, key = (*case, None, None)[:2]
    return value, key
