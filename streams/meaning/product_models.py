"""Models behind brands and numbers behind product lines: Sony WH-1000XM5, 华为Mate60, iPhone 15 Pro."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from streams.domain.readings import Mention

#: As sure as a pattern gets; a brand that is less sure makes a model that is less sure.
BY_PATTERN: Final = 0.85

_TAIL: Final = r"(?: ?(?:Pro|Max|Plus|Ultra|Mini|SE|Air|Lite|pro|max|plus|ultra)\b)"
#: What makes a number an amount and no model: "iPhone 6 days ago", "iPad 32GB", 三星 55寸.
_UNIT: Final = (
    r"GB|gb|G\b|inch|inches|\"|days?\b|hours?\b|months?\b|years?\b|times\b|stars?\b|%"
    r"|寸|英寸|天|个|元|块|年|月|日|号|台|部|次|小时|分钟|折|星"
)
_MODEL: Final = re.compile(rf"[ -]?[A-Za-z]{{1,5}}-?\d[A-Za-z\d]{{0,8}}(?:-[A-Za-z\d]{{1,8}})?{_TAIL}*")
_NUMBER: Final = re.compile(rf" ?\d{{1,3}}[a-zA-Z]?(?![\d.,]|\s?(?:{_UNIT})){_TAIL}*")
_TAILS: Final = re.compile(rf"{_TAIL}+")


def with_model(text: str, mention: Mention, *, is_line: bool) -> Iterator[Mention]:
    """The mention, and what stands behind it: a model is a product beside its brand, a number is part of its line.

    is_line: the mention is a product line, written as a name (iPhone).
    """
    model = None
    if mention.kind == "brand":
        model = _MODEL.match(text, mention.end)
    elif is_line:
        model = _NUMBER.match(text, mention.end) or _MODEL.match(text, mention.end) or _TAILS.match(text, mention.end)
    if model is None:
        yield mention
        return
    name = f"{mention.name} {model[0].strip(' -').lower()}"
    confidence = min(mention.confidence, BY_PATTERN)
    if mention.kind == "brand":
        yield mention
        yield Mention("product", model.end() - len(model[0].lstrip(" -")), model.end(), name, confidence)
    else:
        yield Mention("product", mention.start, model.end(), name, confidence)
