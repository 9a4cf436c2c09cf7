"""`braid dead-letters` over the embedded broker: what an operator sees and does after a platform's mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec
import pytest
from confluent_kafka import Consumer, TopicPartition
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from streams.adapters.confirmed_writer import ConfirmedWriter, Written
from streams.brokers.connection import consumer_config, producer_config
from streams.brokers.embedded import EmbeddedBroker
from streams.cli import dead_letters
from streams.cli.dead_letters import app
from streams.domain.dead_letters import DeadLetter, stripped
from streams.errors import Unavailable, UsageError
from streams.settings import Kafka
from tests.support.brokers import read_values
from tests.support.letters import a_letter, an_event

GROUP = "{prefix}events.shop/normalise/unknown_type/type"


@pytest.fixture
def kafka(embedded_broker: EmbeddedBroker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kafka]:
    for name, value in {
        "KAFKA__BOOTSTRAP_SERVERS": embedded_broker.bootstrap_servers,
        "TOPICS__PREFIX": topic_prefix,
        "PSEUDONYM__KEY": "0123456789abcdef",
        "INGEST__LATENESS_DAYS": "0",
    }.items():
        monkeypatch.setenv(f"BRAID_{name}", value)
    monkeypatch.setattr(dead_letters, "start_logging", lambda *_: None)  # of the process, which is the tests'
    with capture_logs():
        yield Kafka(bootstrap_servers=embedded_broker.bootstrap_servers)


def numbered(prefix: str, number: int, value: bytes) -> DeadLetter:
    return msgspec.structs.replace(a_letter(value, topic=f"{prefix}events.shop"), offset=number)


def publish(kafka: Kafka, prefix: str, letters: list[DeadLetter]) -> list[str]:
    writer = ConfirmedWriter(producer_config(kafka))
    topic = f"{prefix}dead-letters"
    assert all(writer.write([Written(topic, each.place, each.encode(), partition=0) for each in letters]))
    return [each.place.decode() for each in letters]


def n_records(kafka: Kafka, topic: str) -> int:
    consumer = Consumer(consumer_config(kafka, "tests"))
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)[1] for partition in range(4)]
    consumer.close()
    return sum(ends)


def braid(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def said(*arguments: str) -> dict:
    return json.loads(braid(*arguments, "--json").stdout)


@pytest.mark.requirement("A7")
def test_letters_are_listed_in_groups_with_their_number_and_age(kafka: Kafka, topic_prefix: str) -> None:
    publish(kafka, topic_prefix, [numbered(topic_prefix, number, an_event()) for number in (1, 2)])
    (group,) = said("list")["groups"]
    assert (group["platform"], group["stage"], group["reason"], group["n"]) == ("shop", "normalise", "unknown_type", 2)
    assert group["group"] == GROUP.format(prefix=topic_prefix)
    assert group["oldest_age_s"] >= group["newest_age_s"] > 0
    assert said("list", "--platform", "video")["groups"] == []
    assert "unknown_" in braid("list").stdout


@pytest.mark.requirement("B5")
def test_a_letter_is_shown_with_the_verdict_of_today_and_nothing_of_anybody(kafka: Kafka, topic_prefix: str) -> None:
    event = an_event(subject="ann@example.org", data={"text": "call 415-555-2671", "item": {"item_id": "shoe"}})
    (origin,) = publish(kafka, topic_prefix, [numbered(topic_prefix, 3, event)])
    shown = said("show", origin)
    assert (shown["reason"], shown["now"]["outcome"], shown["may_be_sent_again"]) == ("unknown_type", "accepted", True)
    assert shown["record"]["data.text"] == "‹text, 17 characters›"
    for text in (json.dumps(shown), braid("show", origin).stdout):
        assert "ann" not in text
        assert "415" not in text


@pytest.mark.requirement("A7", "A8")
def test_a_dry_run_writes_nothing_and_sending_twice_sends_once(kafka: Kafka, topic_prefix: str) -> None:
    letters = [numbered(topic_prefix, 1, an_event()), numbered(topic_prefix, 2, an_event(type="shop.hat.waved"))]
    mended, refused = publish(kafka, topic_prefix, letters)
    dry = said("retry", "--group", GROUP.format(prefix=topic_prefix))
    assert (dry["is_dry_run"], dry["n_ready"], dry["n_sent"]) == (True, 1, 0)
    assert dry["outcomes"] == {"accepted": 1, "refused": 1}
    assert said("list")["groups"][0]["n"] == 2
    assert "1 of 2 letters sent again" in braid("retry", mended, refused, "--yes").stdout
    again = said("retry", mended, refused, "--yes")
    assert (again["n_sent"], again["n_gone"], again["outcomes"]) == (0, 1, {"refused": 1})
    assert read_values(kafka.bootstrap_servers, f"{topic_prefix}events.shop", 1) == [an_event()]
    assert n_records(kafka, f"{topic_prefix}events.shop") == 1


@pytest.mark.requirement("N14")
def test_sending_again_is_audited_before_and_after(kafka: Kafka, topic_prefix: str) -> None:
    (origin,) = publish(kafka, topic_prefix, [numbered(topic_prefix, 1, an_event())])
    braid("retry", origin, "--yes")
    noted = [json.loads(value) for value in read_values(kafka.bootstrap_servers, f"{topic_prefix}audit", 2, 10)]
    assert [(each["action"], each["outcome"]) for each in noted] == [("redrive", "begun"), ("redrive", "answered")]
    assert {each["who"] for each in noted} == {"local"}


def test_a_letter_whose_bytes_are_not_kept_stays(kafka: Kafka, topic_prefix: str) -> None:
    (origin,) = publish(kafka, topic_prefix, [stripped(numbered(topic_prefix, 1, an_event()))])
    tried = said("retry", origin, "--yes")
    assert (tried["outcomes"], tried["n_sent"]) == ({"no_bytes": 1}, 0)


def test_what_is_no_letter_is_said(kafka: Kafka, topic_prefix: str) -> None:
    publish(kafka, topic_prefix, [numbered(topic_prefix, 1, an_event())])
    with pytest.raises(Unavailable, match="no such letter"):
        braid("show", "events.shop/0/99")


@pytest.mark.parametrize(
    "arguments",
    [["show", "nonsense"], ["show", "a/b/c"], ["retry"], ["retry", "a/0/1", "--group", "a/b/c/d"], ["retry", "--group", "a/b"]],
)
def test_wrong_use_says_what_to_write_instead(arguments: list[str]) -> None:
    with pytest.raises(UsageError, match=r"braid (dead-letters list|tail dead-letters)"):
        braid(*arguments)
