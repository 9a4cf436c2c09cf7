"""Two workers with names of their own: one that is started again gets its partitions back, the other never stops."""

from __future__ import annotations

import pytest

from streams.domain.topic_names import TopicNames
from tests.support.brokers import admin_of, eventually
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import Worker

__all__ = ["pipeline"]
pytestmark = [pytest.mark.kafka]


def members_of(pipeline: Pipeline) -> dict[str, set[int]]:
    """Partitions of the stage `profile` by the name of the worker that owns them."""
    group, admin = TopicNames(pipeline.prefix).group_of("profile"), admin_of(pipeline.broker)
    described = admin.describe_consumer_groups([group])[group].result(timeout=10)
    return {
        member.group_instance_id: {position.partition for position in member.assignment.topic_partitions}
        for member in described.members
    }


@pytest.mark.requirement("Q2")
def test_a_worker_that_is_started_again_gets_its_partitions_back_and_nobody_elses_move(pipeline: Pipeline) -> None:
    def named(name: str) -> Worker:
        return pipeline.worker(
            name, only="profile", BRAID_KAFKA__GROUP_INSTANCE_ID=name, BRAID_KAFKA__SESSION_TIMEOUT_S="45"
        )

    one, two = named("one"), named("two")
    one.wait_ready()
    two.wait_ready()
    eventually(lambda: sorted(map(len, members_of(pipeline).values())) == [2, 2], 30)
    eventually(lambda: two.metric("braid_owned_partitions") == 2)
    owned, moves = members_of(pipeline), two.metric("braid_rebalances_total")

    one.terminate()
    assert members_of(pipeline) == owned
    again = named("one")
    again.wait_ready()

    assert members_of(pipeline) == owned
    assert again.metric("braid_owned_partitions") == 2
    assert two.metric("braid_rebalances_total") == moves
