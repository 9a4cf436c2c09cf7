"""The dry run: what would become of an event, field by field, and that nothing raw comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.event_reading import documents_for, types_for
from streams.adapters.mapping_files import action_table, decoder_for, load_mappings
from streams.domain.limits import IngestLimits
from streams.service.check_event import Checked, EventChecker
from streams.service.judge_records import Judge
from streams.service.normalise import Normaliser
from tests.support.cloud_events import NOON_S, a_cloud_event, an_item

SECRET = b"0123456789abcdef"
LIMITS = IngestLimits(rates={"USD": 1.0, "EUR": 1.08})
MAPPINGS = Path(__file__).parents[3] / "docs" / "mappings"


def a_checker(folder: Path | None = None) -> EventChecker:
    mappings = load_mappings(folder or "")
    decoders, actions = decoder_for(mappings), action_table(mappings)
    gate = Normaliser(SECRET, decoders, actions, LIMITS)
    return EventChecker(Judge(gate, decoders, types_for(mappings)), documents_for(mappings), actions, LIMITS)


CHECKER = a_checker()


def check(event: Any, platform: str = "shop", checker: EventChecker = CHECKER) -> Checked:
    value = event if isinstance(event, bytes) else json.dumps(event).encode()
    return checker.check(platform, value, NOON_S)  # type: ignore[arg-type]


def verdicts(checked: Checked) -> dict[str, tuple[str, str]]:
    return {each.field: (each.verdict, each.how) for each in checked.fields}


@pytest.mark.requirement("A7", "A10", "A11")
def test_a_good_event_says_of_each_field_what_is_kept_of_it() -> None:
    item = an_item(title="<b>Trail</b> shoe", price=10.0, currency="EUR", tags=["Running", "running"], brand="Acme")
    said = check(
        a_cloud_event(
            "shop.review.posted", sessionid="s-1", userid="u-9", sentat="2024-05-01T11:59:30Z", nonsense=1,
            data={"item": item, "rating": 5, "text": "Call 415-555-2671", "query": "shoe"},
        )
    )  # fmt: skip
    assert said.outcome == "accepted"
    assert verdicts(said) == {
        "specversion": ("used", ""), "sentat": ("used", ""), "nonsense": ("unknown", ""), "type": ("kept", ""),
        "id": ("changed", "hashed"), "source": ("changed", "hashed"), "subject": ("changed", "hashed"),
        "sessionid": ("changed", "hashed"), "userid": ("changed", "hashed, tells who is who"),
        "time": ("changed", "corrected by sentat"),
        "data.rating": ("changed", "as the strength of the event"), "data.text": ("changed", "masked"),
        "data.query": ("dropped", "not read for this type"),
        "data.item.item_id": ("kept", ""), "data.item.title": ("changed", "cleaned"),
        "data.item.category": ("kept", ""), "data.item.brand": ("kept", ""), "data.item.tags": ("changed", "cleaned"),
        "data.item.price": ("changed", "converted"), "data.item.currency": ("changed", "converted"),
    }  # fmt: skip
    assert said.normalised is not None
    assert said.normalised["text"] == "Call [phone]"
    assert said.normalised["item"]["tags"] == ("running",)
    assert said.normalised["item"]["price"] == pytest.approx(10.8)
    assert said.n_links == 1


@pytest.mark.parametrize(
    ("changes", "field", "verdict"),
    [
        ({"time": "2024-05-01T12:00:10Z"}, "time", ("changed", "set to the time of arrival")),
        ({"userid": "unknown"}, "userid", ("dropped", "stands for nobody")),
        ({"subject": None, "anonymousid": "v-1"}, "anonymousid", ("changed", "hashed")),
        ({"anonymousid": "v-1"}, "anonymousid", ("changed", "hashed, tells who is who")),
        ({"consent": "granted"}, "consent", ("used", "as without it")),
        ({"experiment": "home:b"}, "experiment", ("kept", "")),
        ({"data": {"item": an_item(currency="XAU")}}, "data.item.price", ("dropped", "its currency has no rate")),
        ({"data": {"item": an_item(), "dwell_s": 7}}, "data.dwell_s", ("changed", "as the strength of the event")),
        ({"data": {"item": an_item(), "rating": 4}}, "data.rating", ("dropped", "not read for this type")),
        ({"data": {"item": an_item(title="a" * 600)}}, "data.item.title", ("changed", "cut")),
        ({"data": {"item": an_item(brand="ann@example.org")}}, "data.item.brand", ("changed", "masked")),
        ({"data": {"item": an_item(), "traits": {"a": 1}}}, "data.traits", ("dropped", "not read for this type")),
    ],
)  # fmt: skip
def test_a_field_says_how_it_changes(changes: dict[str, Any], field: str, verdict: tuple[str, str]) -> None:
    said = check(a_cloud_event(**changes))
    assert said.outcome == "accepted"
    assert verdicts(said)[field] == verdict


def test_traits_are_kept_as_far_as_their_names_are_on_the_list() -> None:
    event = a_cloud_event("shop.user.traits", data={"traits": {"gender": "f", "email": "ann@example.org"}})
    (traits,) = [each for each in check(event).fields if each.field == "data.traits"]
    assert (traits.verdict, traits.how, traits.becomes) == ("changed", "cleaned", '{"gender":"f"}')


@pytest.mark.requirement("A7")
def test_every_wrong_field_is_told_at_once_while_the_gate_stops_at_the_first() -> None:
    said = check(a_cloud_event(time=None, data={"item": an_item(price="free", item_id=None), "rating": 9}))
    assert said.outcome == "rejected"
    assert {each.field for each in said.fields if each.verdict == "missing"} == {"time", "data.item.item_id"}
    assert {each.field for each in said.fields if each.verdict == "wrong"} == {"data.item.price", "data.rating"}
    assert said.reason
    assert said.remedy
    assert said.normalised is None


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (a_cloud_event(), "accepted"),
        (a_cloud_event(time="2020-01-01T00:00:00Z"), "late"),
        (a_cloud_event("shop.record.ignored"), "noise"),
        (a_cloud_event(consent="denied"), "refused"),
        (b"{not json", "rejected"),
        (b"", "rejected"),
        (b"\xff\xfe", "rejected"),
    ],
)
def test_every_outcome_is_told(event: Any, outcome: str) -> None:
    said = check(event)
    assert said.outcome == outcome
    assert bool(said.normalised) == (outcome == "accepted")
    assert bool(said.remedy) == (outcome == "rejected")


@pytest.mark.requirement("A6")
def test_the_dialect_of_a_mapped_platform_is_read_by_its_file() -> None:
    checker = a_checker(MAPPINGS)
    event = {
        "eventId": 17, "kind": "PLAN_RATED", "at": int(NOON_S * 1000) - 5_000, "member": {"id": "m-1"}, "mark": 8,
        "plan": {"code": "p-1", "labels": "legs;core"},
    }  # fmt: skip
    said = check(event, "health", checker)
    assert (said.outcome, said.type, said.is_mapped) == ("accepted", "health.review.posted", True)
    assert verdicts(said)["data.rating"] == ("changed", "as the strength of the event")
    assert verdicts(said)["data.item.tags"] == ("kept", "")


@pytest.mark.requirement("A6")
def test_what_a_mapping_file_cannot_read_is_told_of_each_field() -> None:
    checker = a_checker(MAPPINGS)
    event = {"eventId": 17, "kind": "PLAN_RATED", "at": "noon", "member": {"id": "m-1"}, "mark": [], "plan": {"code": 1}}
    said = check(event, "health", checker)
    assert said.outcome == "rejected"
    assert {each.field for each in said.fields if each.verdict == "wrong"} == {"time", "data.rating"}


VALUES = st.none() | st.booleans() | st.integers(-10, 10**9) | st.text(max_size=8) | st.just([]) | st.just({"a": 1})
ENVELOPE = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("specversion", "id", "source", "type", "time", "sentat", "subject", "userid", "sessionid", "experiment", "consent"), VALUES),
)  # fmt: skip
DATA = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("rating", "text", "query", "dwell_s", "quantity", "completed", "reverses_id"), VALUES)
)
ITEM = st.fixed_dictionaries({}, optional=dict.fromkeys(("item_id", "title", "tags", "price", "currency"), VALUES))


@pytest.mark.requirement("A7")
@given(ENVELOPE, DATA, ITEM)
def test_a_field_is_wrong_or_missing_exactly_where_the_event_is_rejected(
    envelope: dict[str, Any], data: dict[str, Any], item: dict[str, Any]
) -> None:
    event = {**a_cloud_event(), **envelope, "data": {**data, "item": {**an_item(), **item}}}
    said = check(event)
    faults = [each.field for each in said.fields if each.verdict in {"wrong", "missing"}]
    assert bool(faults) == (said.outcome == "rejected"), (said, faults)
    assert len({each.field for each in said.fields}) == len(said.fields)


@pytest.mark.requirement("B5")
@given(st.sampled_from(["shop.product.viewed", "shop.review.posted", "shop.user.traits", "shop.thing.unheard"]))
def test_no_raw_id_comes_back(kind: str) -> None:
    raw = {"subject": "canary-subject", "userid": "canary-userid", "anonymousid": "canary-visitor", "sessionid": "canary-session"}
    for event in (a_cloud_event(kind, **raw), {**a_cloud_event(kind, **raw), "time": "canary-time"}):
        assert b"canary" not in msgspec.json.encode(check(event))
