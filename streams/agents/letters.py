"""Stage `letters`: `dead-letters` → the end of those whose person was erased, in the same topic."""

from __future__ import annotations

from dataclasses import dataclass

from streams.domain.raw import RawRecord
from streams.domain.topic_names import DEAD_LETTERS_PARTITION, TopicNames
from streams.engine.effects import Effects, Keyed, Outgoing, StateReader
from streams.service.erase_letters import STAGE, ErasedLetters, LetterEraser, PreparedLetters
from streams.telemetry import metrics


@dataclass(slots=True)
class LetterBatch:
    """A batch on its way; erased: what it came to, once it is folded."""

    prepared: PreparedLetters
    erased: ErasedLetters | None = None


class LettersStage:
    """Deletes by key. What it writes comes back to it and says nothing new, so it comes to rest."""

    name = STAGE

    def __init__(self, eraser: LetterEraser, topics: TopicNames) -> None:
        self._eraser = eraser
        self._topic = topics.dead_letters

    def prepare(self, records: list[RawRecord]) -> LetterBatch:
        """Decode what matters."""
        return LetterBatch(self._eraser.prepare(records))

    def fold(self, prepared: LetterBatch, state: StateReader) -> Effects:
        """Null for each letter that goes, then the erasures that are not finished."""
        erased = prepared.erased = self._eraser.apply(prepared.prepared, state.get_many, state.scan)
        records: list[Keyed] = [(place, None) for place in erased.places]
        records += [(erasure.key, erasure.encode()) for erasure in erased.unfinished]
        outputs = [Outgoing(self._topic, records, DEAD_LETTERS_PARTITION)] if records else []
        return Effects(outputs, erased.states)

    def committed(self, prepared: LetterBatch) -> None:
        """Count what went."""
        metrics.UNREADABLE.labels(STAGE).inc(prepared.prepared.n_unreadable)
        if prepared.erased is not None:
            metrics.DEAD_LETTERS_ERASED.inc(len(prepared.erased.places))
