"""Copies a compacted topic to another one, record by record and key by key, with the values made anew.

At least once, in order for each key: the group's offset goes on only when the copies are confirmed, so whoever goes on
writes some of them again. A member that slept through the loss of its partitions may write an older value last; readers
drop a `revision` that is not above the one they have, as they do with `profiles`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from threading import Event
from typing import Any, Final, Literal, NamedTuple

import msgspec
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from streams.adapters.confirmed_writer import ConfirmedWriter, Written
from streams.errors import Unavailable
from streams.telemetry.mirror_metrics import MIRROR_BEHIND, MIRRORED

POLL_S: Final = 0.5
#: Small enough that a batch is confirmed long before the group takes its partitions for lost.
MAX_BATCH_RECORDS: Final = 500
HEADERS: Final = (("content-type", b"application/json"),)
_WRONG_USE: Final = frozenset({
    KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED,
})  # fmt: skip

Kind = Literal["profile", "deletion", "unreadable"]

_log = structlog.get_logger(__name__)


class Mirrored(NamedTuple):
    """What a run has copied and had confirmed, values and deletions, and what it could not read."""

    n_profiles: int
    n_deletions: int
    n_unreadable: int


class ProfileMirror:
    """One thread that copies; several processes share the partitions of the source.

    consumer: its configuration, which names the group. convert: a value to its copy; raises msgspec.DecodeError for one
    that it cannot read, which is left out and counted.
    """

    def __init__(
        self,
        consumer: Mapping[str, Any],
        writer: ConfirmedWriter,
        source: str,
        target: str,
        convert: Callable[[bytes], bytes],
    ) -> None:
        self._consumer = Consumer({**consumer, "enable.partition.eof": True, "log_level": 0})
        self._writer = writer
        self._source = source
        self._target = target
        self._convert = convert
        self._unread: set[int] | None = None
        self._owned: set[int] = set()
        self._counts: Counter[Kind] = Counter()

    @property
    def is_assigned(self) -> bool:
        """Whether the group has said which partitions are ours."""
        return self._unread is not None

    def run(self, stopping: Event, *, until_end: bool = False) -> Mirrored:
        """Copy until `stopping` is set, or with `until_end` until what was there is copied; then leave the group.

        Raises Unavailable when a copy is not confirmed or the source cannot be read; whoever goes on begins where the
        group stands.
        """
        self._consumer.subscribe([self._source], on_assign=self._assigned, on_revoke=self._revoked)
        try:
            while not stopping.is_set() and not (until_end and self._unread == set()):
                self._step()
        finally:
            self._consumer.close()
        return Mirrored(self._counts["profile"], self._counts["deletion"], self._counts["unreadable"])

    def _step(self) -> None:
        """Wait for one record, then take what else has arrived, so that a lone record is copied at once."""
        first = self._consumer.poll(POLL_S)
        if first is None:
            return
        records, ended = [], []
        for record in (first, *self._consumer.consume(MAX_BATCH_RECORDS - 1, 0)):
            error = record.error()
            if error is None:
                records.append(record)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                ended.append(record.partition() or 0)
            elif error.fatal() or error.code() in _WRONG_USE:
                raise Unavailable(f"topic {self._source}: {error.str()}; see `braid topics check`, docs/consume.md")
            else:
                _log.warning("mirror_waits", topic=self._source, why=error.str())
        # Taking more may have cost partitions: their next owner copies what was taken, and perhaps what follows, first.
        ours = [record for record in records if (record.partition() or 0) in self._owned]
        if ours:
            self._copy(ours)
            self._commit(ours)
        for partition in ended:
            # What lies behind the last record are marks of transactions.
            MIRROR_BEHIND.labels(partition).set(0)
            if self._unread:
                self._unread.discard(partition)

    def _copy(self, records: list[Message]) -> None:
        kinds: Counter[Kind] = Counter()
        copies = []
        for record in records:
            kind, copy = self._copied(record)
            kinds[kind] += 1
            if kind != "unreadable":
                copies.append(Written(self._target, record.key(), copy, HEADERS))
        if not all(self._writer.write(copies)):
            raise Unavailable(f"topic {self._target}: copies are not confirmed; start again, it goes on where it stood")
        for kind, n_records in kinds.items():
            MIRRORED.labels(kind).inc(n_records)
        self._counts += kinds

    def _copied(self, record: Message) -> tuple[Kind, bytes | None]:
        value = record.value()
        if value is None:
            return "deletion", None
        try:
            return "profile", self._convert(value)
        except msgspec.DecodeError as error:
            place = {"partition": record.partition(), "offset": record.offset()}
            _log.warning("mirror_cannot_read", topic=self._source, why=str(error), **place)
            return "unreadable", None

    def _commit(self, records: list[Message]) -> None:
        stands = {record.partition() or 0: (record.offset() or 0) + 1 for record in records}
        offsets = [TopicPartition(self._source, *stand) for stand in stands.items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            # The partitions are somebody else's by now, or the coordinator moves: what is copied is copied again.
            _log.warning("mirror_not_committed", topic=self._source, why=error.args[0].str())
        for partition, offset in stands.items():
            _, end = self._consumer.get_watermark_offsets(TopicPartition(self._source, partition), cached=True)
            MIRROR_BEHIND.labels(partition).set(max(end - offset, 0))

    def _assigned(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._owned = {each.partition for each in partitions}
        self._unread = set(self._owned)
        MIRROR_BEHIND.clear()  # what others copy now is theirs to tell
        _log.info("mirror_assigned", topic=self._source, partitions=sorted(self._unread))

    def _revoked(self, _: Consumer, partitions: list[TopicPartition]) -> None:
        self._owned -= {each.partition for each in partitions}
        for each in partitions:
            with suppress(KeyError):  # nothing was read of it yet
                MIRROR_BEHIND.remove(each.partition)
