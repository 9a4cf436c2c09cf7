"""Sentiment weights as one file of arrays, and the digest beside it that tells a damaged one."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from streams.errors import Unavailable
from streams.meaning.sentiment_ngrams import SCHEME
from streams.meaning.sentiment_weights import GramWeights, SentimentWeights, StackWeights, VectorWeights

FILE: Final = "sentiment.npz"
DIGEST_FILE: Final = f"{FILE}.sha256"


def save_weights(folder: Path, weights: SentimentWeights) -> Path:
    """Write both files; the same weights give the same bytes. Raises OSError."""
    arrays: dict[str, Any] = {
        "scheme": SCHEME,
        **_gram_arrays("han", weights.han_grams),
        **_gram_arrays("word", weights.word_grams),
        "vector_name": weights.vector_name,
        **_vector_arrays("vector", weights.vectors),
        "han_vector_name": weights.han_vector_name,
        **_vector_arrays("han_vector", weights.han_vectors.layer),
        "han_vector_direct": np.asarray(weights.han_vectors.direct),
        **{name: np.asarray(getattr(weights, name)) for name in _NUMBERS},
    }
    whole = io.BytesIO()
    np.savez_compressed(whole, **arrays)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / FILE
    file.write_bytes(whole.getvalue())
    digest = hashlib.sha256(whole.getvalue()).hexdigest()
    (folder / DIGEST_FILE).write_text(f"{digest}  {FILE}\n", encoding="ascii")
    return file


def load_weights(folder: Path) -> SentimentWeights:
    """Raises Unavailable: a file is missing, damaged or of another scheme of n-grams."""
    file = folder / FILE
    try:
        whole = file.read_bytes()
        expected = (folder / DIGEST_FILE).read_text(encoding="ascii").split()[0]
    except (OSError, IndexError, UnicodeDecodeError) as error:
        raise Unavailable(f"sentiment weights {file}: cannot be read ({error}); install Braid again") from error
    if hashlib.sha256(whole).hexdigest() != expected:
        raise Unavailable(f"sentiment weights {file}: damaged, not what {DIGEST_FILE} names; install Braid again")
    try:
        with np.load(io.BytesIO(whole), allow_pickle=False) as arrays:
            return _weights_of({name: arrays[name] for name in arrays.files})
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise Unavailable(f"sentiment weights {file}: of another version ({error}); train or install again") from error


_NUMBERS: Final = ("han", "han_and_vector", "words", "words_and_vector", "least_known", "neutral_band")


def _weights_of(arrays: dict[str, Any]) -> SentimentWeights:
    if int(arrays["scheme"]) != SCHEME:
        raise ValueError(f"n-grams of scheme {int(arrays['scheme'])}, this is {SCHEME}")
    numbers = {name: _number(arrays[name]) for name in _NUMBERS}
    return SentimentWeights(
        han_grams=_grams_of("han", arrays),
        word_grams=_grams_of("word", arrays),
        vectors=_vectors_of("vector", arrays),
        vector_name=str(arrays["vector_name"]),
        han_vectors=StackWeights(
            layer=_vectors_of("han_vector", arrays), direct=tuple(arrays["han_vector_direct"].tolist())
        ),
        han_vector_name=str(arrays["han_vector_name"]),
        **numbers,
    )


def _number(array: Any) -> Any:
    return tuple(array.tolist()) if array.ndim else float(array)


def _vector_arrays(name: str, weights: VectorWeights) -> dict[str, Any]:
    return {
        f"{name}_inward": weights.inward.astype(np.float16),
        f"{name}_thresholds": weights.thresholds,
        f"{name}_outward": weights.outward,
        f"{name}_intercept": weights.intercept,
    }


def _vectors_of(name: str, arrays: dict[str, Any]) -> VectorWeights:
    return VectorWeights(
        inward=arrays[f"{name}_inward"].astype(np.float32),
        thresholds=arrays[f"{name}_thresholds"],
        outward=arrays[f"{name}_outward"],
        intercept=float(arrays[f"{name}_intercept"]),
    )


def _gram_arrays(language: str, grams: GramWeights) -> dict[str, Any]:
    return {
        f"{language}_levels": grams.levels,
        f"{language}_tops": np.asarray(grams.tops),
        f"{language}_intercept": grams.intercept,
    }


def _grams_of(language: str, arrays: dict[str, Any]) -> GramWeights:
    return GramWeights(
        levels=arrays[f"{language}_levels"],
        tops=tuple(arrays[f"{language}_tops"].tolist()),
        intercept=float(arrays[f"{language}_intercept"]),
    )
