"""The newest record of every key of a topic, in RocksDB, with the topic's offsets in the same write batch.

A process that ends anywhere finds records and offsets that fit together and reads on from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, cast

from rocksdict import Cache, Rdict, WriteBatch

from streams.rocks import Shredder, point_lookup_options, storage_errors_named

Entry = tuple[bytes, bytes | None]

#: Keys of topics are printable, so leading control bytes keep these apart.
_OFFSET: Final = b"\x00offset:"
_WRITTEN_AT: Final = b"\x00written-at-ms"
SIDE: Final = b"\x01"
#: UTF-8 never holds this byte.
_AFTER_ALL: Final = b"\xff"
_MEMTABLE_BYTES: Final = 16 << 20


class LocalView:
    """Bytes by key. One writer thread, any number of readers; entries under `SIDE` are its owner's own notes.

    A view that was last written more than `max_away_s` before `now_s` starts empty: the topic may have dropped the
    tombstones of what was deleted since (`delete.retention.ms`), and what was erased must not live on here.
    Every method raises CorruptState when files are damaged, Retryable when another process holds the folder or its disk
    is full; the message names the folder and what to do.
    """

    def __init__(self, path: Path, cache: Cache, now_s: float, max_away_s: float = float("inf")) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._errors_named():
            self._db = Rdict(str(path), options=point_lookup_options(cache, _MEMTABLE_BYTES))
            written_ms = self._db.get(_WRITTEN_AT)
        self._shredder = Shredder(self._db)
        self.was_away_too_long = (
            written_ms is not None and now_s - int.from_bytes(written_ms, "big") / 1000.0 > max_away_s
        )
        if self.was_away_too_long:
            self.clear()

    def get(self, key: str) -> bytes | None:
        """The newest value, or None."""
        with self._errors_named():
            return cast("bytes | None", self._db.get(key.encode()))

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where there is none."""
        with self._errors_named():
            return cast("list[bytes | None]", self._db.get(cast("Any", keys))) if keys else []

    def write(
        self, entries: Iterable[Entry], next_offsets: Mapping[int, int], at_s: float, replaced: Iterable[bytes] = ()
    ) -> None:
        """Values (None deletes) and the offsets to go on from, all or nothing. at_s: now, for `max_away_s`.

        replaced: keys whose earlier values must go from the disk as well, as those of deleted keys do.
        """
        batch, deleted = WriteBatch(raw_mode=True), list(replaced)
        for key, value in entries:
            if value is None:
                batch.delete(key)
                deleted.append(key)
            else:
                batch.put(key, value)
        for partition, offset in next_offsets.items():
            batch.put(_OFFSET + b"%d" % partition, offset.to_bytes(8, "big"))
        batch.put(_WRITTEN_AT, int(at_s * 1000).to_bytes(8, "big"))
        with self._errors_named():
            self._db.write(batch)
        if deleted:
            self._shredder.note(deleted)

    def shred(self) -> int:
        """Remove deleted bytes from the files, too; returns how many keys. Blocks."""
        with self._errors_named():
            return self._shredder.shred()

    def next_offsets(self) -> dict[int, int]:
        """Partition -> offset to go on from."""
        found = {}
        for key, value in self._entries(_OFFSET):
            if not key.startswith(_OFFSET):
                break
            found[int(key[len(_OFFSET) :])] = int.from_bytes(value, "big")
        return found

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Every record, in key order."""
        yield from self._entries(b"\x02")

    def side_items(self) -> Iterator[tuple[bytes, bytes]]:
        """The owner's notes, keys without their prefix."""
        for key, value in self._entries(SIDE):
            if not key.startswith(SIDE):
                break
            yield key[len(SIDE) :], value

    def _entries(self, from_key: bytes) -> Iterator[tuple[bytes, bytes]]:
        """In key order; rocksdict types what it does outside its raw mode."""
        with self._errors_named():
            yield from cast("Iterator[tuple[bytes, bytes]]", self._db.items(from_key=from_key))

    def clear(self) -> None:
        """Forget records, notes and offsets."""
        with self._errors_named():
            self._db.delete_range(b"\x00", _AFTER_ALL)

    def n_records(self) -> int:
        """Estimated number of keys, for the metrics."""
        return int(self._db.property_int_value("rocksdb.estimate-num-keys") or 0)

    def close(self) -> None:
        """Release the folder's lock."""
        self._db.close()

    def _errors_named(self) -> AbstractContextManager[None]:
        return storage_errors_named("view", self.path)
