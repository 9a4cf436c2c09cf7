"""Texts laid end to end, so that no pad token is ever computed.

T tokens in the batch, n texts. Every linear layer and normalisation runs once over (T, D); only attention looks at
which token belongs to which text, in groups of equal (CPU) or nearly equal (GPU) length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.batching import attention_groups
from encoders.encoding import Counts


@dataclass(frozen=True, slots=True)
class AttentionGroup:
    """Texts that attend together: rows start..stop of the packed matrix, n texts of at most `length` tokens.

    The three tensors are there only when lengths differ: gather (n * length,) row of each padded cell, mask
    (n, 1, 1, length) true where a cell is real, real (rows,) padded cell of each row.
    """

    start: int
    stop: int
    n: int
    length: int
    gather: torch.Tensor | None = None
    mask: torch.Tensor | None = None
    real: torch.Tensor | None = None


@dataclass(frozen=True, slots=True)
class PackedBatch:
    """ids and positions (T,), offsets (n + 1,) cumulative lengths, all on the device; groups in packed order."""

    ids: torch.Tensor
    positions: torch.Tensor
    offsets: torch.Tensor
    groups: tuple[AttentionGroup, ...]


def pack(ids: Sequence[NDArray[np.int64]], device: torch.device, slack: float = 0.0) -> PackedBatch:
    """ids: token ids of each text, shortest text first. Positions restart at 0 with each text."""
    lengths = np.array([len(text) for text in ids], dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    positions = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
    groups = tuple(_group(lengths, offsets, span, device) for span in attention_groups(lengths, slack))
    return PackedBatch(
        ids=to_device(np.concatenate(ids), device),
        positions=to_device(positions, device),
        offsets=to_device(offsets, device),
        groups=groups,
    )


def to_device(array: NDArray[np.generic], device: torch.device) -> torch.Tensor:
    """A tensor on the device; through pinned memory to a GPU, so that the copy does not wait for earlier work."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor if device.type == "cpu" else tensor.pin_memory().to(device, non_blocking=True)


def _group(lengths: Counts, offsets: Counts, span: tuple[int, int], device: torch.device) -> AttentionGroup:
    first, last = span
    sizes = lengths[first:last]
    start, stop, longest = int(offsets[first]), int(offsets[last]), int(sizes[-1])
    if sizes[0] == longest:
        return AttentionGroup(start, stop, last - first, longest)
    cells = np.arange(longest)
    mask = cells < sizes[:, None]
    gather = offsets[first:last, None] + np.minimum(cells, sizes[:, None] - 1)
    return AttentionGroup(
        start,
        stop,
        last - first,
        longest,
        gather=to_device(gather.ravel(), device),
        mask=to_device(mask[:, None, None, :], device),
        real=to_device(np.flatnonzero(mask), device),
    )
