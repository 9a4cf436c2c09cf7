"""An adapter: one matrix after a frozen encoder that turns its vectors towards what people take to one after another.

    apply(v) = unit(v · W)

It is linear before the norm on purpose. A profile holds decayed sums of vectors, and (Σ aᵢ·vᵢ)·W = Σ aᵢ·(vᵢ·W): what is
kept can be turned as it is, and a running system can go over to a new adapter without reading an event again. (Items
are of unit length after it; in a turned sum each counts by the length it has after W and before that.) With fewer
columns than rows it also makes vectors shorter. Shapes: N vectors, D dimensions of the encoder, E after the adapter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError

Floats = NDArray[np.float32]

LABEL_DIGITS: Final = 12


@dataclass(frozen=True)
class Adapter:
    """base: label `<name>@<version>` of the encoder that it was learnt on. weights: float32 (D, E), finite."""

    base: str
    weights: Floats

    def __post_init__(self) -> None:
        """Raises UsageError for what is no matrix of finite numbers."""
        if self.weights.ndim != 2 or not self.weights.size or not np.isfinite(self.weights).all():
            raise UsageError("the adapter is no matrix of finite numbers; train it again: braid train")

    @property
    def dim(self) -> int:
        """E."""
        return int(self.weights.shape[1])

    @cached_property
    def label(self) -> str:
        """Names the space of its vectors: the base's label and a hash of the weights."""
        content = sha256(np.ascontiguousarray(self.weights, "<f4").tobytes() + str(self.weights.shape).encode())
        return f"{self.base}+adapter-{content.hexdigest()[:LABEL_DIGITS]}"

    def apply(self, vectors: NDArray[np.floating]) -> Floats:
        """Vectors or sums of vectors (N, D) -> float32 (N, E), unit rows; a zero row stays zero.

        >>> turned = Adapter("model@1", np.array([[0, 2], [2, 0]], np.float32)).apply(np.array([[3, 0], [0, 0]]))
        >>> turned.tolist()
        [[0.0, 1.0], [0.0, 0.0]]
        """
        # einsum, not BLAS, whose sums of one row depend on how many rows stand beside it.
        turned: Floats = np.einsum("nd,de->ne", vectors.astype(np.float32, copy=False), self.weights)
        norms = np.linalg.norm(turned, axis=1, keepdims=True)
        units: Floats = np.divide(turned, norms, out=np.zeros_like(turned), where=norms > 0.0)
        return units

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """For `np.savez`; `from_arrays` reads it back."""
        return {"base": np.array(self.base), "weights": self.weights}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[np.generic]]) -> Adapter:
        """Raises UsageError for arrays that `to_arrays` did not make."""
        if arrays.keys() != {"base", "weights"} or arrays["weights"].dtype.kind != "f":
            raise UsageError("not an adapter; train one: braid train")
        return Adapter(str(arrays["base"]), arrays["weights"].astype(np.float32))
