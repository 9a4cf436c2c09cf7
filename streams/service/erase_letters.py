"""The letters use case: whoever is erased takes the dead letters along, those that are still to come included.

The state is an index: which letters are whose (`l` + offset of the letter, `o` + owner + offset), as long as the topic
keeps them, and until when an owner is erased (`e` + owner), for good: a record that arrived before then may be refused
once more at any time, and its letter goes at once. Letters without an owner leave no trace here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final

import msgspec

from streams.domain.dead_letters import LetterHead, decode_letter_head
from streams.domain.ledger import pack_time, unpack_time
from streams.domain.letter_erasures import LetterErasure, decode_erasure, is_erasure
from streams.domain.raw import RawRecord
from streams.errors import CorruptState

STAGE: Final = "letters"
#: Of the index, in its markers.
LETTER_STATE_VERSION: Final = 1
#: Letters that one batch looks at for erasures, and those that it lets go of for their age: a transaction stays short.
MAX_ERASED: Final = 5_000
MAX_EXPIRED: Final = 2_000
_LETTER, _OWNER, _ERASED = b"l", b"o", b"e"
_OFFSET_BYTES: Final = 8
_HERE: Final = b"\x01"

ReadStates = Callable[[list[bytes]], list[bytes | None]]
ScanStates = Callable[[bytes, bytes], Iterator[tuple[bytes, bytes]]]
"""(first key, key behind the last) to entries in the order of their keys."""


class _Kept(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A letter in the index. place: its key in the topic. of_s: the time that an erasure is held against.

    written_at_s: the broker's clock when the letter was written.
    """

    place: bytes
    owners: tuple[bytes, ...]
    of_s: float
    written_at_s: float


_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(_Kept).decode


@dataclass(slots=True)
class PreparedLetters:
    """Records that matter, in the order of the topic: (offset, letter or erasure). newest_s: broker's clock."""

    said: list[tuple[int, _Kept | LetterErasure]] = field(default_factory=list)
    newest_s: float = 0.0
    n_unreadable: int = 0


@dataclass(slots=True)
class ErasedLetters:
    """What a batch comes to. places: keys of the letters that go. unfinished: erasures that go on behind them."""

    places: list[bytes] = field(default_factory=list)
    unfinished: list[LetterErasure] = field(default_factory=list)
    states: list[tuple[bytes, bytes | None]] = field(default_factory=list)


class LetterEraser:
    """Holds no state of its own. kept_s: how long the topic keeps a letter at most."""

    def __init__(self, kept_s: float, max_erased: int = MAX_ERASED) -> None:
        self._kept_s = kept_s
        self._max_erased = max_erased

    def prepare(self, records: Sequence[RawRecord]) -> PreparedLetters:
        """Leave out what says nothing: letters that are gone, and those of nobody. Raises nothing."""
        prepared = PreparedLetters(newest_s=max((record.timestamp_s for record in records), default=0.0))
        for record in records:
            if record.value is None or record.key is None:
                continue
            try:
                if is_erasure(record.key):
                    prepared.said.append((record.offset, decode_erasure(record.value)))
                    continue
                head = decode_letter_head(record.value)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                prepared.n_unreadable += 1
                continue
            if head.owners:
                prepared.said.append((record.offset, _kept(record, head)))
        return prepared

    def apply(self, prepared: PreparedLetters, read: ReadStates, scan: ScanStates) -> ErasedLetters:
        """Run the records in their order. Raises CorruptState for a state that cannot be read."""
        batch = _Batch(read, scan, self._max_erased)
        batch.know(prepared)
        for offset, said in prepared.said:
            if isinstance(said, LetterErasure):
                batch.erase(said)
            else:
                batch.add(offset, said)
        batch.expire(prepared.newest_s - self._kept_s)
        return batch.finish()


