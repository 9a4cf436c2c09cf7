"""Token vectors to one vector a text, over the packed layout.

T tokens, n texts, D dimensions. What the model was trained with decides; the wrong one costs accuracy silently.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812 - the name everybody knows it by

Pooling = Literal["mean", "cls", "last"]


def pool(hidden: torch.Tensor, offsets: torch.Tensor, how: Pooling) -> torch.Tensor:
    """Hidden (T, D), offsets (n + 1,) cumulative lengths, each text at least one token -> float32 (n, D), unit rows.

    mean over all tokens with the special ones, as sentence-transformers does; cls the first; last the last.
    """
    if how == "cls":
        pooled = hidden[offsets[:-1]].float()
    elif how == "last":
        pooled = hidden[offsets[1:] - 1].float()
    else:
        # Sums in float32: a bfloat16 sum of hundred tokens keeps two digits.
        pooled = torch.segment_reduce(hidden.float(), "mean", offsets=offsets, axis=0)
    return F.normalize(pooled, dim=1)
