"""Where the stages stand, as the brokers know it: committed offsets of their groups, ends of their logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from confluent_kafka import ConsumerGroupState, ConsumerGroupTopicPartitions, IsolationLevel, KafkaException
from confluent_kafka import TopicPartition as KafkaPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # public, not in __all__

from streams.adapters.record_reader import Place, RecordReader
from streams.errors import Unavailable
from streams.ports import Clock
from streams.service.flow import StageStand

REQUEST_S: Final = 2.0
Partition = tuple[str, int]
Offsets = dict[Partition, int]


@dataclass(frozen=True)
class StageSource:
    """What a stage reads, as which consumer group.

    generations: how the groups of all its generations begin; the one that somebody works in counts, `group` where a
    broker does not say. Empty: it has no generations.
    """

    topics: Sequence[str]
    group: str
    generations: str = ""


class KafkaStands:
    """Meets `console.operations_parts.Stands`, for one thread. config: a client's. stages: by name."""

    def __init__(
        self, config: Mapping[str, Any], reader: RecordReader, stages: Mapping[str, StageSource], clock: Clock
    ) -> None:
        self._config = {**config, "log_level": 0}
        self._admin: AdminClient | None = None
        self._reader = reader
        self._stages = stages
        self._clock = clock
        #: Broker's time of the first record at a place, while a stage stays there.
        self._times: dict[Place, float] = {}
        #: Places with ends of logs behind which there is no record: the ends of transactions take offsets of their own.
        self._empty: dict[Place, int] = {}
        #: Places that were not read in time, with when they were looked for first.
        self._sought: dict[Place, float] = {}

    def read(self) -> list[StageStand]:
        """One stand a stage, in their order. Raises Unavailable when the brokers do not answer."""
        try:
            admin = self._admin = self._admin or AdminClient(self._config)
            return self._read(admin)
        except KafkaException as error:
            raise Unavailable(f"the brokers do not say where the stages stand ({error})") from error

    def close(self) -> None:
        """Leave the cluster."""
        self._reader.close()

    def _read(self, admin: AdminClient) -> list[StageStand]:
        known = admin.list_topics(timeout=REQUEST_S).topics
        partitions = {
            stage: [(topic, number) for topic in source.topics if topic in known for number in known[topic].partitions]
            for stage, source in self._stages.items()
        }
        everything = [each for found in partitions.values() for each in found]
        begins = _ends(admin, everything, OffsetSpec.earliest)
        # Asked before the ends: what comes between makes a stage look a little behind, never ahead.
        stood = {
            stage: {each: max(offset, begins[each]) for each, offset in self._committed(admin, stage, found).items()}
            for stage, found in partitions.items()
        }
        ends = _ends(admin, everything, OffsetSpec.latest)
        open_places = {
            stage: [Place(*each, offset) for each, offset in offsets.items() if offset < ends[each]]
            for stage, offsets in stood.items()
        }
        times = self._times_of([place for places in open_places.values() for place in places], ends)
        return [_stand(stage, stood[stage], open_places[stage], ends, times) for stage in self._stages]

    def _committed(self, admin: AdminClient, stage: str, partitions: Sequence[Partition]) -> Offsets:
        """Where a stage goes on in each partition, 0 where it never committed."""
        if not partitions:
            return {}
        asked = ConsumerGroupTopicPartitions(self._group(admin, stage), [KafkaPartition(*each) for each in partitions])
        (answer,) = admin.list_consumer_group_offsets([asked], request_timeout=REQUEST_S).values()
        said = {(each.topic, each.partition): max(0, each.offset) for each in answer.result().topic_partitions}
        return {each: said.get(each, 0) for each in partitions}

    def _group(self, admin: AdminClient, stage: str) -> str:
        source = self._stages[stage]
        if not source.generations:
            return source.group
        listed = admin.list_consumer_groups(request_timeout=REQUEST_S).result().valid
        alive = [
            each.group_id
            for each in listed
            if each.group_id.startswith(source.generations) and each.state is ConsumerGroupState.STABLE
        ]
        return alive[0] if len(alive) == 1 else source.group

    def _times_of(self, places: list[Place], ends: Offsets) -> Mapping[Place, float]:
        """Broker's time of the record at each place, as far as there is one.

        What was read before is not read again: a stage that is stuck stays where it is. Of a record that is not found
        in time this much is certain: it was there when it was looked for first.
        """
        empty = {
            place: end for place in places if (end := self._empty.get(place)) == ends[place.topic, place.partition]
        }
        times = {place: self._times[place] for place in places if place in self._times}
        missing = [place for place in places if place not in times and place not in empty]
        found, now_s = self._reader.first_at(missing), self._clock.now_s()
        for place, record in found.items():
            if record is None:
                empty[place] = ends[place.topic, place.partition]
            else:
                times[place] = record.timestamp_s or now_s
        self._times, self._empty = dict(times), empty
        self._sought = {place: self._sought.get(place, now_s) for place in missing if place not in found}
        return times | self._sought


def _ends(admin: AdminClient, partitions: Sequence[Partition], end: Callable[[], OffsetSpec]) -> Offsets:
    """One end of each log, of what is committed."""
    if not partitions:
        return {}
    asked = {KafkaPartition(*each): end() for each in partitions}
    answers = admin.list_offsets(asked, request_timeout=REQUEST_S, isolation_level=IsolationLevel.READ_COMMITTED)
    return {(each.topic, each.partition): answer.result().offset for each, answer in answers.items()}


def _stand(
    stage: str, stood: Offsets, places: Sequence[Place], ends: Offsets, times: Mapping[Place, float]
) -> StageStand:
    behind = {place: times[place] for place in places if place in times}
    return StageStand(
        stage,
        n_applied=sum(stood.values()),
        n_behind=sum(ends[place.topic, place.partition] - place.offset for place in behind),
        oldest_at_s=min(behind.values(), default=None),
    )
