from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from datetime import datetime
from itertools import repeat
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition
from typer import Typer
from typer.testing import CliRunner, Result

from streams.brokers.embedded import InProcessBroker
from streams.cli.replay import replay
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable, UsageError
from streams.simulation import OutgoingRecord, Simulation
from streams.simulation.publisher import Delivery, Publisher
from streams.simulation.records import CloudEvent, to_record

NOW_S = 1_700_000_000.0
SIMULATION = Simulation(seed=7, now_s=NOW_S, n_people=30, n_items=400)


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with InProcessBroker() as broker:
        yield broker.bootstrap_servers


@pytest.fixture
def prefix(request: pytest.FixtureRequest, servers: str, monkeypatch: pytest.MonkeyPatch) -> str:
    name = f"{zlib.crc32(request.node.nodeid.encode()):08x}."
    monkeypatch.setenv("BRAID_KAFKA__BOOTSTRAP_SERVERS", servers)
    monkeypatch.setenv("BRAID_TOPICS__PREFIX", name)
    return name


def braid_replay(*arguments: str | Path) -> Result:
    app = Typer()
    app.command()(replay)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def records_of(servers: str, topic: str) -> list[Message]:
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "reader", "enable.auto.commit": False})
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    found: list[Message] = []
    try:
        ends = {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)[1] for number in partitions}
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions])
        while len(found) < sum(ends.values()):
            message = consumer.poll(10)
            assert message is not None
            assert message.error() is None
            found.append(message)
    finally:
        consumer.close()
    return found


def value_of(message: Message) -> CloudEvent:
    value: CloudEvent = json.loads(message.value() or b"")
    return value


def key_of(message: Message) -> str:
    return (message.key() or b"").decode()


def last_line(result: Result) -> dict[str, int]:
    assert result.exception is None, result.exception
    summary: dict[str, int] = json.loads(result.stdout.splitlines()[-1])
    return summary


def item_events() -> list[CloudEvent]:
    return [json.loads(record.value or b"") for record in SIMULATION.item_records()]


def write(file: Path, events: list[CloudEvent]) -> Path:
    text = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events)
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return file


def test_events_and_items_reach_the_topics_they_belong_to(servers: str, prefix: str, tmp_path: Path) -> None:
    events = SIMULATION.events(200)
    files = write(tmp_path / "events.jsonl", events), write(tmp_path / "items.jsonl.gz", item_events())
    result = braid_replay(*files, "--json")
    assert last_line(result) == {"published": 600, "rejected": 0}
    for platform in ("shop", "video", "social", "news", "music", "travel", "ads"):
        own = [event for event in events if event["type"].startswith(f"{platform}.")]
        found = records_of(servers, f"{prefix}events.{platform}")
        assert sorted(value_of(message)["id"] for message in found) == sorted(event["id"] for event in own)
        assert {key_of(message) for message in found} == {event["subject"] for event in own}
    keys = {key_of(message) for message in records_of(servers, f"{prefix}items")}
    assert keys == {f"{entry.platform}:{entry.item.item_id}" for entry in SIMULATION.catalogue.items}


def test_lines_that_are_no_events_are_counted_and_named_and_stop_nothing(prefix: str, tmp_path: Path) -> None:
    good = json.dumps(SIMULATION.events(10)[0])
    lines = [good, "{broken", "", "[1]", '{"id": "1"}', '{"type": "shop"}', '{"type": "Shop!.a.b"}', "\udcff",
             '{"type": "shop.item.upserted", "data": {}}', '{"type": "item.upserted"}', *["nonsense"] * 8, good]  # fmt: skip
    file = tmp_path / "mixed.jsonl"
    file.write_text("\n".join(lines), "utf-8", "surrogateescape")
    result = braid_replay(file, "--json")
    assert last_line(result) == {"published": 2, "rejected": 16}
    named = result.stderr.splitlines()
    assert len(named) == 11
    assert named[0] == f"{file}:2: not JSON"
    assert named[1].startswith(f"{file}:4: ")


def test_a_half_copied_archive_gives_what_it_has(prefix: str, tmp_path: Path) -> None:
    file = write(tmp_path / "events.jsonl.gz", SIMULATION.events(300))
    file.write_bytes(file.read_bytes()[:-4_000])
    result = braid_replay(file, tmp_path.joinpath(file.name), "--json")
    summary = last_line(result)
    assert summary["rejected"] == 2
    assert 0 < summary["published"] < 600
    assert "the file breaks off here" in result.stderr


