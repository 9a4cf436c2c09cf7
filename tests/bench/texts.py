"""Words of the benchmark's events. A module of its own, so that every engine can warm its caches with them."""

from __future__ import annotations

import numpy as np

WORDS = [
    "light", "merino", "running", "trail", "wool", "cotton", "vintage", "leather", "ceramic", "smart", "wireless",
    "compact", "travel", "winter", "summer", "organic", "classic", "premium", "soft", "bright", "deep", "quiet",
    "folding", "steel", "oak", "glass", "linen", "graphite", "amber", "coral", "slate",
]  # fmt: skip
N_REVIEWS = 2_000
REVIEW_WORDS = 24


def reviews(seed: int = 3) -> list[str]:
    """What people write, each text often."""
    rng = np.random.default_rng(seed)
    return [" ".join(str(word) for word in rng.choice(WORDS, REVIEW_WORDS)) for _ in range(N_REVIEWS)]


def varied(n_texts: int, seed: int = 3) -> list[str]:
    """Texts of as unequal lengths as reviews of products have: half below 67 words, a twentieth above 250."""
    rng = np.random.default_rng(seed)
    n_words = np.maximum(rng.lognormal(4.2, 0.8, n_texts), 1).astype(int)
    return [" ".join(rng.choice(WORDS, n)) for n in n_words]


def of_length(n_texts: int, n_words: int, seed: int = 3) -> list[str]:
    """Texts of one length."""
    return [" ".join(words) for words in np.random.default_rng(seed).choice(WORDS, (n_texts, n_words))]
