"""Files: index snapshots, RocksDB folders of state, view and cache. Bent anywhere, they give what was written, or an
older consistent moment of it, or an error that says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
from rocksdict import Cache

from index import snapshots
from index.errors import IndexFault
from index.exact import ExactIndex
from streams.adapters.embedding_cache import RocksEmbeddingCache
from streams.adapters.local_view import LocalView
from streams.engine.table import PartitionTable
from streams.errors import CorruptState, Retryable
from tests.fuzz.findings import Violation
from tests.fuzz.mutations import Parts
from tests.fuzz.scratch import scratch

CACHE_BYTES = 1 << 20
N_BATCHES = 12
KEYS = [b"user-%d" % n for n in range(60)]
DIM = 8


def folder_parts(folder: Path) -> Parts:
    """(name, content, name, content, …) of the files that hold data."""
    files = [file for file in sorted(folder.iterdir()) if file.name not in {"LOCK", "LOG", "IDENTITY"}]
    return tuple(chain.from_iterable((file.name.encode(), file.read_bytes()) for file in files if file.is_file()))


def put_folder(parts: Parts, folder: Path) -> None:
    """The opposite; names that no file can have are left out."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in zip(parts[::2], parts[1::2], strict=False):
        said = (name or b"").decode("latin-1").strip("./\x00")
        if content is not None and said and "/" not in said and "\x00" not in said and len(said) < 100:
            (folder / said).write_bytes(content)


def value_at(batch: int, key: bytes) -> bytes:
    return b"%d:%s:" % (batch, key) + bytes((batch + at) % 251 for at in range(120))


def entries_at(batch: int) -> list[tuple[bytes, bytes]]:
    """Every batch writes a third of the keys anew."""
    return [(key, value_at(batch, key)) for at, key in enumerate(KEYS) if at % 3 == batch % 3]


def history() -> list[dict[bytes, bytes]]:
    """What the folder holds after 0, 1, 2, … batches."""
    moments: list[dict[bytes, bytes]] = [{}]
    for batch in range(N_BATCHES):
        moments.append(moments[-1] | dict(entries_at(batch)))
    return moments


class FolderGate:
    """Writes the bent folder, lets `look` open it."""

    n_at_once = 1

    def __init__(self) -> None:
        self.folder = scratch() / "files"
        self.history = history()

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises Violation."""
        outcomes = []
        for case in cases:
            put_folder(case, self.place())
            outcomes.append(self.look())
        return outcomes

    def place(self) -> Path:
        """Where the files belong."""
        return self.folder

    def look(self) -> str:
        """Open and read. Raises Violation."""
        raise NotImplementedError

    def moment(self, position: int, found: Sequence[bytes | None]) -> str:
        """Whether what was found is what was there at that position. Raises Violation."""
        expected = self.history[position] if position <= N_BATCHES else None
        if expected is None or [expected.get(key) for key in KEYS] != list(found):
            raise Violation("entries that were never there together")
        return "whole" if position == N_BATCHES else "older moment"


class Tables(FolderGate):
    """The state of a partition."""

    name = "state-files"

    def seeds(self) -> list[Parts]:
        """With all in the log, and with all in a table file."""
        table = PartitionTable(self.folder, Cache(CACHE_BYTES))
        for batch in range(N_BATCHES):
            table.write(entries_at(batch), batch + 1)
        unflushed = folder_parts(self.folder)
        table.close()
        PartitionTable(self.folder, Cache(CACHE_BYTES)).close()
        return [unflushed, folder_parts(self.folder)]

    def look(self) -> str:
        try:
            table = PartitionTable(self.folder, Cache(CACHE_BYTES))
            try:
                table.marker()
                return self.moment(table.changelog_next, table.get_many(KEYS))
            finally:
                table.close()
        except (CorruptState, Retryable) as error:
            return type(error).__name__


class Views(FolderGate):
    """A local view."""

    name = "view-files"

    def seeds(self) -> list[Parts]:
        """As above."""
        view = LocalView(self.folder, Cache(CACHE_BYTES), 0.0)
        for batch in range(N_BATCHES):
            view.write(entries_at(batch), {0: batch + 1}, float(batch))
        unflushed = folder_parts(self.folder)
        view.close()
        LocalView(self.folder, Cache(CACHE_BYTES), 0.0).close()
        return [unflushed, folder_parts(self.folder)]

    def look(self) -> str:
        try:
            view = LocalView(self.folder, Cache(CACHE_BYTES), 0.0)
            try:
                return self.moment(view.next_offsets().get(0, 0), view.get_many(KEYS))
            finally:
                view.close()
        except CorruptState as error:
            return type(error).__name__


class Caches(FolderGate):
    """The embedding cache: right or missing, never raised."""

    name = "cache-files"

    def place(self) -> Path:
        return self.folder / "rocks"

    def seeds(self) -> list[Parts]:
        """As the cache leaves it when it is closed."""
        cache = RocksEmbeddingCache(self.folder, CACHE_BYTES)
        for batch in range(N_BATCHES):
            cache.put_many(dict(entries_at(batch)))
        cache.close()
        return [folder_parts(self.place())]

    def look(self) -> str:
        cache = RocksEmbeddingCache(self.folder, CACHE_BYTES)
        try:
            found = cache.get_many(KEYS)
            for key, value in zip(KEYS, found, strict=True):
                if value is not None and value not in {moment.get(key) for moment in self.history}:
                    raise Violation("a value that was never written")
            cache.put_many({b"new": b"value"})
            return "reset" if cache.n_resets else "missing" if None in found else "whole"
        finally:
            cache.close()


class Snapshots(FolderGate):
    """A snapshot of the index."""

    name = "snapshots"

    def __init__(self) -> None:
        super().__init__()
        self._index = ExactIndex(DIM)
        vectors = np.eye(DIM, dtype=np.float32)
        self._index.upsert([f"i{n}" for n in range(DIM)], vectors, ["shop"] * DIM, ["books"] * DIM)
        self._expected = self._index.search(vectors, 3)

    def place(self) -> Path:
        return self.folder / "snapshot-000000000001"

    def seeds(self) -> list[Parts]:
        """As it is saved."""
        snapshots.save(self._index, self.folder, {"model": "m@1"})
        return [folder_parts(self.place())]

    def look(self) -> str:
        try:
            loaded, meta = snapshots.load(self.folder, dim=DIM, expected={"model": "m@1"})
        except IndexFault as error:
            return type(error).__name__
        if loaded.search(np.eye(DIM, dtype=np.float32), 3) != self._expected or meta != {"model": "m@1"}:
            raise Violation("a snapshot that was never saved")
        return "whole"
