"""The latest records of the audit, read when somebody asks."""

from __future__ import annotations

from time import monotonic
from typing import Final

import msgspec

from streams.domain.audit_records import AuditRecord, decode_audit
from streams.domain.raw import RawRecord
from streams.service.topic_reading import Span, Topics

READ_S: Final = 5.0
MAX_RECORDS: Final = 2_000


class AuditReader:
    """Meets `console.parts.AuditLog`. topic: `audit`."""

    def __init__(self, topics: Topics, topic: str) -> None:
        self._topics = topics
        self._topic = topic

    def latest(self, n_records: int = MAX_RECORDS) -> list[AuditRecord]:
        """At most that many of each partition's newest, newest first of all. Raises Unavailable."""
        records: list[AuditRecord] = []
        give_up_at_s = monotonic() + READ_S
        with self._topics.open() as reading:
            kept = reading.kept(self._topic).items()
            spans = {partition: Span(max(span.begin, span.end - n_records), span.end) for partition, span in kept}
            for batch in reading.read(self._topic, spans):
                records += [record for raw in batch if (record := _readable(raw)) is not None]
                if monotonic() >= give_up_at_s:
                    break
        return sorted(records, key=lambda record: -record.at)[:n_records]


def _readable(raw: RawRecord) -> AuditRecord | None:
    try:
        return None if raw.value is None else decode_audit(raw.value)
    except msgspec.DecodeError:
        return None
