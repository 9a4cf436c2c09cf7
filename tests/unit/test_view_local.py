from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rocksdict import Cache

from streams.adapters.followed import Feeding
from streams.adapters.identities import FollowedIdentities
from streams.adapters.local_view import SIDE, LocalView
from streams.adapters.topic_follower import Batch, Message
from streams.domain.accounts import AccountKey, UserKey
from streams.domain.identity_records import IdentityRecord, pack_identity
from streams.errors import CorruptState, Retryable
from tests.chaos.damage import FullDisk, can_mount
from tests.support.topic_readings import SteppingClock


def a_view(path: Path, now_s: float = 0.0, max_away_s: float = float("inf")) -> LocalView:
    return LocalView(path / "view", Cache(1 << 20), now_s, max_away_s)


def test_records_and_offsets_survive_a_restart_together(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.write([(b"ada", b"1"), (b"bob", b"2")], {0: 5, 3: 7}, at_s=1.0)
    view.write([(b"bob", None)], {0: 6}, at_s=2.0)
    view.close()
    again = a_view(tmp_path)
    assert (again.get("ada"), again.get("bob")) == (b"1", None)
    assert again.next_offsets() == {0: 6, 3: 7}
    assert list(again.items()) == [(b"ada", b"1")]
    again.close()


def test_the_owners_notes_are_no_records(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.write([(b"ada", b"1"), (SIDE + b"note", b"x")], {10: 1, 2: 3}, at_s=1.0)
    assert list(view.items()) == [(b"ada", b"1")]
    assert list(view.side_items()) == [(b"note", b"x")]
    assert view.next_offsets() == {2: 3, 10: 1}
    view.clear()
    assert (list(view.items()), list(view.side_items()), view.next_offsets()) == ([], [], {})
    view.close()


@pytest.mark.requirement("N8")
def test_a_view_that_was_away_longer_than_tombstones_are_kept_starts_empty(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.write([(b"ada", b"1")], {0: 1}, at_s=1_000.0)
    view.close()
    back_in_time = a_view(tmp_path, now_s=1_100.0, max_away_s=100.0)
    assert back_in_time.get("ada") == b"1"
    back_in_time.close()
    too_late = a_view(tmp_path, now_s=1_101.0, max_away_s=100.0)
    assert too_late.was_away_too_long
    assert too_late.get("ada") is None
    assert too_late.next_offsets() == {}
    too_late.close()


def test_a_folder_that_another_process_holds_is_not_called_damaged(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    with pytest.raises(
        Retryable, match=rf"view at {tmp_path}/view is in use by another process .* one folder a process"
    ):
        a_view(tmp_path)
    view.close()


def test_a_view_with_a_damaged_file_asks_to_be_deleted_by_whichever_way_it_is_read(tmp_path: Path) -> None:
    view = a_view(tmp_path)
    view.write([(b"user-%d" % number, b"x" * 200) for number in range(2_000)], {0: 2_000}, at_s=1.0)
    view.close()
    a_view(tmp_path).close()  # what was in the log is in a table file now
    for file in (tmp_path / "view").glob("*.sst"):
        whole = file.read_bytes()
        file.write_bytes(bytes(byte ^ 0x55 for byte in whole[: len(whole) // 2]) + whole[len(whole) // 2 :])
    remedy = rf"view at {tmp_path}/view cannot be read or written .*: delete it and start again"
    for read in (
        lambda damaged: damaged.get("user-1"),
        lambda damaged: damaged.get_many([b"user-%d" % number for number in range(2_000)]),
        lambda damaged: list(damaged.items()),
    ):
        with pytest.raises(CorruptState, match=remedy):
            read(a_view(tmp_path))


@pytest.mark.skipif(not can_mount(), reason="needs root to mount a small file system")
def test_a_full_disk_is_not_called_damage_of_a_view(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    with FullDisk(tmp_path / "disk") as disk:
        view = a_view(tmp_path / "disk")
        view.write([(b"ada", b"1")], {0: 1}, at_s=1.0)
        disk.fill()
        with pytest.raises(Retryable, match="free space there"):  # noqa: PT012 - one of them meets the end of the room
            for number in range(2, 200):
                view.write([(b"more-%d" % number, b"y" * 100_000)], {0: number}, at_s=1.0)
        disk.relieve()
        with suppress(Exception):  # RocksDB says once more that a write failed
            view.close()
        again = a_view(tmp_path / "disk")
        assert again.get("ada") == b"1"
        again.close()


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.none() | st.binary(min_size=1, max_size=4)), max_size=30),
    st.integers(1, 7),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_view_holds_the_last_value_of_every_key_however_batches_are_cut(tmp_path: Path, records, size: int) -> None:
    view = a_view(tmp_path)
    view.clear()
    expected: dict[str, bytes] = {}
    for start in range(0, len(records), size):
        cut = records[start : start + size]
        view.write([(key.encode(), value) for key, value in cut], {0: start + len(cut)}, at_s=0.0)
    for key, value in records:
        expected.pop(key, None)
        if value is not None:
            expected[key] = value
    assert {key.decode(): value for key, value in view.items()} == expected
    assert view.get_many([b"a", b"zz"]) == [expected.get("a"), None]
    view.close()


@pytest.mark.requirement("N8")
def test_a_worker_that_was_away_too_long_forgets_where_accounts_lived(tmp_path: Path) -> None:
    feeding = Feeding(SteppingClock(1_000.0), max_away_s=50.0)
    config = {"bootstrap.servers": "127.0.0.1:1"}
    identities = FollowedIdentities(tmp_path / "identities", config, "identities", feeding)
    record = IdentityRecord(UserKey("b" * 32), 1, 0.0)
    identities.apply(Batch([Message(0, 4, b"a" * 32, pack_identity(record), 0.0)], {0: 5}, 900.0))
    identities.close()
    again = FollowedIdentities(tmp_path / "identities", config, "identities", feeding)
    assert (again.user_of(AccountKey("a" * 32)), again.next_offsets()) == (UserKey("a" * 32), {})
    again.close()
