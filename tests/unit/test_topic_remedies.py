"""What `braid topics check` says to do; it changes no topic itself."""

from __future__ import annotations

import pytest

from streams.brokers.topic_admin import Difference


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (Difference("items", "topic", "present", "missing"), "braid topics apply"),
        (Difference("dead-letters", "partitions", "1", "4"), "delete it"),
        (Difference("profiles", "partitions", "4", "3"), "BRAID_TOPICS__PARTITIONS"),
        (Difference("profiles", "replication", "3", "1"), "BRAID_TOPICS__REPLICATION"),
        (
            Difference("dead-letters", "cleanup.policy", "compact,delete", "delete"),
            "--entity-name dead-letters --add-config 'cleanup.policy=[compact,delete]'",
        ),
        (Difference("items", "segment.ms", "5", "6"), "--entity-name items --add-config 'segment.ms=5'"),
    ],
)
def test_each_difference_comes_with_what_to_do(difference: Difference, said: str) -> None:
    assert said in difference.remedy
