"""`streams.domain.interests.closest_pairs` as machine code: the same pairs, digit by digit, sooner."""

from __future__ import annotations

import math

import numpy as np

from streams.domain.interests import Pairs, Products, closest_pairs
from streams.ranking.compiled import compiled


@compiled
def compiled_pairs(products: Products, threshold: float) -> Pairs:
    """See `closest_pairs`."""
    n = len(products)
    products = products.copy()
    inverse_norms, closeness = np.zeros(n), np.zeros((n, n))
    for at in range(n):
        inverse_norms[at] = 1.0 / math.sqrt(products[at, at]) if products[at, at] > 0.0 else 0.0
    for at in range(n):
        for other in range(at + 1, n):
            closeness[at, other] = products[at, other] * inverse_norms[at] * inverse_norms[other]
    alive = np.arange(n)
    pairs = np.zeros((n, 2), np.int64)
    n_pairs = 0
    while len(alive) > 1:
        closest, first, second = -math.inf, 0, 0
        for at in range(len(alive)):
            for further in range(at + 1, len(alive)):
                if closeness[alive[at], alive[further]] > closest:
                    closest, first, second = closeness[alive[at], alive[further]], alive[at], alive[further]
        if closest < threshold:
            break
        pairs[n_pairs, 0], pairs[n_pairs, 1] = first, second
        n_pairs += 1
        alive = alive[alive != second]
        products[first] += products[second]
        products[first, first] += products[first, second]
        products[:, first] = products[first]
        norm = math.sqrt(products[first, first])
        inverse_norms[first] = 1.0 / norm if norm > 0.0 else 0.0
        for other in alive:
            close = products[first, other] * inverse_norms[other] * inverse_norms[first]
            closeness[min(first, other), max(first, other)] = close
    return pairs[:n_pairs]


def pairs(products: Products, threshold: float) -> Pairs:
    """The compiled ones once there is machine code, the same ones slower before."""
    return compiled_pairs(products, threshold) if _is_warm else closest_pairs(products, threshold)


def warm() -> None:
    """Make the machine code, or load it."""
    global _is_warm  # noqa: PLW0603 - the process has machine code or not
    compiled_pairs(np.eye(2), 0.5)
    _is_warm = True


_is_warm = False
