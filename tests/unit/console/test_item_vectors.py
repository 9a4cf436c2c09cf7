"""Vectors of many items at once are those of each alone."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.item_records import vector_of, vectors_of
from streams.domain.events import Item, ItemRecord

DIM = 4
numbers = st.floats(width=16)
raws = st.lists(numbers, min_size=DIM, max_size=DIM).map(lambda row: np.array(row, np.float16).tobytes())
records = st.builds(
    lambda raw, model: ItemRecord("shop", Item("1"), model, raw, False, 0.0, 0),
    raws | st.binary(max_size=10) | st.just(bytes(2 * DIM)), st.sampled_from(["m@1", "m@2"]),
)  # fmt: skip


@given(st.lists(records, max_size=12))
def test_many_at_once_are_as_one_by_one(some: list[ItemRecord]) -> None:
    alone = {row: vector for row, record in enumerate(some) if (vector := vector_of(record, "m@1", DIM)) is not None}
    rows, vectors = vectors_of(some, "m@1", DIM)
    assert rows == list(alone)
    np.testing.assert_allclose(vectors, np.array(list(alone.values())).reshape(-1, DIM), rtol=1e-5, atol=1e-7)
