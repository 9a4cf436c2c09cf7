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
