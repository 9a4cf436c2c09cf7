"""Dead letters as effects, the same for every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from streams.domain.dead_letters import DeadLetter, plain
from streams.engine.effects import Outgoing
from streams.telemetry import metrics

Keep = Callable[[DeadLetter], DeadLetter]
"""What becomes of a letter's original bytes: as they came, sealed, or none."""


def dead_letters(topic: str, letters: Sequence[DeadLetter], keep: Keep = plain) -> list[Outgoing]:
    """At most one batch of records, under their original keys where these are kept."""
    if not letters:
        return []
    kept = map(keep, letters)
    return [Outgoing(topic, [(letter.key, letter.encode()) for letter in kept])]


def count_dead_letters(letters: Sequence[DeadLetter]) -> None:
    """Count by stage and reason."""
    for (stage, reason), number in Counter((letter.stage, letter.reason) for letter in letters).items():
        metrics.DEAD_LETTERS.labels(stage, reason).inc(number)
