"""What a worker is called in its groups, and how long it may be silent."""

from __future__ import annotations

import faust
import pytest

from streams.brokers.faust_connection import faust_broker_options
from streams.errors import UsageError
from streams.settings import Kafka, Settings


def test_a_worker_without_a_name_is_an_ordinary_member() -> None:
    assert "consumer_group_instance_id" not in faust_broker_options(Kafka())


@pytest.mark.parametrize("is_embedded", [True, False])
def test_a_worker_with_a_name_tells_its_groups(is_embedded: bool) -> None:
    options = faust_broker_options(Kafka(group_instance_id="worker-0"), is_embedded=is_embedded)
    assert options["consumer_group_instance_id"] == "worker-0"
    assert faust.App("named", env={}, **options).conf.consumer_group_instance_id == "worker-0"


@pytest.mark.parametrize("name", ["two words", "a/b", "x" * 201])
def test_a_name_that_kafka_would_not_take_is_refused_before_anything_starts(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAID_KAFKA__GROUP_INSTANCE_ID", name)
    with pytest.raises(UsageError, match="BRAID_KAFKA__GROUP_INSTANCE_ID"):
        Settings.load()


def test_a_session_is_never_longer_than_faust_lets_a_request_take(monkeypatch: pytest.MonkeyPatch) -> None:
    longest_s = faust.App("limits", env={}).conf.broker_request_timeout
    assert Kafka(session_timeout_s=longest_s).session_timeout_s == longest_s
    monkeypatch.setenv("BRAID_KAFKA__SESSION_TIMEOUT_S", str(longest_s + 1))
    with pytest.raises(UsageError, match="BRAID_KAFKA__SESSION_TIMEOUT_S"):
        Settings.load()
