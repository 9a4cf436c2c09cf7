"""What RocksDB says of damage, locks and full disks reaches the operator as the right remedy."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest
from rocksdict import Cache

from streams.engine.table import PartitionTable
from streams.errors import CorruptState, Retryable
from tests.chaos.damage import FullDisk, break_files, can_mount, files_of


def filled(path: Path) -> PartitionTable:
    table = PartitionTable(path, Cache(1 << 20))
    table.write([(b"user-%d" % n, b"x" * 200) for n in range(2_000)], 2_000)
    return table


def test_a_table_with_flipped_bytes_asks_to_be_deleted(tmp_path: Path) -> None:
    filled(tmp_path / "state").close()
    PartitionTable(tmp_path / "state", Cache(1 << 20)).close()  # what was in the log is in a table file now
    tables = files_of(tmp_path / "state", (".sst",))
    assert break_files(tables, random.Random(1), 9, 400)
    with pytest.raises(CorruptState, match=rf"state at {tmp_path}/state cannot be read.*delete it and start again"):
        PartitionTable(tmp_path / "state", Cache(1 << 20)).get_many([b"user-%d" % n for n in range(2_000)])


def test_a_table_that_another_holds_is_not_called_damaged(tmp_path: Path) -> None:
    held = filled(tmp_path / "state")
    with pytest.raises(Retryable, match="in use by another process"):
        PartitionTable(tmp_path / "state", Cache(1 << 20))
    held.close()


@pytest.mark.skipif(not can_mount(), reason="needs root to mount a small file system")
def test_a_full_disk_is_not_called_damage(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    with FullDisk(tmp_path / "disk") as disk:
        table = filled(tmp_path / "disk" / "state")
        disk.fill()
        with pytest.raises(Retryable, match="free space there"):  # noqa: PT012 - one of them meets the end of the room
            for n in range(200):
                table.write([(b"more-%d" % n, b"y" * 100_000)], n)
        disk.relieve()
        with suppress(Exception):  # RocksDB says once more that a write failed
            table.close()
        again = PartitionTable(tmp_path / "disk" / "state", Cache(1 << 20))
        assert again.get_many([b"user-7"]) == [b"x" * 200]
        again.close()
