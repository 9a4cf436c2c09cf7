"""The index of serve at a start: the newest sound snapshot, what is damaged counted, else the topic from its start."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from streams.adapters.item_catalogue import VectorModel
from streams.serve_index import ServedIndex, open_index
from streams.settings import Index
from streams.telemetry import metrics

MODEL = VectorModel("hashed@1", 4)


def opened(directory: Path) -> ServedIndex:
    return open_index(Index(kind="exact"), directory, MODEL, fresh=False)


def saved_twice(directory: Path) -> None:
    served = opened(directory)
    for number in range(1, 3):
        served.index.upsert([f"shop:{number}"], np.eye(4, dtype=np.float32)[number : number + 1], ["shop"], ["tea"])
        served.store.save({0: number})


def damage(directory: Path, *numbers: int) -> None:
    for number in numbers:
        (directory / f"snapshot-{number:012d}" / "rows.json").write_text("{}")


def n_refused() -> float:
    return metrics.SNAPSHOTS_REFUSED._value.get()


def test_when_the_newest_snapshot_is_damaged_the_start_goes_on_from_the_one_before_and_counts(tmp_path: Path) -> None:
    saved_twice(tmp_path)
    damage(tmp_path, 2)
    before = n_refused()
    served = opened(tmp_path)
    assert ("shop:1" in served.index, "shop:2" in served.index) == (True, False)
    assert served.store.next_offsets == {0: 1}  # so that what only the damaged one held is read again
    assert n_refused() == before + 1


def test_when_every_snapshot_is_damaged_the_start_is_empty_and_reads_the_topic_from_its_start(tmp_path: Path) -> None:
    saved_twice(tmp_path)
    damage(tmp_path, 1, 2)
    before = n_refused()
    served = opened(tmp_path)
    assert (len(served.index), dict(served.store.next_offsets)) == (0, {})
    assert n_refused() == before + 2
