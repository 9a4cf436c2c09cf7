"""The local state of one source partition: RocksDB, with the changelog position in the same write batch.

Braid keeps it outside Faust's `Table`, which writes per key, before the changelog is confirmed, and restores without
regard to fencing (docs/architecture.md, "State").
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import structlog
from rocksdict import Cache, Rdict, ReadOptions, WriteBatch

from streams.rocks import CURRENT, Shredder, last_used_s, point_lookup_options, storage_errors_named

#: Keys of users are printable, so a leading zero byte keeps these apart.
CHANGELOG_KEY = b"\x00changelog-next"
MARKER_KEY = b"\x00pos"
_MEMTABLE_BYTES = 32 << 20

_log = structlog.get_logger(__name__)


class Marker(msgspec.Struct, array_like=True, frozen=True):
    """The last record of every changelog transaction: how far the source was applied.

    topic_id tells a recreated topic from the one the state was built from. state_format: of the stage that wrote the
    transaction; markers of before it was kept are of the first.
    """

    topic: str
    topic_id: str
    next_offset: int
    state_format: int = 1


pack_marker = msgspec.msgpack.Encoder().encode
_unpack_marker = msgspec.msgpack.Decoder(Marker).decode


@dataclass(frozen=True)
class TableStorage:
    """Where tables live and the block cache they share.

    forgotten_before_s: a table that nobody has opened since begins empty: its changelog may have forgotten what was
    deleted meanwhile (`delete.retention.ms`), and what was erased must not live on here.
    """

    directory: Path
    cache: Cache
    forgotten_before_s: Callable[[], float] = lambda: 0.0

    @classmethod
    def under(
        cls, directory: Path, cache_bytes: int = 256 << 20, forgotten_before_s: Callable[[], float] = lambda: 0.0
    ) -> TableStorage:
        """Storage below `directory`, which is created."""
        directory.mkdir(parents=True, exist_ok=True)
        return cls(directory, Cache(cache_bytes), forgotten_before_s)

    def open(self, partition: int) -> PartitionTable:
        """The table of one partition. Raises CorruptState."""
        path = self.directory / str(partition)
        if (path / CURRENT).exists() and last_used_s(path) < self.forgotten_before_s():
            _log.warning("state_was_away_too_long", path=str(path), why="it comes back from its changelog")
            shutil.rmtree(path)
        return PartitionTable(path, self.cache)


class PartitionTable:
    """Key-value state of one partition; one writer at a time, close it before another opens the folder."""

    def __init__(self, path: Path, cache: Cache) -> None:
        self.path = path
        with storage_errors_named("state", path):
            self._db = Rdict(str(path), options=point_lookup_options(cache, _MEMTABLE_BYTES))
        self._shredder = Shredder(self._db)

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where there is none. Raises CorruptState."""
        with storage_errors_named("state", self.path):
            return cast("list[bytes | None]", self._db.get(cast("Any", keys))) if keys else []

    def scan(self, begin: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Entries from `begin` to before `end` in the order of their keys. Raises CorruptState."""
        bounds = ReadOptions()
        bounds.set_iterate_upper_bound(end)
        with storage_errors_named("state", self.path):
            yield from cast("Iterator[tuple[bytes, bytes]]", self._db.items(from_key=begin, read_opt=bounds))

    def write(self, entries: Iterable[tuple[bytes, bytes | None]], changelog_next: int) -> None:
        """Values (None deletes) and the changelog position, all or nothing. Raises CorruptState, Retryable."""
        batch, deleted = WriteBatch(raw_mode=True), []
        for key, value in entries:
            if value is None:
                batch.delete(key)
                deleted.append(key)
            else:
                batch.put(key, value)
        batch.put(CHANGELOG_KEY, changelog_next.to_bytes(8, "big"))
        with storage_errors_named("state", self.path):
            self._db.write(batch)
        if deleted:
            self._shredder.note(deleted)

    def shred(self) -> int:
        """Remove deleted bytes from the files, too; returns how many keys. Blocks. Raises CorruptState, Retryable."""
        with storage_errors_named("state", self.path):
            return self._shredder.shred()

    @property
    def changelog_next(self) -> int:
        """The next changelog offset to read; 0 for an empty table."""
        return int.from_bytes(self.get_many([CHANGELOG_KEY])[0] or b"", "big")

    def marker(self) -> Marker | None:
        """How far the source was applied, if anything was."""
        (raw,) = self.get_many([MARKER_KEY])
        return _unpack_marker(raw) if raw else None

    def n_bytes(self) -> int:
        """Estimated live bytes, for the metrics."""
        size = self._db.property_int_value("rocksdb.estimate-live-data-size") or 0
        return int(size) + int(self._db.property_int_value("rocksdb.cur-size-all-mem-tables") or 0)

    def n_keys(self) -> int:
        """Estimated number of keys, for the metrics."""
        return int(self._db.property_int_value("rocksdb.estimate-num-keys") or 0)

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every entry but the table's own, in key order; for tools and tests."""
        for key, value in cast("Iterable[tuple[bytes, bytes]]", self._db.items()):
            if not key.startswith(b"\x00"):
                yield key, value

    def close(self) -> None:
        """Release the folder's lock."""
        self._db.close()
