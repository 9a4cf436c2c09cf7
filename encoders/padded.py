"""Any other architecture: Hugging Face's own forward over padded batches of nearly equal length.

Slower than packing (the pad tokens are computed), and the reference that judges it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.devices import Placement
from encoders.packing import to_device


class PaddedModel:
    """hidden(ids) -> (T, D), pad positions left out of the answer."""

    pads = True

    def __init__(self, model: Any, placement: Placement, *, pad_id: int) -> None:
        self._place = placement
        self._pad_id = pad_id
        self._model = model.to(placement.device, placement.dtype).eval()
        self.dim = int(model.config.hidden_size)
        self.max_tokens = _max_tokens(model.config)

    def hidden(self, ids: Sequence[NDArray[np.int64]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids of each text -> last hidden state (T, D), offsets (n + 1,)."""
        lengths = np.array([len(text) for text in ids], dtype=np.int64)
        mask = np.arange(lengths.max()) < lengths[:, None]
        cells = np.full(mask.shape, self._pad_id, dtype=np.int64)
        cells[mask] = np.concatenate(ids)
        device = self._place.device
        answer = self._model(
            input_ids=to_device(cells, device), attention_mask=to_device(mask.astype(np.int64), device)
        )
        real = to_device(np.flatnonzero(mask), device)
        offsets = to_device(np.concatenate([[0], np.cumsum(lengths)]), device)
        return answer.last_hidden_state.flatten(0, 1)[real], offsets


def _max_tokens(config: Any) -> int:
    """Positions the model has; RoBERTa's first ones are spent on padding. Without a statement: no limit of its own."""
    n_positions = getattr(config, "max_position_embeddings", None)
    if n_positions is None or n_positions <= 0:
        return 1 << 30
    is_roberta = "roberta" in config.model_type or config.model_type in ("camembert", "mpnet")
    return int(n_positions) - (2 if is_roberta else 0)
