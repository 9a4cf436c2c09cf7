"""Names of platforms: the part of a topic after `events.` and the first part of an event's type."""

from __future__ import annotations

import re
from typing import Final, NewType

Platform = NewType("Platform", str)

BUILT_IN: tuple[Platform, ...] = tuple(
    Platform(name) for name in ("shop", "video", "social", "news", "music", "travel", "ads")
)
#: What happens there says nothing about what people choose to read.
AD_PLATFORMS: Final = frozenset({"ads"})
_PATTERN = re.compile(r"[a-z][a-z0-9_-]{0,31}")


def parse_platform(name: str) -> Platform:
    """A checked platform name. Raises ValueError.

    >>> parse_platform("shop")
    'shop'
    """
    if not _PATTERN.fullmatch(name):
        raise ValueError(f"platform {name!r}: use 1-32 characters a-z 0-9 _ -, a letter first")
    return Platform(name)
