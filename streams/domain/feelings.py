"""How people feel about what they write of: decayed sums of sentiment, over everything and by what is spoken of.

A text counts 1 when it is written and fades with the long half-life, so the sums add and age like everything else in an
account. Shares and means are made of them only when a profile is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from streams.domain.actions import Action
from streams.domain.profiles import EntitySentiment, Sentiment
from streams.domain.readings import FAINT, Reading
from streams.domain.states import FeelingState
from streams.domain.tags import KINDS

#: The key of all texts together.
EVERYTHING: Final = ""
#: What an account keeps beside EVERYTHING, the heaviest; like tags, these are order-free within the bound.
MAX_FEELINGS: Final = 32
MAX_PUBLISHED: Final = 8
#: What is less sure makes no tag and is not felt about.
SURE: Final = 0.5


class Said(msgspec.Struct, frozen=True, gc=False):
    """What an event's own words say. score: their sentiment in [-1, 1], None for words that are no opinion.

    tags: beside those of the event's item. felt: (`<kind>:<name>`, sentiment in [-1, 1]) of what is spoken of, each at
    most once.
    """

    score: float | None
    tags: tuple[str, ...] = ()
    felt: tuple[tuple[str, float], ...] = ()


class _Text(NamedTuple):
    """One text, see `add_said`."""

    unit: float
    at_s: float
    neutral_band: float


class FeltShare(NamedTuple):
    """One account's part of a view. scale: what its units are worth there."""

    feelings: Mapping[str, FeelingState]
    scale: float


def topics_of(reading: Reading) -> tuple[str, ...]:
    """Tags of the topics that a text is about for sure."""
    return tuple(f"topic:{hit.topic}" for hit in reading.topics if hit.score >= SURE)


def said_of(reading: Reading, action: Action | None = None) -> Said:
    """What counts of a reading: what it names for sure, each thing once, and the topics it is about.

    action: what the words came with; those of a search are no opinion.

    >>> from streams.domain.readings import Mention, TopicHit
    >>> said_of(Reading(0.4, (Mention("brand", 0, 4, "acme", 0.9, 0.8),), (TopicHit("cooking", 0.7),)))
    Said(score=0.4, tags=('topic:cooking', 'brand:acme'), felt=(('brand:acme', 0.8),))
    """
    named = [mention for mention in reading.mentions if mention.confidence >= SURE]
    is_opinion = action is None or action.words != "query"
    felt: dict[str, list[float]] = {}
    for mention in named:
        if mention.sentiment is not None and is_opinion:
            felt.setdefault(f"{mention.kind}:{mention.name}", []).append(mention.sentiment)
    tags = list(topics_of(reading))
    tags += [f"{mention.kind}:{mention.name}" for mention in named if mention.kind in KINDS]
    means = ((name, sum(scores) / len(scores)) for name, scores in felt.items())
    return Said(reading.sentiment if is_opinion else None, tuple(dict.fromkeys(tags)), tuple(means))


def add_said(
    feelings: dict[str, FeelingState], said: Said, unit: float, at_s: float, neutral_band: float = FAINT
) -> None:
    """Count one text, in place. unit: what 1 is, written at `at_s`, in the account's units.

    neutral_band: scores within ± this count as neutral.
    """
    if said.score is None:
        return
    text = _Text(unit, at_s, neutral_band)
    _add(feelings, EVERYTHING, said.score, text)
    for name, score in said.felt:
        _add(feelings, name, score, text)


def bounded(feelings: dict[str, FeelingState]) -> dict[str, FeelingState]:
    """The same, or its heaviest entries where there are too many."""
    if len(feelings) <= MAX_FEELINGS + 1:
        return feelings
    named = sorted(((name, felt) for name, felt in feelings.items() if name != EVERYTHING), key=_heaviest_first)
    return {EVERYTHING: feelings[EVERYTHING], **dict(named[:MAX_FEELINGS])}


def rescaled(feelings: dict[str, FeelingState], scale: float) -> None:
    """Take `scale` into the sums, in place, so that the account's units can begin anew."""
    for felt in feelings.values():
        felt.score *= scale
        felt.positive *= scale
        felt.neutral *= scale
        felt.negative *= scale


def sentiment_of(
    shares: Sequence[FeltShare], blocked: frozenset[str] = frozenset(), n_named: int = MAX_PUBLISHED
) -> Sentiment | None:
    """The published block of one or several accounts; None where nobody wrote anything.

    blocked: what the person does not want to see. n_named: how many things spoken of are told.
    """
    sums = _summed(shares)
    everything = sums.pop(EVERYTHING, None)
    if everything is None:
        return None
    for name in blocked:
        sums.pop(name, None)
    named = [
        EntitySentiment(name, kind, _mean(felt), felt.n, felt.last_s)
        for key, felt in sorted(sums.items(), key=_heaviest_first)[:n_named]
        for kind, _, name in [key.partition(":")]
    ]
    mass = _mass(everything) or 1.0
    return Sentiment(
        score=_mean(everything),
        positive=everything.positive / mass,
        neutral=everything.neutral / mass,
        negative=everything.negative / mass,
        n=everything.n,
        entities=named,
    )


def _add(feelings: dict[str, FeelingState], name: str, score: float, text: _Text) -> None:
    felt = feelings.get(name)
    if felt is None:
        felt = feelings[name] = FeelingState(0.0, 0.0, 0.0, 0.0, 0, text.at_s)
    felt.score += score * text.unit
    if score > text.neutral_band:
        felt.positive += text.unit
    elif score < -text.neutral_band:
        felt.negative += text.unit
    else:
        felt.neutral += text.unit
    felt.n += 1
    felt.last_s = max(felt.last_s, text.at_s)


def _summed(shares: Iterable[FeltShare]) -> dict[str, FeelingState]:
    sums: dict[str, FeelingState] = {}
    for feelings, scale in shares:
        for name, felt in feelings.items():
            known = sums.get(name)
            if known is None:
                known = sums[name] = FeelingState(0.0, 0.0, 0.0, 0.0, 0, felt.last_s)
            known.score += felt.score * scale
            known.positive += felt.positive * scale
            known.neutral += felt.neutral * scale
            known.negative += felt.negative * scale
            known.n += felt.n
            known.last_s = max(known.last_s, felt.last_s)
    return sums


def _mass(felt: FeelingState) -> float:
    return felt.positive + felt.neutral + felt.negative


def _mean(felt: FeelingState) -> float:
    mass = _mass(felt)
    return felt.score / mass if mass else 0.0


def _heaviest_first(entry: tuple[str, FeelingState]) -> tuple[float, str]:
    return -_mass(entry[1]), entry[0]
