"""Warm copies: follows the changelog of partitions that others own, so that taking one over restores only the rest.

A copy is a `PartitionTable` like any other, read_committed and never written to by a fold; `keep` hands its folder over
to the owner-to-be. Turned on per worker (`BRAID_ENGINE__STANDBY`): each such worker holds a copy of everything.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress

import structlog
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from streams.engine.fatal import die
from streams.engine.recovery import ChangelogSource, key_of, offset_of
from streams.engine.table import PartitionTable, TableStorage
from streams.telemetry import metrics

_POLL_S = 0.1
_CHUNK = 2_000
_log = structlog.get_logger(__name__)


class Standby:
    """Follows a changeable set of partitions on a thread of its own."""

    def __init__(self, source: ChangelogSource, storage: TableStorage) -> None:
        self._source = source
        self._storage = storage
        self._tables: dict[int, PartitionTable] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._consumer = Consumer(
            {
                **source.client,
                "group.id": "braid-standby",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
            }
        )
        self._thread = threading.Thread(target=self._follow, name="standby", daemon=True)
        self._thread.start()

    def keep_all_but(self, owned: Iterable[int]) -> None:
        """Follow every partition of the changelog that is not owned here. Blocks for the broker's answer."""
        topic = self._consumer.list_topics(self._source.topic, timeout=self._source.no_progress_s)
        self.keep(set(topic.topics[self._source.topic].partitions) - set(owned))

    def keep(self, partitions: Iterable[int]) -> None:
        """Follow exactly these; the folders of all others are closed when this returns. Blocks up to 0.5 s."""
        wanted = set(partitions)
        with self._lock:
            for partition in set(self._tables) - wanted:
                self._tables.pop(partition).close()
                with suppress(KeyError):
                    metrics.STANDBY_LAG.remove(str(partition))
            for partition in wanted - set(self._tables):
                self._tables[partition] = self._storage.open(partition)
            self._consumer.assign(
                [
                    TopicPartition(self._source.topic, partition, table.changelog_next)
                    for partition, table in self._tables.items()
                ]
            )

    def stop(self) -> None:
        """Stop following and close everything."""
        self._stopped.set()
        self._thread.join()
        self.keep(())
        self._consumer.close()

    def _follow(self) -> None:
        try:
            self._follow_until_stopped()
        except BaseException as error:  # noqa: BLE001 - a copy that silently stops being warm is worse than a restart
            die("the standby ended", error)

    def _follow_until_stopped(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                n_taken = self._apply(self._consumer.consume(_CHUNK, _POLL_S)) if self._tables else 0
            if n_taken == 0:
                self._stopped.wait(_POLL_S)  # lets `keep` have the lock

    def _apply(self, messages: list[Message]) -> int:
        by_partition: dict[int, list[Message]] = {}
        for message in messages:
            error = message.error()
            if error is None:
                by_partition.setdefault(message.partition() or 0, []).append(message)
            elif error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                _log.warning("standby_waits", reason=error.str())
        for partition, records in by_partition.items():
            entries = ((key_of(record), record.value()) for record in records)
            next_offset = offset_of(records[-1]) + 1
            self._tables[partition].write(entries, next_offset)
            position = TopicPartition(self._source.topic, partition)
            _, end = self._consumer.get_watermark_offsets(position, cached=True)
            metrics.STANDBY_LAG.labels(str(partition)).set(max(0, end - next_offset))
        return len(messages)
