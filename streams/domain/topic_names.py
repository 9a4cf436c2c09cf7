"""What the topics are called: the one place where a prefix meets a name. Pure; sizes and policies live in `brokers`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from streams.domain.platforms import Platform, parse_platform

EVENTS = "events."
APPLICATION = "braid"
#: Where `braid mirror` copies the profiles to unless it is told another name; no topic of Braid's own.
PROFILES_JSON = "profiles-json"
#: The one partition that orders links; the embedded broker has more, and nothing may go there.
IDENTITY_PARTITION = 0
#: The one partition in which letters and erasures are in order: a letter may belong to several people.
DEAD_LETTERS_PARTITION = 0
#: Kafka allows 249 characters; the longest name without a prefix is `events.` and a platform of 32.
MAX_PREFIX_CHARS = 200
_PREFIX = re.compile(r"[A-Za-z0-9._-]*")


@dataclass(frozen=True)
class TopicNames:
    """Names under one prefix. Raises ValueError for a prefix that Kafka would refuse.

    >>> TopicNames("staging.").events("shop")
    'staging.events.shop'
    >>> TopicNames().profiles
    'profiles'
    """

    prefix: str = ""

    def __post_init__(self) -> None:
        if not _PREFIX.fullmatch(self.prefix) or len(self.prefix) > MAX_PREFIX_CHARS:
            raise ValueError(
                f"topic prefix {self.prefix!r}: use at most {MAX_PREFIX_CHARS} characters A-Z a-z 0-9 . _ -, "
                "for example 'staging.'"
            )

    def events(self, platform: str) -> str:
        """Where one platform publishes its events. Raises ValueError for a name that is no platform's."""
        return f"{self.prefix}{EVENTS}{parse_platform(platform)}"

    def platform_of(self, topic: str) -> Platform:
        """The platform whose events a topic carries; the inverse of `events`. Raises ValueError for other topics.

        >>> TopicNames("staging.").platform_of("staging.events.shop")
        'shop'
        """
        head = self.prefix + EVENTS
        if not topic.startswith(head):
            raise ValueError(f"topic {topic!r}: expected {head}<platform>")
        return parse_platform(topic[len(head) :])

    @property
    def application(self) -> str:
        """How everything begins that the stages are known by to the brokers: groups and transactional ids."""
        return f"{self.prefix}{APPLICATION}"

    def group_of(self, stage: str, generation: str = "") -> str:
        """The consumer group of a stage. generation: another one is another group, which begins anew.

        >>> TopicNames("staging.").group_of("profile"), TopicNames().group_of("catalogue", "a1")
        ('staging.braid-profile', 'braid-catalogue-a1')
        """
        return "-".join(filter(None, (self.application, stage, generation)))

    @property
    def items(self) -> str:
        """Items as platforms describe them, compacted."""
        return f"{self.prefix}items"

    @property
    def identity(self) -> str:
        """Link and unlink commands, one partition, in the order in which they apply."""
        return f"{self.prefix}identity"

    @property
    def user_events(self) -> str:
        """Cleaned events by user key."""
        return f"{self.prefix}user-events"

    @property
    def item_vectors(self) -> str:
        """Items with their vectors, compacted."""
        return f"{self.prefix}item-vectors"

    @property
    def identities(self) -> str:
        """Account key to user key, compacted."""
        return f"{self.prefix}identities"

    @property
    def identity_state(self) -> str:
        """Changelog of the identity stage, one partition, compacted, internal."""
        return f"{self.prefix}identity-state"

    @property
    def profiles(self) -> str:
        """The published profiles, compacted."""
        return f"{self.prefix}profiles"

    @property
    def profile_state(self) -> str:
        """Changelog of the profile stage, compacted, internal."""
        return f"{self.prefix}profile-state"

    @property
    def dead_letters(self) -> str:
        """Records that could not be applied, with their original bytes; one partition, compacted and deleted."""
        return f"{self.prefix}dead-letters"

    @property
    def letter_state(self) -> str:
        """Changelog of the stage `letters`, one partition, compacted, internal."""
        return f"{self.prefix}letter-state"

    @property
    def audit(self) -> str:
        """Who asked about whom, and what was refused."""
        return f"{self.prefix}audit"
