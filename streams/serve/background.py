"""How close an encoder thinks unrelated texts are: the zero of its scale, which differs from model to model."""

from __future__ import annotations

from typing import Final

import numpy as np

from streams.ports import Encoder
from streams.service.tastes import Adapt, as_encoded

#: Short item texts that have nothing to do with each other, in the two languages the demo speaks.
UNRELATED: Final = (
    "Cast iron frying pan",
    "Quarterly inflation figures of the central bank",
    "Beginner's guide to the violin",
    "Waterproof trail running shoes",
    "Kitten learns to climb the stairs",
    "Weekend trip to Lisbon",
    "Graphics card for a gaming computer",
    "Organic baby food, pumpkin",
    "Champions League final highlights",
    "How vaccines are tested",
    "儿童绘本 恐龙的故事",
    "川菜 麻婆豆腐 做法",
    "二手房 贷款 利率",
    "古典吉他 独奏 专辑",
    "新能源汽车 充电桩",
    "瑜伽垫 加厚 防滑",
)


def background_of(encoder: Encoder, adapt: Adapt = as_encoded) -> float:
    """Mean cosine of unrelated texts, in [0, 1); one encoder call. The same for a model version wherever it runs.

    adapt: to the space that is asked about.
    """
    vectors = adapt(encoder.encode(UNRELATED).vectors)
    cosines = vectors @ vectors.T
    pairs = cosines[np.triu_indices(len(UNRELATED), 1)]
    # Two digits: rounding of another processor must not change a ranking.
    return min(max(round(float(pairs.mean()), 2), 0.0), 0.95)
