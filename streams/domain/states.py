"""The state of one user: a sum per account, kept apart so that merge, split and erase stay exact.

`UserState` is the value of the changelog `profile-state` and of RocksDB (MessagePack arrays; fields are only appended).
"""

from __future__ import annotations

from math import inf, isfinite
from typing import Final

import msgspec

from streams.domain.consents import Standing
from streams.domain.events import EVENT_ID_BYTES
from streams.domain.experiments import Assigned
from streams.domain.influence import Influence
from streams.domain.languages import LanguageState
from streams.domain.relations import Relations
from streams.domain.seen_ids import TIME_BYTES, SeenIds
from streams.domain.traits import Declared

# gc=False: leaves of the state hold no cycles, and a batch makes ten thousands of them; without it the garbage
# collector takes a third of the fold's time.

#: Of a user's record and of every account in it; also in the markers of `profile-state` and in arrivals.
STATE_VERSION = 1
FLOAT32_BYTES: Final = 4
MAX_COUNT: Final = 2**53


class Recent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One of the latest events of an account: evidence for tags and interests, and what was seen."""

    at_s: float
    event_id: bytes
    type: str
    item: str
    weight: float
    tags: tuple[str, ...] = ()
    reverses: bytes | None = None


class TagState(msgspec.Struct, array_like=True, gc=False):
    """A decayed tag, in units of the account's tag_scale. score: sum of signed weights; mass: of absolute ones."""

    score: float
    mass: float
    support: int
    first_s: float
    last_s: float


class FeelingState(msgspec.Struct, array_like=True, gc=False):
    """How an account's own words feel, decayed, in units of its tag_scale.

    score: sum of scores in [-1, 1]; positive, neutral, negative: how many texts, each of them 1 when it was written.
    """

    score: float
    positive: float
    neutral: float
    negative: float
    n: int
    last_s: float


class Fading(msgspec.Struct, array_like=True):
    """What actions with one half-life of their own brought to the long horizon and to tags.

    The fields are those of `AccountState`, at its reference_s.
    """

    half_life_s: float
    long: bytes = b""
    long_mass: float = 0.0
    tags: dict[str, TagState] = {}
    tag_scale: float = 1.0

    def fault(self, n_bytes: int) -> str | None:
        """What does not fit together, or None. n_bytes: of a vector, 0 for any length."""
        if n_bytes and len(self.long) not in {0, n_bytes}:
            return f"a sum of {len(self.long)} bytes, expected {n_bytes}"
        if not (0.0 < self.half_life_s < inf and 0.0 < self.tag_scale < inf and isfinite(self.long_mass)):
            return "half-lives, scales or masses that cannot be"
        return None


