"""Whom an event is of, what they allow, and what their profile makes of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from streams.domain.sensitive import DEFAULT_TERMS
from streams.settings.group import Group


class Pseudonym(Group):
    """How platform user ids are hidden."""

    key: SecretStr = Field(
        SecretStr(""), description="Secret of 16-64 bytes for account keys; the same on every worker and serve."
    )
    previous_keys: tuple[SecretStr, ...] = Field(
        (), description="Secrets before it, newest first, while it takes their place: see docs/privacy.md."
    )


class Identity(Group):
    """Which accounts may become one person."""

    max_accounts: int = Field(1_000, ge=1, description="Most accounts of one person; a link beyond it is refused.")
    max_joined: dict[Literal["userid", "email", "phone", "device"], Annotated[int, Field(ge=1)]] = Field(
        {"userid": 100, "email": 20, "phone": 10, "device": 5},
        description="Accounts that one identifier may join, by kind; beyond it people share it and it links nobody.",
    )
    unique_kinds: tuple[Literal["userid", "email", "phone", "device"], ...] = Field(
        ("userid",), description="Identifiers of which a person has at most one; a link that would join two is refused."
    )
    placeholders: tuple[str, ...] = Field((), description="Values that say nothing, beside the built-in ones.")
    blocked: tuple[str, ...] = Field(
        (), description="Identifiers that link nobody: `<kind>:<value>` or `<kind>#<keyed hash>`."
    )


class Consent(Group):
    """What holds while a person said nothing about a purpose."""

    profile: bool = Field(True, description="Keep what people do and fold it into profiles.")
    recommend: bool = Field(True, description="Choose for people by their profiles.")
    train: bool = Field(True, description="Learn from profiles.")
    share: bool = Field(False, description="Hand profiles to others.")


class Profile(Group):
    """How events become profiles."""

    short_half_life_days: float = Field(2, gt=0, description="Half-life of the short-horizon vector.")
    long_half_life_days: float = Field(60, gt=0, description="Half-life of the long-horizon vector and of tags.")
    action_weights: dict[str, float] = Field(
        {}, description='Overrides of the weights by action, for example `{"product.viewed": 0.5}`.'
    )
    action_half_lives_days: dict[str, float] = Field(
        {},
        description="Half-lives of their own by action, in place of the long one, for example "
        '`{"product.viewed": 7, "order.completed": 180}`: at most 8 different ones.',
    )
    platform_weights: dict[str, float] = Field(
        {"ads": 0.0},
        description="Share of each platform in the unified view, 1 where not named; ads, where not named, 0: they move "
        "only their own block. "
        "Actions of the facet `ads` move `ads` and platforms of share 0, and are only counted elsewhere.",
    )

    @field_validator("platform_weights")
    @classmethod
    def _keep_ads_apart(cls, weights: dict[str, float]) -> dict[str, float]:
        """Who names another platform has not said that advertisements speak for people."""
        return {"ads": 0.0, **weights}

    recent_events: int = Field(20, ge=1, le=500, description="Latest events kept per account as evidence.")
    dedup_ids: int = Field(4096, ge=16, le=100_000, description="Latest event ids kept per account to drop repeats.")
    max_tags: int = Field(
        128, ge=4, le=1_000, description="Tags kept per account, and per half-life that actions have of their own."
    )
    max_edges: int = Field(16, ge=0, le=1_000, description="Relations kept per account, the heaviest; 0 keeps none.")
    idle_days: float = Field(
        400, ge=0, description="A profile that nothing came for in so many days is let go; 0 keeps all."
    )
    sensitive_tags: tuple[str, ...] = Field(
        DEFAULT_TERMS,
        description="Words and phrases; tags that hold one are never made (health, faith, politics, sexuality, origin, "
        "trade unions). Set it to replace the list of streams/domain/sensitive.py.",
    )
    published_tags: int = Field(12, ge=1, le=200, description="Tags in the published profile and platform blocks.")


class Meaning(Group):
    """How the words that people write are read; see `docs/meaning.md`."""

    read: bool = Field(True, description="Read sentiment, names and topics; false leaves words to the encoder alone.")
    taxonomy: str = Field("", description="TOML file of topics in place of the packaged one; empty = packaged.")
    lexicons: str = Field("", description="Folder of TOML files with further names; empty = the packaged ones alone.")


class Segments(Group):
    """Groups of people by rule."""

    file: str = Field("", description="TOML file of segments (`docs/segments.md`); empty = none.")


class Intent(Group):
    """When the latest session is about buying, comparing or browsing; units are in `docs/profiles.md`."""

    session_gap_minutes: float = Field(30, gt=0, description="A pause of this length ends a session.")
    buy: float = Field(1.0, gt=0, description="Steps to a purchase that make it the intent; a thing in the cart is 1.")
    compare: float = Field(2.0, gt=0, description="Things of a kind looked at, beyond the first, that compare.")


class Guards(Group):
    """How much one account may move a profile; see `docs/guards.md`."""

    window_hours: float = Field(24, gt=0, description="Span of event time that the bounds are for.")
    most: float = Field(
        400, gt=0, description="Weight an account may bring in a window, in each direction: a like is 3, a purchase 8."
    )
    most_alike: float = Field(40, gt=0, description="Of it, about one item, or with one text where there is no item.")
