"""One assignment of one source partition: a new producer first, the restored state second, the marker third.

The order is the safety argument. After `init_transactions` nothing of an earlier owner becomes committed any more;
the restore then reads all that was; and only folds of that are written. So the committed changelog reads as if one
sequential writer had written it, whoever else believes to own the partition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import Producer

from streams.engine.faults import Fault
from streams.engine.recovery import ChangelogSource, Progress, restore, watermarks
from streams.engine.table import Marker, PartitionTable, TableStorage
from streams.engine.writers import TransactionalWriter
from streams.errors import CorruptState, NewerFormat


@dataclass(frozen=True)
class OwnerConfig:
    """What acquiring needs. topic_ids: of the source topics, empty where the broker tells none.

    state_format: what the stage writes, the newest that it reads.
    new_producer: how a client comes to be; the model of the protocol (tests) puts a log in memory behind it.
    """

    application: str
    stage: str
    producer_client: dict[str, object]
    timeout_s: float
    storage: TableStorage | None
    changelog: ChangelogSource | None
    topic_ids: dict[str, str]
    fault: Fault
    progress: Progress | None = None
    state_format: int = 1
    new_producer: Callable[..., Producer] = Producer


@dataclass
class OwnedPartition:
    """What its owner holds. next_offset: where the source resumes, None = no marker yet."""

    topic: str
    topic_id: str
    partition: int
    writer: TransactionalWriter
    table: PartitionTable | None
    changelog_topic: str | None
    next_offset: int | None
    expected_changelog: int
    n_restored: int = 0
    state_format: int = 1

    def marker_after(self, next_offset: int) -> Marker:
        """The marker that ends the transaction of a batch up to `next_offset`."""
        return Marker(self.topic, self.topic_id, next_offset, self.state_format)

    def release(self) -> None:
        """Close without writing: nothing that was not committed may become so now."""
        self.writer.close()
        if self.table is not None:
            self.table.close()


def acquire(config: OwnerConfig, topic: str, partition: int) -> OwnedPartition:
    """Become the owner. Blocks from 0.06 s to as long as the restore takes; runs in a thread.

    Raises CorruptState when state and topics contradict each other, NewerFormat when a newer release wrote the state,
    KafkaException or Retryable when the broker fails.
    """
    config.fault("assigned")
    writer = writer_of(config, topic, partition)
    writer.initialise()
    config.fault("initialised")
    topic_id = config.topic_ids.get(topic, "")
    owned = OwnedPartition(topic, topic_id, partition, writer, None, None, None, 0, state_format=config.state_format)
    if config.storage is not None and config.changelog is not None:
        owned.table = config.storage.open(partition)
        owned.changelog_topic = config.changelog.topic
        owned.n_restored = restore(config.changelog, partition, owned.table, config.progress)
        owned.expected_changelog = owned.table.changelog_next
        owned.next_offset = _resume_at(config, owned)
    config.fault("restored")
    return owned


def writer_of(config: OwnerConfig, topic: str, partition: int) -> TransactionalWriter:
    """A new writer under the one transactional id of the partition; it fences nobody yet."""
    transactional_id = f"{config.application}-{config.stage}-{topic}-{partition}"
    return TransactionalWriter(config.producer_client, transactional_id, config.timeout_s, config.new_producer)


def _resume_at(config: OwnerConfig, owned: OwnedPartition) -> int | None:
    assert owned.table is not None
    marker = owned.table.marker()
    if marker is None:
        return None
    if marker.state_format > config.state_format:
        raise NewerFormat(
            f"state of {owned.topic}[{owned.partition}] has format {marker.state_format}, this release reads up to "
            f"{config.state_format}: a newer release owned the partition. Run that one here too (docs/upgrade.md); "
            "nothing was changed, and nothing has to be deleted"
        )
    if marker.topic != owned.topic or (marker.topic_id and owned.topic_id and marker.topic_id != owned.topic_id):
        raise CorruptState(
            f"state of {owned.topic}[{owned.partition}] was built from another topic of that name: "
            f"a bare offset would skip new events. Delete the topic {owned.changelog_topic} and {owned.table.path}, "
            "then start again to rebuild from the events that are kept"
        )
    end = _end_offset(config, owned)
    if end < marker.next_offset:
        raise CorruptState(
            f"{owned.topic}[{owned.partition}] ends at {end}, before the applied offset {marker.next_offset}: "
            "events were lost by the broker (unclean election?) or the topic was recreated"
        )
    return marker.next_offset


def _end_offset(config: OwnerConfig, owned: OwnedPartition) -> int:
    assert config.changelog is not None
    return watermarks(config.changelog, owned.topic, owned.partition)[1]
