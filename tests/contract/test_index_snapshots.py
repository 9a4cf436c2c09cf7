"""Snapshots: what is saved comes back, what is damaged is refused, the last good one is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index import snapshots
from index.errors import CorruptSnapshot, NoSnapshot, SnapshotMismatch
from index.exact import ExactIndex
from index.factory import NearestIndex, index_of
from index.main_delta import MainDeltaIndex
from tests.support.index_items import BUILDERS, DIM, GRAPH_FROM_THE_START, at_once, fill, put, unit_vectors

META = {"model": "hashed@1", "offsets": {"item-vectors": {"0": 17, "1": 4}}}


def a_worn_index(build: Callable[[], NearestIndex]) -> NearestIndex:
    """Items in the graph and behind it, tombstones, a blank one."""
    index = build()
    fill(index, 30)
    index.delete(["i002"])
    put(index, "i005", unit_vectors(1, 1), platform="news")
    put(index, "blank", np.zeros((1, DIM), np.float32), platform="news")
    return index


def a_graph() -> MainDeltaIndex:
    index = MainDeltaIndex(DIM, GRAPH_FROM_THE_START, at_once)
    a_worn_index(lambda: index)
    assert index.report().n_main > 0
    return index


@pytest.mark.parametrize("kind", ["auto", "exact", "hnsw"])
@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())
def test_every_index_comes_back_as_any_kind(build: Callable[[], NearestIndex], kind: str, tmp_path: Path) -> None:
    saved = a_worn_index(build)
    snapshots.save(saved, tmp_path, META)
    loaded, meta = snapshots.load(tmp_path, restore=partial(index_of, kind=kind, max_delta_rows=16))
    assert meta == META
    assert loaded.dim == DIM
    assert len(loaded) == len(saved) == 30
    twin = a_worn_index(lambda: ExactIndex(DIM))
    queries = unit_vectors(5, seed=8)
    for filters in ({}, {"platform": "news"}, {"category": "books", "exclude": ["i003", "i005"]}):
        assert loaded.search(queries, 10, **filters) == twin.search(queries, 10, **filters)
    keys = ["i001", "i002", "blank", "i005"]
    np.testing.assert_array_equal(loaded.vectors_of(keys)[1], twin.vectors_of(keys)[1])


def test_a_loaded_index_takes_changes_and_rebuilds(tmp_path: Path) -> None:
    snapshots.save(a_graph(), tmp_path, META)
    loaded, _ = snapshots.load(tmp_path, restore=partial(MainDeltaIndex.of, tuning=GRAPH_FROM_THE_START))
    assert isinstance(loaded, MainDeltaIndex)
    vectors = fill(loaded, 60, seed=4)
    assert loaded.settle(timeout_s=30)
    loaded.rebuild("renew")
    assert loaded.settle(timeout_s=30)
    assert len(loaded) == 61
    assert loaded.report().n_tombstones == 0
    assert loaded.search(vectors[40:41], 1)[0][0].key == "i040"


def test_a_saved_graph_is_loaded_not_built_again(tmp_path: Path) -> None:
    saved = a_graph()
    snapshots.save(saved, tmp_path, META)
    loaded, _ = snapshots.load(tmp_path)
    assert loaded.report().n_main == saved.report().n_main


def test_an_empty_index_can_be_saved(tmp_path: Path) -> None:
    snapshots.save(MainDeltaIndex(DIM), tmp_path, {})
    loaded, meta = snapshots.load(tmp_path)
    assert (len(loaded), meta) == (0, {})


def test_a_snapshot_is_of_one_moment(tmp_path: Path) -> None:
    index = a_graph()
    stored = index.stored()
    fill(index, 40, seed=6)
    assert len(MainDeltaIndex.of(stored)) == 30


def test_the_newest_is_loaded_and_one_older_is_kept(tmp_path: Path) -> None:
    index = a_graph()
    folders = [snapshots.save(index, tmp_path, {"round": number}) for number in range(12)]
    assert snapshots.load(tmp_path)[1] == {"round": 11}
    assert sorted(tmp_path.iterdir()) == folders[-2:]


def test_without_a_snapshot_the_answer_is_to_start_empty(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NoSnapshot, match="start empty"):
            snapshots.load(directory)


@pytest.mark.parametrize(
    "name", ["graph.faiss", "rows.json", "vectors.npy", "live.npy", "platforms.npy", "manifest.json"]
)
@pytest.mark.parametrize("damage", ["flip", "cut", "lose", "empty", "grow"])
def test_a_damaged_file_is_refused_before_anything_reads_it(name: str, damage: str, tmp_path: Path) -> None:
    folder = snapshots.save(a_graph(), tmp_path, META)
    path = folder / name
    whole = path.read_bytes()
    middle = len(whole) // 2
    damaged = {
        "flip": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "cut": whole[:middle],
        "empty": b"",
        "grow": b"\0" + whole,
    }
    if damage == "lose":
        path.unlink()
    else:
        path.write_bytes(damaged[damage])
    with pytest.raises(CorruptSnapshot, match=rf"{folder} is damaged .*: delete it .*; the index is rebuilt"):
        snapshots.load(tmp_path)


def test_when_the_newest_is_damaged_the_one_before_is_loaded_and_the_damage_is_told(tmp_path: Path) -> None:
    index = a_graph()
    older = snapshots.save(index, tmp_path, {"round": 1})
    newer = snapshots.save(index, tmp_path, {"round": 2})
    (newer / "rows.json").write_text("{}")
    told: list[CorruptSnapshot] = []
    loaded, meta = snapshots.load(tmp_path, refused=told.append)
    assert (len(loaded), meta) == (len(index), {"round": 1})
    assert [str(newer) in str(error) and f"{older.name} is tried instead" in str(error) for error in told] == [True]
    (older / "manifest.json").write_text("{}")
    with pytest.raises(CorruptSnapshot, match=rf"{older} is damaged .* rebuilt from the topic"):
        snapshots.load(tmp_path)


def test_the_next_save_replaces_a_damaged_snapshot_before_it_can_crowd_out_a_sound_one(tmp_path: Path) -> None:
    index = a_graph()
    for number in range(2):
        damaged = snapshots.save(index, tmp_path, {"round": number})
    (damaged / "rows.json").write_text("{}")
    for number in range(2, 4):
        snapshots.save(index, tmp_path, {"round": number})
    assert not damaged.exists()
    assert snapshots.load(tmp_path, refused=pytest.fail)[1] == {"round": 3}


def test_a_stranger_file_in_a_snapshot_is_refused(tmp_path: Path) -> None:
    folder = snapshots.save(MainDeltaIndex(DIM), tmp_path, META)
    (folder / "graph.faiss").write_bytes(b"x")
    with pytest.raises(CorruptSnapshot, match=r"added: \['graph.faiss'\]"):
        snapshots.load(tmp_path)


def test_a_crash_while_saving_leaves_the_snapshot_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = a_graph()
    snapshots.save(index, tmp_path, {"round": 1})

    def power_cut(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("index.snapshots._flush", power_cut)
        with pytest.raises(OSError, match="no space"):
            snapshots.save(index, tmp_path, {"round": 2})
    assert snapshots.load(tmp_path)[1] == {"round": 1}
    snapshots.save(index, tmp_path, {"round": 3})
    assert snapshots.load(tmp_path)[1] == {"round": 3}
    assert len(list(tmp_path.iterdir())) == 2


def test_another_dimension_model_or_format_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots.save(a_graph(), tmp_path, META)
    with pytest.raises(SnapshotMismatch, match=f"dimension {DIM}, not 384"):
        snapshots.load(tmp_path, dim=384)
    with pytest.raises(SnapshotMismatch, match="model = 'hashed@1', not 'minilm@1'"):
        snapshots.load(tmp_path, expected={"model": "minilm@1"})
    assert snapshots.load(tmp_path, dim=DIM, expected={"model": "hashed@1"})[1] == META
    monkeypatch.setattr(snapshots, "FORMAT", 2)
    with pytest.raises(SnapshotMismatch, match="format 1, this version reads 2"):
        snapshots.load(tmp_path)


def test_meta_that_is_not_json_is_refused_before_anything_is_replaced(tmp_path: Path) -> None:
    index = a_graph()
    snapshots.save(index, tmp_path, {"round": 1})
    with pytest.raises(TypeError):
        snapshots.save(index, tmp_path, {"offsets": object()})
    assert snapshots.load(tmp_path)[1] == {"round": 1}


def test_parts_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    stored = a_graph().stored()
    stored.keys.pop()

    class Torn:
        def stored(self) -> object:
            return stored

    snapshots.save(Torn(), tmp_path, META)
    with pytest.raises(CorruptSnapshot, match="31 keys, columns"):
        snapshots.load(tmp_path)


def test_the_manifest_can_be_read_by_people(tmp_path: Path) -> None:
    folder = snapshots.save(a_graph(), tmp_path, META)
    manifest = json.loads((folder / "manifest.json").read_text().splitlines()[1])
    assert (manifest["format"], manifest["dim"], manifest["meta"]) == (1, DIM, META)
