"""What the gate would say of a dead letter now: the same code that refused it, on the same bytes, writing nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from streams.domain.dead_letters import DeadLetter
from streams.domain.envelopes import Decode
from streams.domain.limits import IngestLimits
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.errors import InvalidEvent
from streams.ports import Clock
from streams.service.hand_over import decode_handover, is_handover
from streams.service.identity_gate import IdentityGate
from streams.service.item_gate import decode_item
from streams.service.normalise import Normaliser
from streams.service.update_profiles import decode_event

Outcome = Literal["accepted", "refused", "late", "ignored", "without_consent", "unknown_topic", "no_bytes"]


class Verdict(msgspec.Struct, frozen=True):
    """outcome: what would become of the record; no_bytes: sealed or not kept. reason, detail: of a refusal."""

    outcome: Outcome
    reason: str = ""
    detail: str = ""


class LetterTrials:
    """normaliser, identity: made anew for each trial, so that mapping files count as they are now. items: their gate.

    Raises UsageError for settings and files that are not as they should be.
    """

    def __init__(
        self,
        names: TopicNames,
        normaliser: Callable[[], Normaliser],
        identity: Callable[[], IdentityGate],
        items: tuple[IngestLimits, Decode],
        clock: Clock,
    ) -> None:
        self._names = names
        self._normaliser = normaliser
        self._identity = identity
        self._items = items
        self._clock = clock

    def of(self, letters: Sequence[DeadLetter]) -> list[Verdict]:
        """One a letter, as if its record arrived now. letters: with their original bytes, opened."""
        normaliser = self._normaliser()
        return [self._verdict(normaliser, letter) for letter in letters]

    def _verdict(self, normaliser: Normaliser, letter: DeadLetter) -> Verdict:
        if letter.original != "plain":
            return Verdict("no_bytes")
        now_s, headers = self._clock.now_s(), letter.headers_again
        record = RawRecord(letter.value, headers, now_s, letter.topic, letter.partition, letter.offset, letter.key)
        try:
            return self._judged(normaliser, record)
        except InvalidEvent as error:
            return Verdict("refused", error.reason, error.detail)

    def _judged(self, normaliser: Normaliser, record: RawRecord) -> Verdict:
        if record.topic == self._names.user_events:
            decode_handover(record) if record.headers and is_handover(record) else decode_event(record)
        elif record.topic == self._names.identity:
            self._identity().read(record)
        elif record.topic == self._names.items:
            limits, decode = self._items
            decode_item(record, limits, decode)
        else:
            return self._of_platform(normaliser, record)
        return Verdict("accepted")

    def _of_platform(self, normaliser: Normaliser, record: RawRecord) -> Verdict:
        try:
            platform = self._names.platform_of(record.topic)
        except ValueError:
            return Verdict("unknown_topic")
        batch = normaliser.normalise([record], platform)
        if batch.dead:
            return Verdict("refused", batch.dead[0].reason, batch.dead[0].detail)
        if batch.events:
            return Verdict("accepted")
        return Verdict("late" if batch.n_late else "without_consent" if batch.n_refused else "ignored")
