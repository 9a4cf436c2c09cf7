"""A restore that begins in the moment without leaders waits for the end of it; what waiting cannot mend it says at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams.engine.recovery import ChangelogSource, watermarks


@dataclass
class Answering:
    """Each new client gets the next answer; each client is closed again."""

    answers: Iterator[tuple[int, int] | int]
    n_clients: int = 0
    n_closed: int = 0
    asked: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, _config: dict[str, object]) -> Answering:
        self.n_clients += 1
        return self

    def get_watermark_offsets(self, position: TopicPartition, *, timeout: float) -> tuple[int, int]:
        assert timeout > 0
        self.asked.append((position.topic, position.partition))
        answer = next(self.answers)
        if isinstance(answer, int):
            raise KafkaException(KafkaError(answer))
        return answer

    def close(self) -> None:
        self.n_closed += 1


def source_of(answering: Answering, no_progress_s: float = 30.0) -> ChangelogSource:
    return ChangelogSource({}, "log", no_progress_s, answering)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "passing", [KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError._UNKNOWN_PARTITION, KafkaError._DESTROY_BROKER]
)
def test_a_partition_without_a_leader_is_asked_again_by_a_new_client(passing: int) -> None:
    answering = Answering(iter([passing, passing, (3, 9)]))
    assert watermarks(source_of(answering), "log", 2) == (3, 9)
    assert answering.asked == [("log", 2)] * 3
    assert (answering.n_clients, answering.n_closed) == (3, 3)


def test_a_refusal_that_waiting_does_not_mend_is_raised_at_once() -> None:
    answering = Answering(iter([KafkaError.TOPIC_AUTHORIZATION_FAILED, (3, 9)]))
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        watermarks(source_of(answering), "log", 0)
    assert (answering.n_clients, answering.n_closed) == (1, 1)


def test_a_partition_that_stays_without_a_leader_ends_the_restore() -> None:
    def never() -> Iterator[int]:
        while True:
            yield KafkaError.LEADER_NOT_AVAILABLE

    with pytest.raises(KafkaException, match="LEADER_NOT_AVAILABLE"):
        watermarks(source_of(Answering(never()), no_progress_s=0.3), "log", 0)
