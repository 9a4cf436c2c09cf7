"""`braid ingest` whole: over HTTP, on a broker of its own, with its metrics and its end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
import pytest

from streams.brokers.embedded import EmbeddedBroker
from streams.errors import UsageError
from streams.ingest_app import Ingest
from streams.settings import IngestApi, Settings, Topics
from tests.support.brokers import eventually, kafka_at, producer_of, read_values
from tests.support.ingest import BATCH, SHOP_KEY, an_event

HEADERS = {"Authorization": f"Bearer {SHOP_KEY}", "Content-Type": BATCH}


@contextmanager
def ingesting(servers: str, prefix: str, **changes: object) -> Iterator[Ingest]:
    api = IngestApi(**({"port": 0, "operator_port": 0, "keys": {SHOP_KEY: {"platform": "shop", "name": "sdk"}}} | changes))
    ingest = Ingest(Settings(kafka=kafka_at(servers), topics=Topics(prefix=prefix, platforms=("shop",)), ingest_api=api))
    ingest.start()
    try:
        yield ingest
    finally:
        ingest.stop()


@pytest.fixture
def topic(embedded_broker: EmbeddedBroker, topic_prefix: str) -> str:
    """The embedded broker makes topics for those who ask by name."""
    name = f"{topic_prefix}events.shop"
    producer_of(embedded_broker.bootstrap_servers).list_topics(name, timeout=10)
    return name


@pytest.mark.requirement("A1", "Q3")
def test_events_that_are_accepted_are_in_the_topic_and_in_the_metrics(
    embedded_broker: EmbeddedBroker, topic_prefix: str, topic: str
) -> None:
    servers = embedded_broker.bootstrap_servers
    with ingesting(servers, topic_prefix) as ingest, httpx.Client(base_url=ingest.url, trust_env=False) as client:
        eventually(lambda: client.get("/readyz").status_code == 200)
        now = datetime.now(UTC).isoformat()  # an older one would be late, not accepted
        events = [an_event(1, time=now), an_event(2, time=now, data={})]
        answer = client.post("/v1/events", json=events, headers=HEADERS)
        assert (answer.status_code, answer.json()["events"][0]["topic"]) == (200, topic)
        metrics = httpx.get(f"{ingest.operator_url}/metrics", trust_env=False).text
    assert len(read_values(servers, topic, 1)) == 1
    for code, verdict in (("accepted", "accepted"), ("missing_field", "rejected")):
        assert f'braid_ingest_events_total{{code="{code}",platform="shop",verdict="{verdict}"}}' in metrics
    assert 'braid_ingest_request_seconds_count{route="/v1/events",status="200"}' in metrics
    assert "braid_ingest_waiting_records 0.0" in metrics
    assert SHOP_KEY not in metrics


@pytest.mark.requirement("Q5")
def test_a_request_that_waits_when_ingest_ends_is_answered_and_not_with_a_promise(
    topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedBroker() as broker:
        producer_of(broker.bootstrap_servers).list_topics(f"{topic_prefix}events.shop", timeout=10)
        with ingesting(broker.bootstrap_servers, topic_prefix, confirm_s=60) as ingest:
            eventually(lambda: not ingest.missing())
            # However long it takes until the request is there: it must be taken, and then wait.
            monkeypatch.setattr(ingest._publisher, "_look", lambda: time.sleep(1))
            broker.stop()
            answers: list[httpx.Response] = []
            url = f"{ingest.url}/v1/events"
            asking = threading.Thread(
                target=lambda: answers.append(
                    httpx.post(url, json=[an_event()], headers=HEADERS, trust_env=False, timeout=30)
                )
            )
            asking.start()
            eventually(lambda: ingest.n_waiting == 1)
        asking.join()
    assert (answers[0].status_code, answers[0].json()["unconfirmed"]) == (503, 1)
    assert answers[0].headers["Retry-After"] == "1"


def test_a_port_that_is_taken_is_named_by_its_setting(embedded_broker: EmbeddedBroker, topic_prefix: str) -> None:
    with ingesting(embedded_broker.bootstrap_servers, topic_prefix) as ingest:
        port = int(ingest.url.rpartition(":")[2])
        with pytest.raises(UsageError, match=f"BRAID_INGEST_API__PORT={port}"):
            Ingest(Settings(kafka=kafka_at(embedded_broker.bootstrap_servers), ingest_api=IngestApi(port=port)))
