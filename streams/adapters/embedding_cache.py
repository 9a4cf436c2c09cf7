"""The embedding cache on disk and its twin in memory: bounded, and never a reason to fail.

On disk: one RocksDB with FIFO compaction, which drops its oldest file when the bound is reached. First in, first out
is enough, since a dropped text is merely encoded once more. What a crash takes from the memory of RocksDB is lost on
purpose (no write-ahead log). A damaged cache starts again empty, and says so by a count.
"""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import sleep

from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompactionStyle,
    DBCompressionType,
    FifoCompactOptions,
    Options,
    Rdict,
    WriteBatch,
    WriteOptions,
)

from streams.errors import Unavailable

MIN_BYTES = 1 << 20
MAX_WRITE_BUFFER_BYTES = 16 << 20
BLOCK_CACHE_BYTES = 16 << 20
LOG_BYTES = 64 << 10
CLOSE_TRIES, CLOSE_PAUSE_S = 1_000, 0.005
#: The bound is shared by files (7/8 minus the one being written) and what is written when a file is full.
WRITE_BUFFER_SHARE = 16


class MemoryEmbeddingCache:
    """Least recently used out, by bytes of keys and values; 0 bytes keep nothing."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._n_bytes = 0
        self._entries: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where there is none."""
        with self._lock:
            found = [self._entries.get(key) for key in keys]
            for key, value in zip(keys, found, strict=True):
                if value is not None:
                    self._entries.move_to_end(key)
        return found

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep the entries, as far as they fit."""
        with self._lock:
            for key, value in entries.items():
                self._forget(key)
                self._entries[key] = value
                self._n_bytes += len(key) + len(value)
            while self._n_bytes > self._max_bytes:
                self._forget(next(iter(self._entries)))

    @property
    def n_bytes(self) -> int:
        """Bytes of keys and values held."""
        return self._n_bytes

    def close(self) -> None:
        """Nothing to release; here so that both caches are closed alike."""

    def _forget(self, key: bytes) -> None:
        value = self._entries.pop(key, None)
        if value is not None:
            self._n_bytes -= len(key) + len(value)


class RocksEmbeddingCache:
    """A cache folder of one process, which survives restarts. Thread-safe.

    n_resets counts how often damaged files made it start empty; n_lost counts reads and writes that failed otherwise.
    """

    def __init__(self, directory: Path, max_bytes: int) -> None:
        """directory: created, owned by this cache alone. max_bytes: bound of the files, at least 1 MiB.

        RocksDB drops old files on threads of its own: while they are behind, and sometimes until the next file is full,
        some write buffers lie above the bound.

        Raises:
            ValueError: max_bytes is below 1 MiB.
            Unavailable: the folder cannot be written, or another process holds it.
        """
        if max_bytes < MIN_BYTES:
            raise ValueError(f"max_bytes = {max_bytes}: the cache on disk needs at least {MIN_BYTES}")
        self.n_resets = 0
        self.n_lost = 0
        self._path = directory / "rocks"
        self._batch_bytes = _write_buffer_bytes(max_bytes)
        self._options = _options(max_bytes)
        self._without_log = WriteOptions()
        self._without_log.disable_wal = True  # type: ignore[method-assign,assignment]  # a property, whatever the stub says
        self._lock = Lock()
        self._db: Rdict | None = self._open_or_reset()

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """Values in the order of the keys, None where there is none; all None when the files are damaged."""
        db = self._db
        if not keys or db is None:
            return [None] * len(keys)
        try:
            return db.get(list(keys))  # type: ignore[return-value]  # a list for a list
        except Exception as error:  # noqa: BLE001 - rocksdict raises bare exceptions; a miss is never an error
            self._recover(db, error)
            return [None] * len(keys)

    def put_many(self, entries: Mapping[bytes, bytes]) -> None:
        """Keep the entries until the bound pushes them out; a failed write is counted, not raised."""
        db = self._db
        if not entries or db is None:
            return
        try:
            for batch in _batches(entries, self._batch_bytes):
                db.write(batch, self._without_log)
        except Exception as error:  # noqa: BLE001 - as above
            self._recover(db, error)

    @property
    def n_bytes(self) -> int:
        """Bytes of all files of the cache."""
        n_bytes = 0
        for file in self._path.rglob("*"):
            with suppress(FileNotFoundError):  # RocksDB drops files while they are counted
                n_bytes += file.stat().st_size if file.is_file() else 0
        return n_bytes

    def close(self) -> None:
        """Write what is in memory and release the folder; the cache is empty and deaf from then on."""
        with self._lock:
            db, self._db = self._db, None
            if db is not None:
                db.flush()
                _close_when_free(db)

    def _recover(self, failed: Rdict, error: Exception) -> None:
        """Start empty after damage; of several threads that hit it, one does."""
        with self._lock:
            if self._db is not failed:
                return
            if not _is_damage(error):
                self.n_lost += 1
                return
            self._db = None
            if _close_when_free(failed):
                self._db = self._reset()

    def _open_or_reset(self) -> Rdict:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            return Rdict(str(self._path), options=self._options)
        except OSError as error:
            raise Unavailable(f"embedding cache at {self._path}: {error}; choose a folder one may write to") from error
        except Exception as error:  # rocksdict raises bare exceptions of several kinds
            if not _is_damage(error):
                raise Unavailable(
                    f"embedding cache at {self._path} does not open ({error}): "
                    "stop the other process that uses it, or give each its own folder"
                ) from error
            return self._reset()

    def _reset(self) -> Rdict:
        self.n_resets += 1
        shutil.rmtree(self._path, ignore_errors=True)
        self._path.mkdir(parents=True, exist_ok=True)
        return Rdict(str(self._path), options=self._options)


def _close_when_free(db: Rdict) -> bool:
    """Whether it was closed: rocksdict refuses while another thread is inside a read, which takes milliseconds."""
    for _ in range(CLOSE_TRIES):
        try:
            db.close()
        except RuntimeError:  # "Already borrowed"
            sleep(CLOSE_PAUSE_S)
        else:
            return True
    return False


def _is_damage(error: Exception) -> bool:
    """Files that lie or are missing; a lock, a full disk or a closed database are not damage."""
    text = str(error)
    return "Corruption" in text or "Invalid argument" in text or "No such file" in text or "NotFound" in text


def _batches(entries: Mapping[bytes, bytes], max_bytes: int) -> Iterator[WriteBatch]:
    """A write batch is never divided between files, and a file as large as the bound would be dropped at once."""
    batch = WriteBatch(raw_mode=True)
    for key, value in entries.items():
        batch.put(key, value)
        if batch.size_in_bytes() >= max_bytes:
            yield batch
            batch = WriteBatch(raw_mode=True)
    if len(batch):
        yield batch


def _write_buffer_bytes(max_bytes: int) -> int:
    return min(MAX_WRITE_BUFFER_BYTES, max_bytes // WRITE_BUFFER_SHARE)


def _options(max_bytes: int) -> Options:
    buffer_bytes = _write_buffer_bytes(max_bytes)
    options = Options(raw_mode=True)
    options.create_if_missing(create_if_missing=True)
    options.set_compaction_style(DBCompactionStyle.fifo())
    fifo = FifoCompactOptions()
    fifo.max_table_files_size = max_bytes - max_bytes // 8 - buffer_bytes
    options.set_fifo_compaction_options(fifo)
    options.set_num_levels(1)
    options.set_write_buffer_size(buffer_bytes)
    options.set_compression_type(DBCompressionType.none())  # the bits of a float16 vector do not compress
    options.set_keep_log_file_num(1)
    options.set_max_log_file_size(LOG_BYTES)
    blocks = BlockBasedOptions()
    blocks.set_block_cache(Cache(BLOCK_CACHE_BYTES))
    blocks.set_bloom_filter(10, block_based=False)
    options.set_block_based_table_factory(blocks)
    return options
