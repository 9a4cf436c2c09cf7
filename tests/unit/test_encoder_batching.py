"""Which texts share a call, and how a batch is laid out."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from encoders.batching import attention_groups, token_batches
from encoders.packing import pack

CPU = torch.device("cpu")
LENGTHS = st.lists(st.integers(1, 128), max_size=80).map(lambda values: np.array(values, dtype=np.int64))


@pytest.mark.requirement("D4")
@given(LENGTHS, st.integers(1, 512), st.booleans())
def test_every_text_is_in_exactly_one_batch(lengths: np.ndarray, budget: int, padded: bool) -> None:
    rows = [row for batch in token_batches(lengths, budget, padded=padded) for row in batch.tolist()]
    assert sorted(rows) == list(range(len(lengths)))


@pytest.mark.requirement("D4")
@given(LENGTHS, st.integers(1, 512), st.booleans())
def test_a_batch_stays_within_the_token_budget_unless_one_text_alone_exceeds_it(
    lengths: np.ndarray, budget: int, padded: bool
) -> None:
    for batch in token_batches(lengths, budget, padded=padded):
        cost = len(batch) * lengths[batch].max() if padded else lengths[batch].sum()
        assert cost <= budget or len(batch) == 1


@given(LENGTHS, st.integers(64, 512))
def test_a_batch_is_closed_only_when_the_next_text_would_not_fit(lengths: np.ndarray, budget: int) -> None:
    batches = list(token_batches(lengths, budget, padded=False))
    for batch, following in pairwise(batches):
        assert lengths[batch].sum() + lengths[following[0]] > budget


@given(LENGTHS, st.floats(0, 1))
def test_attention_groups_cover_the_texts_in_order_within_their_slack(lengths: np.ndarray, slack: float) -> None:
    ascending = np.sort(lengths)
    groups = attention_groups(ascending, slack)
    assert [row for start, stop in groups for row in range(start, stop)] == list(range(len(ascending)))
    for start, stop in groups:
        assert (stop - start) * ascending[stop - 1] <= (1 + slack) * ascending[start:stop].sum() + 1e-9


@given(LENGTHS)
def test_without_slack_only_equal_lengths_attend_together(lengths: np.ndarray) -> None:
    groups = attention_groups(np.sort(lengths), 0.0)
    assert len(groups) == len(set(lengths.tolist()))


@given(LENGTHS.filter(len), st.sampled_from([0.0, 0.25, 1.0]))
def test_a_packed_batch_keeps_every_token_and_restarts_positions_at_each_text(
    lengths: np.ndarray, slack: float
) -> None:
    texts = [np.arange(n, dtype=np.int64) + 1000 * row for row, n in enumerate(np.sort(lengths))]
    batch = pack(texts, CPU, slack)
    assert batch.ids.tolist() == np.concatenate(texts).tolist()
    assert batch.positions.tolist() == [place for text in texts for place in range(len(text))]
    assert [text.tolist() for text in np.split(batch.ids.numpy(), batch.offsets[1:-1].tolist())] == [
        text.tolist() for text in texts
    ]


@given(LENGTHS.filter(len))
def test_a_padded_attention_group_returns_each_token_to_its_row(lengths: np.ndarray) -> None:
    batch = pack([np.zeros(n, dtype=np.int64) for n in np.sort(lengths)], CPU, slack=1.0)
    rows = torch.arange(len(batch.ids))
    for group in batch.groups:
        if group.gather is not None and group.real is not None and group.mask is not None:
            cells = rows[group.gather]
            assert cells[group.real].tolist() == rows[group.start : group.stop].tolist()
            assert int(group.mask.sum()) == group.stop - group.start