def test_a_deleted_item_becomes_a_tombstone_under_its_key(servers: str, prefix: str, tmp_path: Path) -> None:
    event: CloudEvent = {"type": "shop.item.deleted", "data": {"item": {"item_id": "sku-1"}}}
    assert last_line(braid_replay(write(tmp_path / "gone.jsonl", [event]), "--json"))["published"] == 1
    (message,) = records_of(servers, f"{prefix}items")
    assert (message.key(), message.value()) == (b"shop:sku-1", None)


def test_links_between_accounts_go_to_the_identity_topic(servers: str, prefix: str, tmp_path: Path) -> None:
    event: CloudEvent = {"type": "identity.linked", "data": {"accounts": []}}
    assert last_line(braid_replay(write(tmp_path / "links.jsonl", [event]), "--json"))["published"] == 1
    assert len(records_of(servers, f"{prefix}identity")) == 1


def test_what_only_looks_wrong_is_left_to_the_gate(servers: str, prefix: str, tmp_path: Path) -> None:
    odd: CloudEvent = {"type": "shop.teapot.boiled", "subject": 42}
    assert last_line(braid_replay(write(tmp_path / "odd.jsonl", [odd]), "--json"))["published"] == 1
    (message,) = records_of(servers, f"{prefix}events.shop")
    assert value_of(message) == odd


def test_shift_makes_the_newest_event_happen_now_and_keeps_the_distances(
    servers: str, prefix: str, tmp_path: Path
) -> None:
    base = {"specversion": "1.0", "source": "/platforms/shop", "type": "shop.product.viewed", "subject": "u"}
    times = ["2020-05-01T12:00:00Z", "2020-05-01T10:00:00+00:00", "9999-12-31T23:59:59Z", "yesterday"]
    events = [base | {"id": str(number), "time": time} for number, time in enumerate(times)]
    assert last_line(braid_replay(write(tmp_path / "old.jsonl", events), "--shift", "--json"))["published"] == 4
    found = records_of(servers, f"{prefix}events.shop")
    moved = {event["id"]: event["time"] for event in (value_of(message) for message in found)}
    newest, older = (seconds(moved[number]) for number in "01")
    assert abs(newest - found[0].timestamp()[1] / 1000) < 30
    assert newest - older == pytest.approx(7200, abs=0.01)
    assert moved["3"] == "yesterday"


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def test_a_missing_file_and_a_rate_of_nothing_are_wrong_use(prefix: str, tmp_path: Path) -> None:
    file = write(tmp_path / "events.jsonl", SIMULATION.events(10))
    assert isinstance(braid_replay(tmp_path / "none.jsonl").exception, UsageError)
    assert isinstance(braid_replay(file, "--rate", "0").exception, UsageError)


def test_a_broker_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.simulation.publisher._CONNECT_S", 0.5)
    publisher = Publisher({"bootstrap.servers": "127.0.0.1:1", "log_level": 0}, TopicNames())
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1: no broker answers"):
        publisher.connect()


def test_a_publisher_keeps_its_rate_tells_its_progress_and_counts_what_was_confirmed(servers: str) -> None:
    told: list[int] = []
    clock_s = [0.0]

    def monotonic() -> float:
        clock_s[0] += 0.004
        return clock_s[0]

    def on_progress(delivery: Delivery) -> None:
        told.append(delivery.published)

    publisher = Publisher({"bootstrap.servers": servers}, TopicNames("rate."), monotonic)
    records = [to_record(event) for event in SIMULATION.events(200)]
    delivery = publisher.publish(records, rate_per_s=100, on_progress=on_progress)
    assert (delivery.published, delivery.failed) == (200, 0)
    assert delivery.n_bytes == sum(len(record.value or b"") for record in records)
    assert 2.0 <= clock_s[0] < 2.5
    assert told == sorted(told)
    assert told[-1] == 200
    assert len(told) > 10


def test_records_that_the_broker_refuses_are_counted_as_failed(servers: str) -> None:
    publisher = Publisher({"bootstrap.servers": servers, "message.max.bytes": 1_000}, TopicNames("refused."))
    records = [OutgoingRecord("items", b"k", b"v" * size, []) for size in (10, 5_000, 20)]
    delivery = publisher.publish(records)
    assert (delivery.published, delivery.failed) == (2, 1)
    assert "too large" in delivery.first_error


def test_a_cluster_that_takes_nothing_is_given_up_instead_of_waited_for_to_the_end(servers: str) -> None:
    publisher = Publisher({"bootstrap.servers": servers, "message.max.bytes": 1_000}, TopicNames("refused."))
    endless = repeat(OutgoingRecord("items", b"k", b"v" * 5_000, []))
    with pytest.raises(Unavailable, match="1000 records not taken"):
        publisher.publish(endless)
