"""What a change does to a view: rows appended, rows struck out. Only the writer calls these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from index.bitmaps import holds, with_room, with_rows, without_rows
from index.keys import ABSENT
from index.neighbours import Rows, Vectors
from index.views import View


@dataclass(frozen=True)
class Batch:
    """Items to add or replace, no key twice: vectors float32 (N, D) and a label of each kind a row."""

    keys: Sequence[str]
    vectors: Vectors
    platforms: Sequence[str]
    categories: Sequence[str]

    def only(self, positions: Sequence[int]) -> Batch:
        """The items at these positions."""
        return Batch(
            [self.keys[at] for at in positions],
            self.vectors[positions],
            [self.platforms[at] for at in positions],
            [self.categories[at] for at in positions],
        )

    def without_repeats(self) -> Batch:
        """Of a key given twice, the last."""
        last = {key: at for at, key in enumerate(self.keys)}
        return self if len(last) == len(self.keys) else self.only(list(last.values()))


def changed_part(view: View, batch: Batch) -> Batch:
    """The items that differ from what the view holds."""
    return batch.only([at for at in range(len(batch.keys)) if not _is_there(view, batch, at)])


def _is_there(view: View, batch: Batch, at: int) -> bool:
    row = view.row_of(batch.keys[at])
    return (
        row != ABSENT
        and view.log.platforms.name_of(row) == batch.platforms[at]
        and view.log.categories.name_of(row) == batch.categories[at]
        and np.array_equal(view.vector_at(row), batch.vectors[at])
    )


def appended(view: View, batch: Batch) -> View:
    """The view after the batch: new rows at the end of its log and tail, the earlier rows of its keys struck out."""
    assert len(view.log) == view.n_rows, "a change failed half way"
    replaced = live_rows_of(view, batch.keys)
    n_rows = view.n_rows + len(batch.keys)
    view.tail.extend(batch.vectors, at=view.n_tail)
    view.log.extend(batch.keys, batch.platforms, batch.categories)
    new = np.arange(view.n_rows, n_rows)
    return replace(
        view,
        n_rows=n_rows,
        live=with_rows(without_rows(with_room(view.live, n_rows), replaced), new),
        shown=with_rows(without_rows(with_room(view.shown, n_rows), replaced), new[batch.vectors.any(axis=1)]),
        n_live=view.n_live + len(new) - len(replaced),
    )


def removed(view: View, rows: Rows) -> View:
    """The view without these live rows."""
    live, shown = without_rows(view.live, rows), without_rows(view.shown, rows)
    return replace(view, live=live, shown=shown, n_live=view.n_live - len(rows))


def live_rows_of(view: View, keys: Iterable[str]) -> Rows:
    """The live rows of those keys that are present."""
    rows = view.log.keys.rows_below(keys, view.n_rows)
    return rows[holds(view.live, rows)]
