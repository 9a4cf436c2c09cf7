"""A linear layer whose weights lie in the layout the processor's matrix kernels want.

oneDNN otherwise reorders the weights on every call, and runs GELU and the residual sum as passes of their own. The
operators are the ones torch.compile emits; they are private to torch, so a build without them gets the plain layer.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F  # noqa: N812

Activation = Literal["none", "gelu"]


class Linear:
    """y = activation(x W' + b) (+ residual): x (T, I) -> (T, O), in the dtype of the weights."""

    __slots__ = ("_bias", "_packed", "_weight")

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, *, n_rows: int) -> None:
        """Weight (O, I), bias (O,); n_rows: the usual T, for which the layout is chosen."""
        self._bias = bias.contiguous()
        self._packed = weight.device.type == "cpu" and has_prepacking()
        self._weight = weight.contiguous()
        if self._packed:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(self._weight, n_rows)  # noqa: SLF001

    def __call__(self, x: torch.Tensor, activation: Activation = "none") -> torch.Tensor:
        """Activation(x W' + b)."""
        if self._packed:
            algorithm = "none" if activation == "gelu" else ""
            packed: torch.Tensor = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001
                x, self._weight, self._bias, activation, [], algorithm
            )
            return packed
        y = F.linear(x, self._weight, self._bias)
        return F.gelu(y) if activation == "gelu" else y

    def plus(self, x: torch.Tensor, residual: torch.Tensor) -> torch.Tensor:
        """X W' + b + residual."""
        if self._packed:
            packed: torch.Tensor = torch.ops.mkldnn._linear_pointwise.binary(  # noqa: SLF001
                x, residual, self._weight, self._bias, "add"
            )
            return packed
        return F.linear(x, self._weight, self._bias) + residual


def has_prepacking() -> bool:
    """Whether this build of torch carries the operators."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        return hasattr(torch.ops.mkldnn._linear_pointwise, "binary") and hasattr(  # noqa: SLF001
            torch.ops.mkldnn,
            "_reorder_linear_weight",
        )
    except (AttributeError, RuntimeError):
        return False
