"""What a text says, as the fold may use it: its sentiment, what it names, what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

MentionKind = Literal["brand", "product", "color", "person", "place", "aspect"]

MENTION_KINDS: Final[tuple[MentionKind, ...]] = ("brand", "product", "color", "person", "place", "aspect")

#: Sentiments below this, of either sign, say little: neither likes nor dislikes.
FAINT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in a text that names something.

    start, end: characters of the text as given. name: the normal form, one for all spellings and both languages.
    confidence: in (0, 1], how often such a mention is right (docs/meaning.md says where that was counted).
    sentiment: in [-1, 1], of what is said about it; None where nobody asked.
    """

    kind: MentionKind
    start: int
    end: int
    name: str
    confidence: float
    sentiment: float | None = None


@dataclass(frozen=True, slots=True)
class TopicHit:
    """A topic that a text is about. topic: its id in the taxonomy. score: in (0, 1]."""

    topic: str
    score: float


@dataclass(frozen=True, slots=True)
class Reading:
    """sentiment: in [-1, 1], of the whole text. mentions: by place. topics: strongest first, at most three."""

    sentiment: float = 0.0
    mentions: tuple[Mention, ...] = ()
    topics: tuple[TopicHit, ...] = ()
