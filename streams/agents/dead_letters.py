"""Dead letters as effects, the same for every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from streams.domain.dead_letters import DeadLetter
from streams.engine.effects import Outgoing
from streams.telemetry import metrics


def dead_letters(topic: str, letters: Sequence[DeadLetter]) -> list[Outgoing]:
    """At most one batch of records under their original keys."""
    if not letters:
        return []
    return [Outgoing(topic, [(letter.key, letter.encode()) for letter in letters])]


def count_dead_letters(letters: Sequence[DeadLetter]) -> None:
    """Count by stage and reason."""
    for (stage, reason), number in Counter((letter.stage, letter.reason) for letter in letters).items():
        metrics.DEAD_LETTERS.labels(stage, reason).inc(number)
