"""A double for the sentiment port: counts a few dozen words, turns what is negated. For tests of who is felt about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_GOOD = [
    "love",
    "loves",
    "loved",
    "like",
    "enjoyed",
    "great",
    "excellent",
    "good",
    "perfect",
    "beautiful",
    "better",
    "comfortable",
    "clean",
    "friendly",
    "很好",
    "不错",
    "清晰",
    "干净",
    "漂亮",
    "好用",
    "精彩",
    "很快",
    "满意",
    "舒服",
    "好喝",
    "好吃",
    "新鲜",
]
_BAD = [
    "hate",
    "hates",
    "hated",
    "terrible",
    "awful",
    "horrible",
    "broken",
    "slow",
    "poor",
    "bad",
    "rude",
    "dirty",
    "useless",
    "boring",
    "太慢",
    "太贵",
    "太差",
    "难吃",
    "太脏",
    "破了",
    "差",
    "太吵",
    "很差",
    "无聊",
    "不好",
    "不清晰",
]
_NOT = re.compile(r"(?:\bnot (?:a )?|\bno |一点也不|不)$")
_WORDS = re.compile("|".join(rf"\b{w}\b" if w.isascii() else w for w in sorted((*_GOOD, *_BAD), key=len, reverse=True)))


def plain_sentiment(texts: Sequence[str], vectors: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Float32 (N,) in [-1, 1]: the mean of the words' signs, zero without any."""
    return np.array([_of(text.lower()) for text in texts], np.float32)


def _of(text: str) -> float:
    signs = []
    for found in _WORDS.finditer(text):
        sign = 1.0 if found[0] in _GOOD else -1.0
        signs.append(-sign if _NOT.search(text[: found.start()]) else sign)
    return sum(signs) / len(signs) if signs else 0.0
