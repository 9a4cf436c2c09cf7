"""Texts to token ids with truncation counted, for any number of threads at once.

The tokenizer of transformers changes its truncation state in every call, which two threads trip over ("Already
borrowed"). So the Rust tokenizer underneath is configured once and then only read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TokenLists:
    """ids of each text with the special ones; has_content (B,) false where nothing but specials and prefix is left."""

    ids: list[Ids]
    has_content: NDArray[np.bool_]
    n_truncated: int


class Tokenizer:
    """Reads texts as one model does."""

    def __init__(self, tokenizer: Any, max_tokens: int, prefixes: dict[str, str]) -> None:
        """tokenizer: from transformers; prefixes: role -> text put before every text of that role."""
        self._max_tokens = max_tokens
        self._prefixes = prefixes
        self._slow: Any = None if tokenizer.is_fast else tokenizer
        self._lock = Lock()
        if tokenizer.is_fast:
            self._fast = tokenizer.backend_tokenizer
            self._fast.no_padding()
            self._fast.enable_truncation(max_tokens)
        self.unknown_id: int | None = tokenizer.unk_token_id
        self.vocabulary: dict[str, int] = tokenizer.get_vocab()
        self._bare = {role: self._split([prefix])[0][0].tolist() for role, prefix in prefixes.items()}

    def read(self, texts: Sequence[str], role: str) -> TokenLists:
        """Texts (B,) to ids; never fails, whatever a text holds."""
        prefix = self._prefixes[role]
        ids, n_truncated = self._split([prefix + _encodable(text) for text in texts])
        bare = self._bare[role]
        filled = [bool(text.strip()) and row.tolist() != bare for text, row in zip(texts, ids, strict=True)]
        return TokenLists(ids, np.array(filled, dtype=np.bool_), n_truncated)

    def _split(self, texts: list[str]) -> tuple[list[Ids], int]:
        if self._slow is None:
            found = self._fast.encode_batch_fast(texts)
            return [np.array(row.ids, dtype=np.int64) for row in found], sum(bool(row.overflowing) for row in found)
        with self._lock:
            whole = self._slow(texts)["input_ids"]
            cut = self._slow(texts, truncation=True, max_length=self._max_tokens)["input_ids"]
        return [np.array(row, dtype=np.int64) for row in cut], sum(len(row) > self._max_tokens for row in whole)


def _encodable(text: str) -> str:
    """Lone surrogates, which JSON can carry and UTF-8 cannot, become question marks."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text
