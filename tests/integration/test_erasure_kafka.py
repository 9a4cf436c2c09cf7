"""N8 on real Kafka: a person of three accounts is erased over HTTP and is gone from topics, disks and answers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from streams.domain.accounts import account_key
from streams.domain.profiles import decode_profile
from tests.integration.test_serve_kafka import serving
from tests.support.brokers import eventually
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.persons import Size, a_crowd, publish
from tests.support.pipeline import SECRET, records_of

__all__ = ["pipeline"]
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.requirement("N8")]


def bytes_on_disk(folder: Path, key: str) -> list[Path]:
    """Files that hold an account key, as text or as bytes."""
    wanted = (key.encode(), bytes.fromhex(key))
    found = []
    for file in folder.rglob("*"):
        try:
            raw = file.read_bytes() if file.is_file() else b""
        except FileNotFoundError:  # RocksDB removes files as it likes
            continue
        if any(each in raw for each in wanted):
            found.append(file)
    return found


def test_an_erased_person_is_gone_from_topics_disks_and_answers_and_stays_away(pipeline: Pipeline) -> None:
    crowd = a_crowd(3, Size(people=30, events=1_500, links=0, unlinks=0), time.time())
    accounts = [("shop", "victim-s"), ("video", "victim-v"), ("social", "victim-x")]
    own = a_crowd(4, Size(people=3, events=60, links=0, unlinks=0), time.time()).records
    own = _as_accounts(own, accounts)
    command = _link(accounts)
    pipeline.worker().wait_ready()
    publish(pipeline.broker, pipeline.topics, [*crowd.records[:800], *own, command, *crowd.records[800:]])
    keys = [account_key(SECRET.encode(), *account) for account in accounts]
    with serving(pipeline) as api:
        url = "/v1/accounts/shop/victim-s/profile"
        eventually(lambda: len(api.get(url).json().get("identity", {}).get("accounts", [])) == 3, 60)
        others = _living(pipeline) - 1
        accepted = api.delete("/v1/accounts/video/victim-v")
        assert accepted.status_code == 202
        eventually(lambda: api.get(url).status_code == 404, 10)
        eventually(lambda: _living(pipeline) == others, 10)
        publish(pipeline.broker, pipeline.topics, own)  # a replay of what was there before
        publish(pipeline.broker, pipeline.topics, crowd.records[:50])
        folders = (pipeline.folder / "one", pipeline.folder / "serve")
        eventually(lambda: not any(bytes_on_disk(folder, key) for folder in folders for key in keys), 45)
        assert all(api.get(f"/v1/accounts/{name}/{who}/profile").status_code == 404 for name, who in accounts)
        assert _living(pipeline) == others
    assert not any(bytes_on_disk(folder, key) for folder in folders for key in keys)
    logs = "".join(log.read_text(errors="replace") for log in pipeline.folder.rglob("*.log"))
    assert not any(key in logs for key in keys)


def _living(pipeline: Pipeline) -> int:
    last: dict[bytes, bytes | None] = {}
    for message in records_of(pipeline.broker, pipeline.topics.profiles):
        last[message.key()] = message.value()
    return sum(value is not None and bool(decode_profile(value).identity.accounts) for value in last.values())


def _as_accounts(
    records: list[tuple[str, bytes, bytes]], accounts: list[tuple[str, str]]
) -> list[tuple[str, bytes, bytes]]:
    """The records of events on the platforms of the accounts, as these accounts'."""
    names = dict(accounts)
    mine = []
    for topic, key, value in records:
        platform = topic.removeprefix("events.")
        if platform in names:
            subject = f'"subject": "{key.decode()}"'.encode()
            mine.append((topic, names[platform].encode(), value.replace(subject, f'"subject": "{names[platform]}"'.encode())))
    assert {topic for topic, _, _ in mine} == {f"events.{platform}" for platform in names}
    return mine


def _link(accounts: list[tuple[str, str]]) -> tuple[str, bytes, bytes]:
    named = [{"platform": platform, "account": who} for platform, who in accounts]
    event = {"specversion": "1.0", "id": "link", "source": "/idp", "type": "identity.linked", "data": {"accounts": named}}
    return "identity", b"", json.dumps(event).encode()