class _Batch:
    """One pass over one batch, its own changes seen."""

    def __init__(self, read: ReadStates, scan: ScanStates, n_left: int) -> None:
        self._read, self._scan, self._n_left = read, scan, n_left
        self._until_s: dict[bytes, float] = {}
        self._changed: dict[bytes, bytes | None] = {}
        self._added: defaultdict[bytes, list[int]] = defaultdict(list)
        self._places: dict[bytes, None] = {}
        self._unfinished: list[LetterErasure] = []

    def know(self, prepared: PreparedLetters) -> None:
        """Read at once until when those who are named are erased."""
        named = [[said.owner] if isinstance(said, LetterErasure) else said.owners for _, said in prepared.said]
        owners = list(dict.fromkeys(owner for owners in named for owner in owners))
        raws = self._read([_ERASED + owner for owner in owners])
        self._until_s = {owner: unpack_time(raw) for owner, raw in zip(owners, raws, strict=True) if raw is not None}

    def add(self, offset: int, letter: _Kept) -> None:
        """Index a letter, or let it go at once."""
        if any(letter.of_s <= self._until_s.get(owner, -inf) for owner in letter.owners):
            self._places[letter.place] = None
            return
        self._changed[_letter_key(offset)] = _pack(letter)
        for owner in letter.owners:
            self._changed[_owner_key(owner, offset)] = _HERE
            self._added[owner].append(offset)

    def erase(self, erasure: LetterErasure) -> None:
        """Let go of the owner's letters of up to then; what is too much goes on behind this batch."""
        owner = erasure.owner
        until_s = max(erasure.at, self._until_s.get(owner, erasure.at))
        self._until_s[owner] = until_s
        self._changed[_ERASED + owner] = pack_time(until_s)
        offsets: list[int] = []
        for offset in self._offsets(owner, erasure.behind):
            if self._n_left == 0:
                self._unfinished.append(msgspec.structs.replace(erasure, behind=offset))
                break
            self._n_left -= 1
            offsets.append(offset)
        for offset, letter in zip(offsets, self._letters(offsets), strict=True):
            if letter is not None and letter.of_s <= until_s:
                self._forget(offset, letter)
                self._places[letter.place] = None

    def expire(self, before_s: float) -> None:
        """Forget letters that the topic has let go of by itself; the oldest come first."""
        for n_seen, (key, raw) in enumerate(self._stored(_LETTER, _after(_LETTER))):
            letter = _letter(raw)
            if n_seen == MAX_EXPIRED or letter.written_at_s >= before_s:
                break
            self._forget(_offset_of(key), letter)

    def finish(self) -> ErasedLetters:
        """Everything the batch changed."""
        return ErasedLetters(list(self._places), self._unfinished, list(self._changed.items()))

    def _forget(self, offset: int, letter: _Kept) -> None:
        self._changed[_letter_key(offset)] = None
        self._changed |= dict.fromkeys((_owner_key(owner, offset) for owner in letter.owners), None)

    def _letters(self, offsets: list[int]) -> list[_Kept | None]:
        keys = [_letter_key(offset) for offset in offsets]
        stored = zip(keys, self._read(keys), strict=True)
        raws = [self._changed.get(key, raw) for key, raw in stored]
        return [None if raw is None else _letter(raw) for raw in raws]

    def _offsets(self, owner: bytes, first: int) -> Iterator[int]:
        """Of the owner's letters, those of this batch last: they are the newest."""
        for key, _ in self._stored(_owner_key(owner, first), _after(_OWNER + owner)):
            yield _offset_of(key)
        for offset in self._added[owner]:
            if offset >= first and self._changed[_letter_key(offset)] is not None:
                yield offset

    def _stored(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries that this batch has not changed."""
        return ((key, value) for key, value in self._scan(begin, end) if key not in self._changed)


def _kept(record: RawRecord, head: LetterHead) -> _Kept:
    of_s = head.at if head.occurred_at is None else min(head.at, head.occurred_at)
    assert record.key is not None
    return _Kept(record.key, head.owners, of_s, record.timestamp_s)


def _letter(raw: bytes) -> _Kept:
    try:
        return _unpack(raw)
    except msgspec.MsgspecError as error:
        raise CorruptState(f"letter state: an entry cannot be read ({error}); delete its folder") from error


def _letter_key(offset: int) -> bytes:
    return _LETTER + offset.to_bytes(_OFFSET_BYTES, "big")


def _owner_key(owner: bytes, offset: int) -> bytes:
    return _OWNER + owner + offset.to_bytes(_OFFSET_BYTES, "big")


def _offset_of(key: bytes) -> int:
    return int.from_bytes(key[-_OFFSET_BYTES:], "big")


def _after(head: bytes) -> bytes:
    """Behind every key that begins so and ends in an offset."""
    return head + b"\xff" * (_OFFSET_BYTES + 1)
