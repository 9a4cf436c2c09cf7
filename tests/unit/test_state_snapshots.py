"""Copies of the local state: whole or refused, and never more than a head start on the changelog."""

from __future__ import annotations

import json
import os
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rocksdict import Cache
from typer.testing import CliRunner

from streams.adapters.clock import SystemClock
from streams.cli.state import MAX_AGE_S, app
from streams.domain.states import UserState, unpack_state
from streams.engine.checkpoint import Batch, Checkpoint
from streams.engine.ownership import OwnedPartition, OwnerConfig, acquire
from streams.engine.recovery import ChangelogSource
from streams.engine.table import PartitionTable, TableStorage
from streams.errors import CorruptState, NewerFormat, Unavailable, UsageError
from streams.rocks import last_used_s
from tests.chaos.fake_log import FakeBroker, FakeConsumer, FakeProducer
from tests.support.whole import NAMES, Table, Whole

PARTITION = 0
DAY_S = 86_400.0


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRAID_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("BRAID_PSEUDONYM__KEY", "0123456789abcdef")


def braid(*arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    return json.loads(done.stdout)


def a_table(path: Path, n: int) -> None:
    path.mkdir(parents=True)
    table = PartitionTable(path, Cache(1 << 20))
    table.write([(b"u%d" % number, bytes(50)) for number in range(n)], n)
    table.close()


def aged(folder: Path, days: float) -> None:
    for path in folder.rglob("*"):
        at_s = path.stat().st_mtime - days * DAY_S
        os.utime(path, (at_s, at_s))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Of a worker and a serve that are stopped."""
    folder = tmp_path / "state"
    for name in ("profile/0", "profile/1", "identity/0", "serve/profiles", "embeddings/rocks"):
        a_table(folder / name, 3)
    (folder / "serve" / "ranking-weights.json").write_text("{}")
    return folder


class Folding:
    """A worker of the stage `profile` over a log in memory, its state in RocksDB."""

    def __init__(self, folder: Path, events: list[Any]) -> None:
        self.folder, self.events, self.whole, self.broker = folder / "profile", events, Whole(), FakeBroker()
        for event in events:
            self.broker.partition(NAMES.user_events, PARTITION).append(event.key, event.value, "committed")
        self.stage = self.whole.stages[NAMES.user_events]

    def start(self) -> OwnedPartition:
        changelog = ChangelogSource({}, NAMES.profile_state, 5.0, partial(FakeConsumer, self.broker))
        config = OwnerConfig(
            "braid", "profile", {}, 5.0, TableStorage.under(self.folder), changelog, {}, lambda _: None,
            new_producer=partial(FakeProducer, self.broker),
        )  # fmt: skip
        return acquire(config, NAMES.user_events, PARTITION)

    def work(self, up_to: int, n_at_once: int = 3) -> int:
        """Start, fold up to an offset, stop; returns how many changelog records the start read."""
        owned, checkpoint = self.start(), Checkpoint(self.stage, lambda _: None)
        while (at := owned.next_offset or 0) < up_to:
            end = min(at + n_at_once, up_to)
            checkpoint.run(owned, Batch(self.stage.prepare(self.events[at:end]), end, end - at))
        owned.release()
        return owned.n_restored

    def states(self) -> dict[bytes, Any]:
        table = TableStorage.under(self.folder).open(PARTITION)
        found = {key: unpack_state(value) for key, value in table.items()}
        table.close()
        return found


def some_events(n: int) -> list[Any]:
    """Records of one partition of `user-events`, of four people."""
    whole = Whole()
    for number in range(n):
        whole.say("shop", f"p{number % 4}", title=f"thing {number % 5}")
    whole.step((NAMES.events("shop"), 0))
    found = [record for (topic, _), records in whole.log.items() if topic == NAMES.user_events for record in records]
    return [replace(record, offset=offset, partition=PARTITION) for offset, record in enumerate(found)]


def folded(events: list[Any]) -> dict[bytes, Any]:
    """What one batch over everything comes to, without disks and logs."""
    stage = Whole().stages[NAMES.user_events]
    states = stage.fold(stage.prepare(events), Table()).states
    return {key: worth(unpack_state(value)) for key, value in states if value}


def worth(state: UserState) -> Any:
    """All that counts; how often it was published depends on the batches."""
    return state.fence, {
        name: (
            account.n_events, account.counts, account.seen.ids, [each.event_id for each in account.recent],
            np.frombuffer(account.long, np.float32).round(3).tolist(),
            {tag: round(held.score * account.tag_scale, 6) for tag, held in account.tags.items()},
        )
        for name, account in state.accounts.items()
    }  # fmt: skip


@pytest.mark.requirement("H12", "Q7")
@pytest.mark.parametrize(("kept_at", "lost_at", "n_at_once"), [(1, 1, 5), (7, 19, 3), (20, 20, 24), (11, 24, 7)])
def test_a_worker_on_an_older_snapshot_ends_with_the_profiles_of_the_fold(
    tmp_path: Path, kept_at: int, lost_at: int, n_at_once: int
) -> None:
    events = some_events(24)
    worker = Folding(tmp_path / "state", events)
    worker.work(kept_at, n_at_once)
    braid("snapshot", tmp_path / "kept")
    worker.work(lost_at, n_at_once)
    shutil.rmtree(tmp_path / "state")
    braid("restore", tmp_path / "kept")
    worker.work(len(events), n_at_once)
    assert {user: worth(state) for user, state in worker.states().items()} == folded(events)


def test_a_restored_worker_reads_only_what_came_after_the_snapshot(tmp_path: Path) -> None:
    worker = Folding(tmp_path / "state", some_events(20))
    worker.work(16)
    braid("snapshot", tmp_path / "kept")
    worker.work(19)
    shutil.rmtree(tmp_path / "state")
    anew = worker.work(19)
    shutil.rmtree(tmp_path / "state")
    braid("restore", tmp_path / "kept")
    assert 0 < worker.work(19) < anew / 2


def test_what_is_put_back_is_what_was_kept_and_caches_are_not(state: Path, tmp_path: Path) -> None:
    said = braid("snapshot", tmp_path / "kept")
    assert said["parts"] == ["profile/0", "profile/1", "identity/0", "serve"]
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0
    shutil.rmtree(state)
    assert braid("restore", tmp_path / "kept")["n_files"] == said["n_files"]
    assert (state / "serve" / "ranking-weights.json").read_text() == "{}"
    table = PartitionTable(state / "profile" / "1", Cache(1 << 20))
    assert (len(list(table.items())), table.changelog_next) == (3, 3)
    table.close()


def test_a_state_that_a_process_uses_is_not_copied(state: Path, tmp_path: Path) -> None:
    table = PartitionTable(state / "profile" / "1", Cache(1 << 20))
    with pytest.raises(Unavailable, match=r"in use by another process.*stop it first"):
        braid("snapshot", tmp_path / "kept")
    table.close()
    with pytest.raises(UsageError, match="no finished snapshot"):
        braid("restore", tmp_path / "kept")


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_a_damaged_snapshot_is_refused_and_puts_nothing_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    a_table(folder / "state" / "profile" / "0", 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAID_STATE_DIR", str(folder / "state"))
        braid("snapshot", folder / "kept")
        shutil.rmtree(folder / "state")
        files = sorted(path for path in (folder / "kept" / "profile").rglob("*") if path.is_file() and path.stat().st_size)
        hurt = data.draw(st.sampled_from(files))
        raw = bytearray(hurt.read_bytes())
        match data.draw(st.sampled_from(["flip", "cut", "gone"])):
            case "flip":
                raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
                hurt.write_bytes(raw)
            case "cut":
                hurt.write_bytes(raw[:-1])
            case _:
                hurt.unlink()
        with pytest.raises(CorruptState, match="take another one"):
            braid("restore", folder / "kept")
        assert not (folder / "state" / "profile").exists()


def with_manifest(kept: Path, **changes: object) -> None:
    manifest = json.loads((kept / "manifest.json").read_text())
    (kept / "manifest.json").write_text(json.dumps(manifest | changes))


@pytest.mark.parametrize("place", ["../profile/0", "/etc", "", "elsewhere/0"])
def test_a_manifest_that_names_other_places_is_damage(state: Path, tmp_path: Path, place: str) -> None:
    braid("snapshot", tmp_path / "kept")
    shutil.rmtree(state)
    with_manifest(tmp_path / "kept", files=[{"path": f"{place}/x", "n_bytes": 1, "sha256": ""}])
    with pytest.raises(CorruptState):
        braid("restore", tmp_path / "kept")


def test_a_snapshot_of_a_newer_release_is_refused(state: Path, tmp_path: Path) -> None:
    braid("snapshot", tmp_path / "kept")
    shutil.rmtree(state)
    with_manifest(tmp_path / "kept", format=2, owner={"someone": "new"})
    with pytest.raises(NewerFormat, match="format 2"):
        braid("restore", tmp_path / "kept")


@pytest.mark.requirement("N8")
def test_a_snapshot_that_is_older_than_the_topics_remember_deletions_is_refused(state: Path, tmp_path: Path) -> None:
    braid("snapshot", tmp_path / "kept")
    shutil.rmtree(state)
    manifest = json.loads((tmp_path / "kept" / "manifest.json").read_text())
    parts = [part | {"as_of_s": part["as_of_s"] - MAX_AGE_S - 60} for part in manifest["parts"]]
    with_manifest(tmp_path / "kept", parts=parts)
    with pytest.raises(UsageError, match="the erased would come back"):
        braid("restore", tmp_path / "kept")


@pytest.mark.requirement("N8")
def test_a_folder_that_was_left_too_long_ago_is_not_kept(state: Path, tmp_path: Path) -> None:
    aged(state / "profile" / "0", 6.5)
    assert "profile/0" not in braid("snapshot", tmp_path / "kept")["parts"]
    aged(state, 7)
    with pytest.raises(Unavailable, match="young enough"):
        braid("snapshot", tmp_path / "other")


@pytest.mark.requirement("N8")
def test_neither_looking_at_a_state_nor_putting_it_back_makes_it_younger(state: Path, tmp_path: Path) -> None:
    aged(state / "profile" / "0", 5)
    braid("snapshot", tmp_path / "kept")
    assert braid("snapshot", tmp_path / "twice")["parts"]
    age_s = SystemClock().now_s() - last_used_s(state / "profile" / "0")
    assert age_s == pytest.approx(5 * DAY_S, abs=600)
    shutil.rmtree(state)
    braid("restore", tmp_path / "kept")
    aged(state / "profile" / "0", 1.5)
    assert "profile/0" not in braid("snapshot", tmp_path / "again")["parts"]


@pytest.mark.requirement("N8")
def test_a_worker_that_was_away_longer_than_deletions_are_remembered_begins_empty(tmp_path: Path) -> None:
    worker = Folding(tmp_path, some_events(8))
    worker.work(8)
    changelog = worker.broker.partition(NAMES.profile_state, PARTITION)
    (erased, *_) = worker.states()
    changelog.entries = [entry for entry in changelog.entries if entry.key != erased]  # deleted, and that forgotten
    assert erased in worker.states()
    aged(tmp_path / "profile" / "0", 8)
    now_s = (tmp_path / "profile").stat().st_mtime
    storage = TableStorage.under(tmp_path / "profile", forgotten_before_s=lambda: now_s - 7 * DAY_S)
    table = storage.open(PARTITION)
    assert (list(table.items()), table.changelog_next) == ([], 0)
    table.close()


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [("BRAID_TOPICS__PREFIX", "other.", "BRAID_TOPICS__PREFIX"), ("BRAID_PSEUDONYM__KEY", "f" * 16, "another secret")],
)
def test_a_snapshot_of_another_installation_is_refused(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, said: str
) -> None:
    braid("snapshot", tmp_path / "kept")
    shutil.rmtree(state)
    monkeypatch.setenv(setting, value)
    with pytest.raises(UsageError, match=said):
        braid("restore", tmp_path / "kept")


def test_a_snapshot_under_the_secret_before_is_taken(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    braid("snapshot", tmp_path / "kept")
    shutil.rmtree(state)
    monkeypatch.setenv("BRAID_PSEUDONYM__KEY", "f" * 16)
    monkeypatch.setenv("BRAID_PSEUDONYM__PREVIOUS_KEYS", '["0123456789abcdef"]')
    assert braid("restore", tmp_path / "kept")["parts"]


@pytest.mark.parametrize("place", [".", "serve/kept", "kept"])
def test_a_snapshot_never_becomes_part_of_itself(state: Path, place: str) -> None:
    before = sorted(state.rglob("*"))
    with pytest.raises(UsageError, match="name a folder outside"):
        braid("snapshot", state / place)
    assert sorted(state.rglob("*")) == before


def test_nothing_is_written_over(state: Path, tmp_path: Path) -> None:
    braid("snapshot", tmp_path / "kept")
    with pytest.raises(UsageError, match="not empty"):
        braid("snapshot", tmp_path / "kept")
    with pytest.raises(UsageError, match=r"profile/0.*is there already"):
        braid("restore", tmp_path / "kept")
