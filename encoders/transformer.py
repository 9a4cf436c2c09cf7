"""Any Hugging Face encoder as unit vectors: packed batches where the architecture allows, length buckets elsewhere.

B texts, D dimensions. The dtype is part of the version: float32 and bfloat16 vectors of one text differ by .0001 in
cosine, enough to exchange near neighbours (docs/performance.md), so they share neither a cache nor an index unless the
operator fixes the dtype for all machines. The device is none: in float32 a GPU gives the processor's vectors.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.batching import token_batches
from encoders.devices import Placement, is_lost
from encoders.encoding import BatchReport, Encoding, Role, Vectors
from encoders.errors import DeviceLost, ModelUnavailable, UnsupportedModel
from encoders.model_files import declared_max_tokens, declared_pooling, digest_of, quiet_loading
from encoders.packed_bert import PackedBert, can_pack
from encoders.padded import PaddedModel
from encoders.pooling import Pooling, pool
from encoders.tokens import Ids, Tokenizer, TokenLists

#: Most tokens of a batch. A small one leaves a GPU waiting for the launches of its kernels (docs/performance.md).
BATCH_TOKENS = {"cpu": 4_096, "cuda": 16_384}

SCHEME = 1  # raised when the same files and settings begin to give other vectors


class TokenModel(Protocol):
    """Ids to hidden states; `pads` says whether a batch costs its padded size."""

    pads: bool
    dim: int
    max_tokens: int

    def hidden(self, ids: Sequence[Ids]) -> tuple[torch.Tensor, torch.Tensor]:
        """-> last hidden state (T, D), offsets (n + 1,)."""


@dataclass(frozen=True, slots=True)
class TransformerOptions:
    """How a model is run. max_batch_tokens "auto": what suits the device. packed=False forces the padded reference."""

    pooling: Pooling | Literal["auto"] = "auto"
    passage_prefix: str = ""
    query_prefix: str = ""
    max_text_tokens: int = 128
    max_batch_tokens: int | Literal["auto"] = "auto"
    packed: bool = True


class TransformerEncoder:
    """Meets the port `Encoder`. Thread-safe: nothing changes after construction."""

    degraded = False

    def __init__(self, folder: Path, name: str, placement: Placement, options: TransformerOptions) -> None:
        """Load from a local folder; never touches the network.

        Raises:
            ModelUnavailable: files are missing or damaged.
            UnsupportedModel: not an encoder, or a pooling we do not do.
        """
        self.name = name
        self.placement = placement
        self._max_batch_tokens = batch_tokens(options, placement)
        self._pooling: Pooling = declared_pooling(folder) if options.pooling == "auto" else options.pooling
        model, tokenizer = _load(folder)
        self._model = _token_model(model, tokenizer, placement, self._max_batch_tokens, packed=options.packed)
        self.dim = self._model.dim
        limit = min(options.max_text_tokens, self._model.max_tokens, declared_max_tokens(folder) or 1 << 30)
        prefixes = {"passage": options.passage_prefix, "query": options.query_prefix}
        self.tokenizer = Tokenizer(tokenizer, limit, prefixes)
        self.version = digest_of(folder, SCHEME, self._pooling, limit, sorted(prefixes.items()), str(placement.dtype))

    @property
    def is_packed(self) -> bool:
        """Whether batches run without padding."""
        return not self._model.pads

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
        """Texts (B,) -> float32 (B, D), unit rows, zero where a text has no content.

        Raises:
            RuntimeError: the device failed.
            DeviceLost: it will go on failing for as long as this process lives.
        """
        return self.encode_tokens(self.tokenizer.read(texts, role), started_s=time.perf_counter())

    def encode_tokens(self, tokens: TokenLists, started_s: float) -> Encoding:
        """The second half of `encode`, for whoever needs the tokens as well. started_s: perf_counter of the start."""
        vectors = np.zeros((len(tokens.ids), self.dim), dtype=np.float32)
        rows = np.flatnonzero(tokens.has_content)
        lengths = np.array([len(tokens.ids[row]) for row in rows], dtype=np.int64)
        batches = [rows[part] for part in self._batches(lengths)]
        if batches:
            vectors[np.concatenate(batches)] = self._run([[tokens.ids[row] for row in batch] for batch in batches])
        n_padding = sum(_padding(tokens.ids, batch) for batch in batches) if self._model.pads else 0
        return Encoding(
            vectors,
            BatchReport(
                n_texts=len(tokens.ids),
                n_tokens=int(lengths.sum()),
                n_padding_tokens=n_padding,
                n_truncated=tokens.n_truncated,
                duration_s=time.perf_counter() - started_s,
            ),
        )

    def _batches(self, lengths: NDArray[np.int64]) -> list[NDArray[np.intp]]:
        return list(token_batches(lengths, self._max_batch_tokens, padded=self._model.pads))

    def _run(self, batches: list[list[Ids]]) -> Vectors:
        """All batches are queued before the one copy back, the only wait for a GPU in the call."""
        try:
            with torch.inference_mode():
                pooled = [pool(*self._model.hidden(batch), self._pooling) for batch in batches]
                vectors: Vectors = torch.cat(pooled).cpu().numpy()
        except RuntimeError as error:
            device = self.placement.device
            if is_lost(device):
                raise DeviceLost(f"device {device} answers this process no more ({error}): start it again") from error
            raise
        return vectors


def batch_tokens(options: TransformerOptions, placement: Placement) -> int:
    """The token budget of a batch."""
    return BATCH_TOKENS[placement.device.type] if options.max_batch_tokens == "auto" else options.max_batch_tokens


def _padding(ids: Sequence[Ids], batch: NDArray[np.intp]) -> int:
    lengths = [len(ids[row]) for row in batch]
    return max(lengths) * len(lengths) - sum(lengths)


def _load(folder: Path) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoModel, AutoTokenizer  # noqa: PLC0415 - 1.6 s, paid only with a model

    try:
        with quiet_loading():
            config = AutoConfig.from_pretrained(folder, local_files_only=True)
            if getattr(config, "is_encoder_decoder", False):
                raise UnsupportedModel(f"model {folder.name!r} is an encoder-decoder: name an encoder")
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModel.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    except (OSError, ValueError, KeyError) as error:
        raise ModelUnavailable(f"model files in {folder.name!r} cannot be read ({error}): fetch them again") from error
    return model.eval(), tokenizer


def _token_model(model: Any, tokenizer: Any, placement: Placement, n_rows: int, *, packed: bool) -> TokenModel:
    if packed and can_pack(model.config):
        return PackedBert(model, placement, n_rows=n_rows)
    return PaddedModel(model, placement, pad_id=tokenizer.pad_token_id or 0)
