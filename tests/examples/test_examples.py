"""H11: the examples of `docs/examples` do what their pages say, on the embedded broker and a double of Feast."""

from __future__ import annotations

import ast
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from docs.examples.consume_profiles import changes, interests
from docs.examples.profile_table import ProfileTable, fill
from docs.examples.publish_cloudevents import an_event, messages, publish
from docs.examples.push_to_feast import features, may_be_shared, push
from streams.adapters.cloudevents import decode
from streams.brokers.embedded import EmbeddedBroker
from streams.domain.platforms import Platform
from streams.domain.profiles import Consent, encode_profile
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from tests.examples.feast_double import Feast
from tests.support.brokers import producer_of, read_values
from tests.support.cloud_events import NOON_S
from tests.support.sample_profiles import a_profile

pytestmark = pytest.mark.requirement("H11")
EXAMPLES = sorted(file for file in Path("docs/examples").glob("*.py") if file.name != "__init__.py")
SHOE = {"item_id": "sku-1", "title": "Trail shoe", "category": "Shoes", "price": 89.5, "currency": "EUR"}


def a_value(profile_id: str, revision: int, **more: Any) -> bytes:
    return encode_profile(a_profile(profile_id, revision, **more))


def as_readers_see_it(**more: Any) -> dict[str, Any]:
    return msgspec.msgpack.decode(a_value("u-1", 1, **more))


@pytest.fixture
def profiles(embedded_broker: EmbeddedBroker, topic_prefix: str) -> str:
    """A topic with two lives and a death."""
    producer = producer_of(embedded_broker.bootstrap_servers)
    for key, value in [("u-1", a_value("u-1", 1)), ("u-2", a_value("u-2", 1)), ("u-1", a_value("u-1", 2)), ("u-2", None)]:
        producer.produce(f"{topic_prefix}profiles", value, key)
    assert producer.flush(60) == 0
    return f"{topic_prefix}profiles"


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_needs_nothing_of_braid(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imported if name.partition(".")[0] in {"streams", "encoders", "index"}}


def test_the_plain_consumer_gets_each_change_and_each_deletion(embedded_broker: EmbeddedBroker, profiles: str) -> None:
    with closing(changes(embedded_broker.bootstrap_servers, profiles)) as stream:
        found = [next(stream) for _ in range(4)]
    seen: dict[str, list[int | None]] = {}
    for profile_id, profile in found:
        seen.setdefault(profile_id, []).append(profile and profile["revision"])
    assert seen == {"u-1": [1, 2], "u-2": [1, None]}
    assert interests(next(profile for _, profile in found if profile)) == ["trail running"]


def test_who_switched_choosing_off_has_no_interests_to_choose_by() -> None:
    assert interests(as_readers_see_it(personalised=False)) == []


def test_the_table_holds_the_newest_revision_of_whoever_is_not_gone(embedded_broker: EmbeddedBroker, profiles: str) -> None:
    table = ProfileTable()
    fill(table, embedded_broker.bootstrap_servers, profiles)
    assert {profile_id: profile["revision"] for profile_id, profile in table.profiles.items()} == {"u-1": 2}


def test_the_table_drops_what_comes_late_and_takes_a_new_life() -> None:
    table = ProfileTable()
    assert [table.apply("u-1", a_value("u-1", revision)) for revision in (2, 1, 2, 3)] == [True, False, False, True]
    assert (table.apply("u-1", None), table.apply("u-1", None)) == (True, False)
    assert table.apply("u-1", a_value("u-1", 1))


def test_the_table_follows_a_merge_to_whoever_took_the_accounts() -> None:
    table = ProfileTable()
    identity = msgspec.structs.replace(a_profile().identity, accounts=[], merged_into="u-2")
    table.apply("u-1", a_value("u-1", 5, identity=identity))
    assert table.follow_merges("u-1")["profile_id"] == "u-1"
    table.apply("u-2", a_value("u-2", 9))
    assert table.follow_merges("u-1")["profile_id"] == "u-2"
    assert table.follow_merges("nobody") is None


@pytest.mark.requirement("A1")
def test_what_the_official_sdk_publishes_counts_once(embedded_broker: EmbeddedBroker, topic_prefix: str) -> None:
    sent = messages(an_event(datetime.fromtimestamp(NOON_S - 60, UTC), "u-1", SHOE))
    publish(embedded_broker.bootstrap_servers, f"{topic_prefix}events.shop", sent)
    assert len(read_values(embedded_broker.bootstrap_servers, f"{topic_prefix}events.shop", 2)) == 2
    gate = Normaliser(b"0123456789abcdef", lambda _: decode)
    records = [RawRecord(message.value, tuple(message.headers.items()), NOON_S) for message in sent]
    batch = gate.normalise(records, Platform("shop"))
    assert batch.dead == []
    assert len({event.event_id for _, event in batch.events}) == 1
    assert {event.item.title for _, event in batch.events if event.item} == {"Trail shoe"}


def test_feast_takes_the_row_that_is_pushed() -> None:
    feast = Feast("braid_profiles", columns=set(features(as_readers_see_it())))
    with httpx.Client(transport=feast.transport, base_url="http://feast") as client:
        push(client, as_readers_see_it(events_applied=7))
    (row,) = feast.rows
    assert row["profile_id"] == "u-1"
    assert row["event_timestamp"] == datetime(2024, 5, 1, 11, 58, 20, tzinfo=UTC)
    assert (row["interests"], row["n_events"], row["intent"]) == (["trail running"], 7, "none")


def test_a_row_that_feast_does_not_take_is_an_error_so_that_it_comes_again() -> None:
    feast = Feast("somebody_elses", columns=set())
    with httpx.Client(transport=feast.transport, base_url="http://feast") as client, pytest.raises(httpx.HTTPError):
        push(client, as_readers_see_it())


@pytest.mark.requirement("N7")
@pytest.mark.parametrize(("consents", "may"), [({}, False), ({"share": "denied"}, False), ({"share": "granted"}, True)])
def test_nobody_is_shared_who_did_not_say_so(consents: dict[str, str], may: bool) -> None:
    said = {purpose: Consent(status, NOON_S) for purpose, status in consents.items()}
    assert may_be_shared(as_readers_see_it(consents=said)) is may
