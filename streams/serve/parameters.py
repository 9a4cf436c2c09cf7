"""Parameters of the routes, each with its bounds; FastAPI checks them and writes them into the API description."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query

from streams.domain.sentences import Language
from streams.service.history import MAX_STEPS
from streams.service.recommendations import DEFAULT_DIVERSITY, MAX_K, Ask

DEFAULT_K = 10
MAX_NAME_CHARS = 128
MAX_ID_CHARS = 512
PLATFORM_PATTERN = r"^[a-z][a-z0-9_-]{0,31}$"
PROFILE_ID_PATTERN = r"^[!-~]{1,128}$"

ProfileId = Annotated[str, Path(pattern=PROFILE_ID_PATTERN, description="The id that profiles are published under.")]
PlatformPath = Annotated[str, Path(pattern=PLATFORM_PATTERN, description="A platform, for example `shop`.")]
AccountPath = Annotated[str, Path(min_length=1, max_length=MAX_ID_CHARS, description="The platform's own user id.")]
ItemPath = Annotated[str, Path(min_length=1, max_length=MAX_ID_CHARS, description="The platform's own item id.")]
PlatformFilter = Annotated[str | None, Query(pattern=PLATFORM_PATTERN, description="Only items of this platform.")]
CategoryFilter = Annotated[str | None, Query(max_length=MAX_NAME_CHARS, description="Only items of this category.")]
K = Annotated[int, Query(ge=1, le=MAX_K, description="Most items in the answer.")]
Explain = Annotated[bool, Query(description="Say for each item why it is there.")]
Diversity = Annotated[float, Query(ge=0.0, le=1.0, description="0: the best items, whatever they have in common.")]
WithVectors = Annotated[bool, Query(description="Include vectors, as base64 of float16.")]
InLanguage = Annotated[Language, Query(description="Of the sentences; titles stay as the platforms write them.")]
Steps = Annotated[int, Query(ge=1, le=MAX_STEPS, description="The latest so many deeds.")]


def asked(
    platform: PlatformFilter = None,
    category: CategoryFilter = None,
    k: K = DEFAULT_K,
    explain: Explain = False,
    diversity: Diversity = DEFAULT_DIVERSITY,
) -> Ask:
    """The query of a request for recommendations."""
    return Ask(platform, category, k, explain, diversity)
