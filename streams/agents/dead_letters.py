"""Dead letters as effects, the same for every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from streams.domain.dead_letters import DeadLetter, plain
from streams.domain.letter_erasures import LetterErasure
from streams.domain.letter_owners import owner_of
from streams.domain.topic_names import DEAD_LETTERS_PARTITION
from streams.engine.effects import Outgoing
from streams.telemetry import metrics

Keep = Callable[[DeadLetter], DeadLetter]
"""What a letter keeps of the record: whose it is, and the original bytes as they came, sealed, or not at all."""


def dead_letters(topic: str, letters: Sequence[DeadLetter], keep: Keep = plain) -> list[Outgoing]:
    """At most one batch of records, each under its letter's place."""
    if not letters:
        return []
    kept = map(keep, letters)
    return [Outgoing(topic, [(letter.place, letter.encode()) for letter in kept], DEAD_LETTERS_PARTITION)]


def letter_erasures(topic: str, erased: Iterable[tuple[str, float]]) -> list[Outgoing]:
    """The word that accounts were erased, with the time until which; at most one batch of records."""
    said = [LetterErasure(owner_of(account), until_s) for account, until_s in erased]
    if not said:
        return []
    return [Outgoing(topic, [(erasure.key, erasure.encode()) for erasure in said], DEAD_LETTERS_PARTITION)]


def count_dead_letters(letters: Sequence[DeadLetter]) -> None:
    """Count by stage and reason."""
    for (stage, reason), number in Counter((letter.stage, letter.reason) for letter in letters).items():
        metrics.DEAD_LETTERS.labels(stage, reason).inc(number)
