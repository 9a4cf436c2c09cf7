"""What each tool takes, with the bounds of the HTTP parameters. Descriptions are read by assistants."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, Field

from streams.domain.sentences import Language
from streams.serve.item_routes import MAX_TEXT_CHARS
from streams.serve.parameters import DEFAULT_K, MAX_ID_CHARS, MAX_NAME_CHARS, PLATFORM_PATTERN, PROFILE_ID_PATTERN
from streams.service.recommendations import DEFAULT_DIVERSITY

#: Fewer than over HTTP: an answer is read whole, by a model that pays for every word.
MAX_ITEMS: Final = 50
DEFAULT_ENTRIES: Final = 20
MAX_ENTRIES: Final = 200
#: Arguments that name a platform which must be known here.
PLATFORM_ARGUMENTS: Final = ("platform", "account_platform")

PlatformName = Annotated[str | None, Field(pattern=PLATFORM_PATTERN, description="Only items of this platform.")]
CategoryName = Annotated[str | None, Field(max_length=MAX_NAME_CHARS, description="Only items of this category.")]
Count = Annotated[int, Field(ge=1, le=MAX_ITEMS, description="Most items in the answer.")]


class OfPerson(BaseModel, extra="forbid"):
    """A person, by profile id or by an account: one of the two."""

    profile_id: str | None = Field(
        None, pattern=PROFILE_ID_PATTERN, description="The id that the profile is published under."
    )
    account_platform: str | None = Field(
        None, pattern=PLATFORM_PATTERN, description="Instead of profile_id, with account: the platform of an account."
    )
    account: str | None = Field(
        None, min_length=1, max_length=MAX_ID_CHARS, description="The platform's own id of the person there."
    )


class ProfileArguments(OfPerson):
    """Of `profile`."""

    max_entries: int = Field(
        DEFAULT_ENTRIES, ge=1, le=MAX_ENTRIES, description="Most entries of each list; `left_out` counts the others."
    )


class HistoryArguments(OfPerson):
    """Of `history`."""

    language: Language = Field("en", description="Of the sentences; titles stay as the platforms write them.")
    n: int = Field(DEFAULT_ENTRIES, ge=1, le=MAX_ENTRIES, description="The latest so many deeds.")


class RecommendArguments(OfPerson):
    """Of `recommend`."""

    platform: PlatformName = None
    category: CategoryName = None
    k: Count = DEFAULT_K
    explain: bool = Field(False, description="Say for each item why it is there.")
    diversity: float = Field(
        DEFAULT_DIVERSITY, ge=0.0, le=1.0, description="0: the best items, whatever they have in common."
    )


class WhyItemArguments(OfPerson):
    """Of `why_item`."""

    item_platform: str = Field(pattern=PLATFORM_PATTERN, description="The platform of the item.")
    item_id: str = Field(min_length=1, max_length=MAX_ID_CHARS, description="The platform's own id of the item.")
    platform: PlatformName = None
    category: CategoryName = None
    k: Count = DEFAULT_K


class SearchArguments(BaseModel, extra="forbid"):
    """Of `search_items`."""

    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS, description="What to look for, in any language.")
    platform: PlatformName = None
    category: CategoryName = None
    k: Count = DEFAULT_K