class AccountState(msgspec.Struct, array_like=True):
    """Everything one account brought. short, long: float32 bytes (D,), sums at reference_s; empty = zero.

    short_mass, long_mass: decayed sums of absolute weights, in step with the vectors. tag_scale: what one unit of the
    scores and masses of tags, feelings and languages is worth at reference_s, so that all of them age at once.
    feelings: by what is spoken of, `<kind>:<name>`; all texts together under the empty name. influence: what it brought
    lately, which bounds what it may bring. relations: to brands, products, topics, places and people. space: whose
    vectors the sums are made of (`domain.spaces`), empty in states from before it was marked. traits: what the account
    said about its person. experiments: what it was assigned. languages: of the items that it took to. fadings: what
    fades otherwise than the rest, one for each half-life; feelings, relations and languages all fade alike.
    """

    platform: str
    reference_s: float
    first_s: float
    last_s: float
    short: bytes = b""
    long: bytes = b""
    short_mass: float = 0.0
    long_mass: float = 0.0
    n_events: int = 0
    n_late: int = 0
    counts: dict[str, int] = {}
    tags: dict[str, TagState] = {}
    recent: list[Recent] = []
    seen: SeenIds = msgspec.field(default_factory=SeenIds)
    tag_scale: float = 1.0
    feelings: dict[str, FeelingState] = {}
    influence: Influence = msgspec.field(default_factory=Influence)
    relations: Relations = msgspec.field(default_factory=Relations)
    space: bytes = b""
    traits: dict[str, Declared] = {}
    experiments: dict[str, Assigned] = {}
    languages: dict[str, LanguageState] = {}
    fadings: list[Fading] = []

    def fault(self, dim: int, space: bytes) -> str | None:
        """What does not fit together, or None; see `UserState.fault`."""
        is_ours = not self.space or self.space == space
        if is_ours and {len(self.short), len(self.long)} - {0, dim * FLOAT32_BYTES}:
            return f"sums of {len(self.short)} and {len(self.long)} bytes, expected {dim * FLOAT32_BYTES}"
        if len(self.seen.ids) != len(self.seen) * EVENT_ID_BYTES or len(self.seen.times) != len(self.seen) * TIME_BYTES:
            return f"{len(self.seen.ids)} bytes of applied ids, {len(self.seen.times)} of their times"
        counts = (self.n_events, *self.counts.values(), *[felt.n for felt in self.feelings.values()])
        if not all(0 <= count <= MAX_COUNT for count in counts):
            return "counts that cannot be"
        if not isfinite(self.reference_s + self.short_mass + self.long_mass):
            return "times and masses that are not finite"
        if not (0.0 < self.tag_scale < inf and self.relations.is_sound()):
            return "scales or relations that cannot be"
        return _fault_of(self.fadings, dim * FLOAT32_BYTES if is_ours else 0)


def _fault_of(fadings: list[Fading], n_bytes: int) -> str | None:
    if len({fading.half_life_s for fading in fadings}) < len(fadings):
        return "two sums of one half-life"
    faults = (fading.fault(n_bytes) for fading in fadings)
    return next((fault for fault in faults if fault is not None), None)


class Pointer(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Where an account went from here, and at which epoch."""

    to_user: str
    epoch: int


class Waiting(msgspec.Struct, array_like=True):
    """What came before the account itself: packed events and packed moves, in their order."""

    events: list[bytes] = []
    moves: list[bytes] = []


class UserState(msgspec.Struct, array_like=True):
    """One user, who may be without accounts: then it only knows where they went.

    fence: last applied offset of the user's partition of `user-events`, -1 = none. updated_s: newest broker time.
    epochs: of the accounts that came from elsewhere; moved and waiting: see domain.handover. standings: what the owners
    of the accounts that are here decided, where they ever did. segments: those that the published profile is in, with
    the time of entering.
    """

    fence: int = -1
    revision: int = 0
    updated_s: float = 0.0
    accounts: dict[str, AccountState] = {}
    version: int = STATE_VERSION
    epochs: dict[str, int] = {}
    moved: dict[str, Pointer] = {}
    waiting: dict[str, Waiting] = {}
    standings: dict[str, Standing] = {}
    segments: dict[str, float] = {}

    def is_blank(self) -> bool:
        """Whether the record says nothing and need not be kept."""
        return not (self.accounts or self.epochs or self.moved or self.waiting or self.standings)

    def fault(self, dim: int, space: bytes = b"") -> str | None:
        """What does not fit together, or None: sums of another length than D, counts and times that cannot be.

        space: whose vectors have D dimensions; sums of another space may have any length.
        """
        if self.version > STATE_VERSION:
            return f"version {self.version}, this release reads {STATE_VERSION}"
        faults = (account.fault(dim, space) for account in self.accounts.values())
        if not 0 <= self.revision <= MAX_COUNT:
            return "a revision that cannot be"
        return next((fault for fault in faults if fault is not None), None)


pack_state = msgspec.msgpack.Encoder().encode
unpack_state = msgspec.msgpack.Decoder(UserState).decode
unpack_account = msgspec.msgpack.Decoder(AccountState).decode
unpack_standing = msgspec.msgpack.Decoder(Standing).decode
