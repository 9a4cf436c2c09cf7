"""The latest revisions of every person and what each changed, as notes beside the local view of profiles.

`profiles` is compacted and holds no former revision, so whoever follows it notes what it sees. A note has the place
`revision mod KEPT` of its person: one small write a revision, and never more than KEPT, whatever was missed. The notes
of a person who was merged away go to the profile that goes on, in one record of their own. Partitions are read apart:
where that profile was not seen yet the notes wait for it, in memory alone, and come with the accounts they tell of.

Who is erased or expires leaves no note. When accounts leave, notes that were about them are stripped to their kind and
time; a later merge or split brings nothing back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from streams.adapters.local_view import SIDE, Entry, LocalView
from streams.domain.profiles import ProfileRecord
from streams.domain.revision_notes import PARTING, RevisionNote, bare, is_about, noted

KEPT: Final = 50
#: Profiles that notes wait for; beyond it the longest waiting are let go.
MAX_AWAITED: Final = 256
#: No key of an item, which is UTF-8, begins with it: these notes come last, and a start need not read them.
PREFIX: Final = b"\xfe"
_ABSORBED: Final = b"+"

Change = tuple[ProfileRecord | None, ProfileRecord | None]

_pack: Final = msgspec.msgpack.Encoder().encode
_unpack: Final = msgspec.msgpack.Decoder(RevisionNote).decode
_unpack_many: Final = msgspec.msgpack.Decoder(list[RevisionNote]).decode


class Noted(NamedTuple):
    """What to write; replaced: keys whose former values must go from the disk as well."""

    entries: list[Entry]
    replaced: list[bytes]


class Revisions:
    """Notes by profile id, kept in the view's own write batches, so a restart notes nothing twice."""

    def __init__(self, view: LocalView) -> None:
        self._view = view
        self._waiting: dict[str, list[RevisionNote]] = {}

    def of(self, profile_id: str) -> list[RevisionNote]:
        """The latest first, at most KEPT, those of profiles that were merged into this one included."""
        notes = _Notes(self._view)
        return _latest([*notes.own(profile_id), *notes.absorbed(profile_id)])

    def changed(self, changes: Iterable[Change], is_known: Callable[[str], bool]) -> Noted:
        """What to write when each first record of a pair gives way to the second; None is nobody.

        is_known: whether there is a profile of an id; the notes of somebody merged into nobody are not written.
        """
        notes = _Notes(self._view)
        for before, after in changes:
            if after is None:
                if before is not None:
                    notes.forget(before.profile_id)
            elif after.identity.accounts:
                _take(notes, before, after)
                self._come_to(notes, after)
            else:
                self._pass_on(notes, after, is_known)
        return notes.written()

    def _pass_on(self, notes: _Notes, gone: ProfileRecord, is_known: Callable[[str], bool]) -> None:
        """The last record of a profile: its notes go where its accounts went, or nowhere."""
        heir, goes_on = gone.identity.merged_into, gone.change.kind == "merge"
        waiting = self._waiting.pop(gone.profile_id, [])
        if goes_on and heir is not None:
            own = [*notes.own(gone.profile_id), *notes.absorbed(gone.profile_id), *waiting]
            named = [msgspec.structs.replace(note, of=note.of or gone.profile_id) for note in own]
            if is_known(heir):
                notes.put_absorbed(heir, [*notes.absorbed(heir), *named])
            else:
                self._wait(heir, named)
        notes.forget(gone.profile_id)

    def _wait(self, heir: str, named: list[RevisionNote]) -> None:
        """What is bare names no accounts that it could come with."""
        told = [note for note in named if not note.is_bare]
        if told:
            self._waiting[heir] = _latest([*self._waiting.get(heir, []), *told])
            while len(self._waiting) > MAX_AWAITED:
                self._waiting.pop(next(iter(self._waiting)))

    def _come_to(self, notes: _Notes, heir: ProfileRecord) -> None:
        """Notes whose accounts the profile has. Somebody erased who comes back has not those of before."""
        waiting, accounts = self._waiting.pop(heir.profile_id, []), heir.identity.accounts
        told = [note for note in waiting if is_about(note, accounts)]
        if told:
            notes.put_absorbed(heir.profile_id, [*notes.absorbed(heir.profile_id), *told])
        self._wait(heir.profile_id, [note for note in waiting if not is_about(note, accounts)])


def is_note(side_key: bytes) -> bool:
    """Whether a note of the view, its key without SIDE, is one of these."""
    return side_key.startswith(PREFIX)


class _Notes:
    """The view with what is about to be written over it."""

    def __init__(self, view: LocalView) -> None:
        self._view = view
        self._written: dict[bytes, bytes | None] = {}
        self._replaced: set[bytes] = set()

    def own(self, profile_id: str) -> list[RevisionNote]:
        raws = self._read([_place(profile_id, at) for at in range(KEPT)])
        return [_unpack(raw) for raw in raws if raw is not None]

    def absorbed(self, profile_id: str) -> list[RevisionNote]:
        (raw,) = self._read([_absorbed(profile_id)])
        return [] if raw is None else _unpack_many(raw)

    def put(self, profile_id: str, note: RevisionNote) -> None:
        self._written[_place(profile_id, note.revision)] = _pack(note)

    def put_absorbed(self, profile_id: str, notes: Sequence[RevisionNote]) -> None:
        self._written[_absorbed(profile_id)] = _pack(_latest(notes)) if notes else None

    def forget(self, profile_id: str) -> None:
        keys = [*(_place(profile_id, at) for at in range(KEPT)), _absorbed(profile_id)]
        for key, raw in zip(keys, self._read(keys), strict=True):
            if raw is not None:
                self._written[key] = None

    def strip(self, profile_id: str, keep: Callable[[RevisionNote], bool]) -> None:
        """Leave of notes that are not kept only their kind and time, also on the disk."""
        own, absorbed = self.own(profile_id), self.absorbed(profile_id)
        for note in own:
            if not keep(note):
                self._replaced.add(_place(profile_id, note.revision))
                self.put(profile_id, bare(note))
        if not all(map(keep, absorbed)):
            self._replaced.add(_absorbed(profile_id))
            self.put_absorbed(profile_id, [note for note in absorbed if keep(note)])

    def written(self) -> Noted:
        return Noted(list(self._written.items()), sorted(self._replaced))

    def _read(self, keys: list[bytes]) -> list[bytes | None]:
        stored = self._view.get_many(keys)
        return [self._written.get(key, raw) for key, raw in zip(keys, stored, strict=True)]


def _take(notes: _Notes, before: ProfileRecord | None, after: ProfileRecord) -> None:
    """A person who is there: note the revision, and let go of what the ones who left did."""
    if after.change.kind == "split":
        notes.strip(after.profile_id, lambda note: note.is_bare or is_about(note, after.identity.accounts))
    elif after.change.kind in PARTING:
        notes.forget(after.profile_id)
    notes.put(after.profile_id, noted(before, after))


def _latest(notes: Iterable[RevisionNote]) -> list[RevisionNote]:
    by_name = {(note.of, note.revision): note for note in notes}
    return sorted(by_name.values(), key=lambda note: (-note.at, note.of, -note.revision))[:KEPT]


def _place(profile_id: str, revision: int) -> bytes:
    return SIDE + PREFIX + profile_id.encode("utf-8", "surrogatepass") + b"\x00%d" % (revision % KEPT)


def _absorbed(profile_id: str) -> bytes:
    return SIDE + PREFIX + profile_id.encode("utf-8", "surrogatepass") + b"\x00" + _ABSORBED
