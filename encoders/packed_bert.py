"""The BERT family (BERT, RoBERTa, XLM-R) over packed batches: the same function as Hugging Face's modules, no padding.

Devlin et al. 2019, post-norm encoder. Judged by `padded.py` in the tests: equal within float rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray

from encoders.devices import Placement
from encoders.packing import AttentionGroup, PackedBatch, pack
from encoders.prepacked import Linear

#: Architecture name in the model's configuration -> whether its positions start behind the padding id.
PACKABLE = {"bert": False, "roberta": True, "xlm-roberta": True, "camembert": True}

#: A GPU prefers few large attention calls, a processor none of the padding.
CUDA_SLACK = 0.25


@dataclass(frozen=True, slots=True)
class _Norm:
    weight: torch.Tensor
    bias: torch.Tensor
    eps: float

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


@dataclass(frozen=True, slots=True)
class _Layer:
    qkv: Linear
    attention_out: Linear
    attention_norm: _Norm
    up: Linear
    down: Linear
    norm: _Norm


def can_pack(config: Any) -> bool:
    """Whether `PackedBert` computes exactly what the configuration describes."""
    return (
        config.model_type in PACKABLE
        and config.hidden_act == "gelu"
        and not getattr(config, "is_decoder", False)
        and getattr(config, "position_embedding_type", "absolute") in ("absolute", None)
    )


class PackedBert:
    """hidden(ids) -> (T, D). Built from a loaded Hugging Face model, whose weights it copies."""

    pads = False

    def __init__(self, model: Any, placement: Placement, *, n_rows: int) -> None:
        """n_rows: the usual number of tokens in a batch."""
        self._place = placement
        self._n_rows = n_rows
        self._n_heads = int(model.config.num_attention_heads)
        self._slack = CUDA_SLACK if placement.device.type == "cuda" else 0.0
        parts = model.embeddings
        self._words = self._cast(parts.word_embeddings.weight)
        first = model.config.pad_token_id + 1 if PACKABLE[model.config.model_type] else 0
        # One token type in all texts: its vector joins the positions once instead of every token every time.
        positions = parts.position_embeddings.weight[first:] + parts.token_type_embeddings.weight[0]
        self._positions = self._cast(positions)
        self._norm = self._norm_of(parts.LayerNorm)
        self._layers = [self._layer_of(layer) for layer in model.encoder.layer]
        self.dim = int(self._words.shape[1])
        self.max_tokens = int(self._positions.shape[0])

    def hidden(self, ids: Sequence[NDArray[np.int64]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Ids of each text, shortest first -> last hidden state (T, D), offsets (n + 1,)."""
        batch = pack(ids, self._place.device, self._slack)
        x = self._norm(self._words[batch.ids] + self._positions[batch.positions])
        for layer in self._layers:
            x = layer.attention_norm(layer.attention_out.plus(self._attend(layer.qkv(x), batch), x))
            x = layer.norm(layer.down.plus(layer.up(x, "gelu"), x))
        return x, batch.offsets

    def _attend(self, qkv: torch.Tensor, batch: PackedBatch) -> torch.Tensor:
        """Qkv (T, 3 D) -> (T, D), each text attending to itself."""
        out = qkv.new_empty(qkv.shape[0], self.dim)
        for group in batch.groups:
            out[group.start : group.stop] = self._attend_group(qkv, group)
        return out

    def _attend_group(self, qkv: torch.Tensor, group: AttentionGroup) -> torch.Tensor:
        rows = qkv[group.start : group.stop] if group.gather is None else qkv[group.gather]
        heads = rows.view(group.n, group.length, 3, self._n_heads, -1).permute(2, 0, 3, 1, 4)  # (3, n, H, L, D/H)
        mixed = F.scaled_dot_product_attention(heads[0], heads[1], heads[2], attn_mask=group.mask)
        cells = mixed.transpose(1, 2).reshape(group.n * group.length, self.dim)
        return cells if group.real is None else cells[group.real]

    def _cast(self, weight: torch.Tensor) -> torch.Tensor:
        return weight.detach().to(self._place.device, self._place.dtype, copy=True)

    def _norm_of(self, module: Any) -> _Norm:
        return _Norm(self._cast(module.weight), self._cast(module.bias), float(module.eps))

    def _linear_of(self, *modules: Any) -> Linear:
        weight = torch.cat([module.weight for module in modules])
        bias = torch.cat([module.bias for module in modules])
        return Linear(self._cast(weight), self._cast(bias), n_rows=self._n_rows)

    def _layer_of(self, layer: Any) -> _Layer:
        inner, outer = layer.attention.self, layer.attention.output
        return _Layer(
            qkv=self._linear_of(inner.query, inner.key, inner.value),
            attention_out=self._linear_of(outer.dense),
            attention_norm=self._norm_of(outer.LayerNorm),
            up=self._linear_of(layer.intermediate.dense),
            down=self._linear_of(layer.output.dense),
            norm=self._norm_of(layer.output.LayerNorm),
        )
