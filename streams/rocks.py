"""How Braid opens RocksDB where keys are looked up by name, and what its errors ask of the operator.

Raw bytes, one shared block cache, bloom filters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from rocksdict import BlockBasedOptions, BottommostLevelCompaction, Cache, CompactOptions, Options, Rdict

from streams.errors import BraidError, CorruptState, Retryable

_BLOOM_BITS_PER_KEY = 10
_LOG_FILES = 2
#: The manifest names the first and last key of every file, also of those that are gone, until it is begun anew: at
#: every change, of which there are few.
_MANIFEST_BYTES = 1
_SHREDDED = b"\x00shredded"
#: A folder with a file of this name is a database.
CURRENT = "CURRENT"
#: More deleted keys than this are removed by rewriting everything once.
_MAX_RANGES = 200


def point_lookup_options(cache: Cache, memtable_bytes: int) -> Options:
    """Options of a database that is created when absent. memtable_bytes: what is kept in memory before a file is made.

    The caches of a process are shared on purpose: RocksDB's default is one per database.
    """
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(memtable_bytes)
    options.set_keep_log_file_num(_LOG_FILES)
    options.set_max_manifest_file_size(_MANIFEST_BYTES)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(cache)
    blocks.set_bloom_filter(_BLOOM_BITS_PER_KEY, False)
    options.set_block_based_table_factory(blocks)
    return options


def last_used_s(folder: Path) -> float:
    """When a database was last opened, written or closed, by the clock of its files, UTC seconds."""
    newest_s = 0.0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # a process that has it open removes files
            newest_s = max(newest_s, path.stat().st_mtime if path.is_file() else 0.0)
    return newest_s


class Shredder:
    """Remembers deleted keys of a database until their bytes are gone from its files, not only from its answers."""

    def __init__(self, db: Rdict) -> None:
        self._db = db
        self._lock = Lock()
        self._deleted: list[bytes] = []

    def note(self, keys: Iterable[bytes]) -> None:
        """Keys that were deleted."""
        with self._lock:
            self._deleted.extend(keys)

    def shred(self) -> int:
        """Rewrite the files that hold what was deleted since the last call; returns the number of keys. Blocks."""
        with self._lock:
            keys, self._deleted = self._deleted, []
        if not keys:
            return 0
        self._db.flush(wait=True)  # the write-ahead log of a flushed memtable is dropped
        ranges = [(key, key + b"\x00") for key in keys] if len(keys) <= _MAX_RANGES else [(None, None)]
        for begin, end in ranges:
            self._db.compact_range(begin, end, compact_opt=_rewriting())
        # One more file, so that the manifest that names the old ones is followed by a new one.
        self._db.put(_SHREDDED, b"")
        self._db.flush(wait=True)
        return len(keys)


def _rewriting() -> CompactOptions:
    """Without this a file that is alone is moved down as it is, tombstones and their keys in it."""
    options = CompactOptions()
    options.set_bottommost_level_compaction(BottommostLevelCompaction.force())
    return options


@contextmanager
def storage_errors_named(what: str, path: Path) -> Iterator[None]:
    """Say what the operator should do. A full disk is not damage: deleting what is whole would not help.

    what: `state` or `view`, for the message. Raises CorruptState for damage, Retryable for a lock and a full disk.
    """
    try:
        yield
    except BraidError:
        raise
    except Exception as error:  # rocksdict raises bare exceptions of several kinds
        if "/LOCK" in str(error):  # the file's name: every damaged "block" has a lock in it
            raise Retryable(f"{what} at {path} is in use by another process ({error}): one folder a process") from error
        if "No space left" in str(error):
            raise Retryable(
                f"{what} at {path} cannot be written ({error}): free space there and start again"
            ) from error
        raise CorruptState(
            f"{what} at {path} cannot be read or written ({error}): delete it and start again"
        ) from error
