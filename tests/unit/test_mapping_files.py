"""A6: a platform joins by a table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.mapping_files import action_table, decoder_for, load_mappings, shipped_dialects
from streams.adapters.mapping_paths import parse_path
from streams.domain.events import Event
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.errors import UsageError
from streams.service.normalise import NormalisedBatch, Normaliser
from tests.support.cloud_events import FORMS, NOON_S, Form, a_cloud_event, a_record

pytestmark = pytest.mark.requirement("A6")
DOCUMENTED = Path("docs/mappings")
SECRET = b"0123456789abcdef"
MINIMAL = """
[envelope]
id = "id"
source = { const = "/x" }
type = "kind"
time = "at"
subject = "who"
[item]
item_id = "what"
[types]
SEEN = "product.viewed"
"""


def passed(folder: Path, platform: str, *documents: Any) -> NormalisedBatch:
    mappings = load_mappings(folder)
    gate = Normaliser(SECRET, decoder_for(mappings), action_table(mappings))
    return gate.normalise([RawRecord(json.dumps(d).encode(), (), NOON_S) for d in documents], Platform(platform))


def only(batch: NormalisedBatch) -> Event:
    assert not batch.dead, batch.dead
    ((_, event),) = batch.events
    return event


def exercise(**changes: Any) -> dict[str, Any]:
    said = {
        "eventId": 4711,
        "kind": "EXERCISE_DONE",
        "at": int((NOON_S - 60) * 1000),
        "member": {"id": 99},
        "minutesDone": "6",
        "plan": {"code": "P-1", "name": "Morning <b>core</b>", "minutes": 10, "area": 1, "labels": "Core; Back;"},
    }
    return said | changes


def test_the_documented_platform_joins_without_code() -> None:
    event = only(passed(DOCUMENTED, "health", exercise()))
    assert event.type == "health.exercise.done"
    assert event.occurred_at_s == NOON_S - 60
    assert event.strength == pytest.approx(0.6)
    assert event.item is not None
    assert (event.item.item_id, event.item.title, event.item.category) == ("P-1", "Morning core", "strength")
    assert event.item.tags == ("core", "back")


def test_scales_values_and_ignored_types_are_tables() -> None:
    rated = only(passed(DOCUMENTED, "health", exercise(kind="PLAN_RATED", mark=10, note="Strong!")))
    assert (rated.strength, rated.text) == (1.0, "Strong!")
    assert only(passed(DOCUMENTED, "health", exercise(state="finished", minutesDone=1))).strength == 1.0
    batch = passed(DOCUMENTED, "health", {"kind": "HEARTBEAT"})
    assert (batch.n_ignored, batch.dead) == (1, [])


def test_an_own_action_has_its_weight_and_its_reversal() -> None:
    table = action_table(load_mappings(DOCUMENTED))
    assert (table.weight_of("exercise.done"), table.weight_of("exercise.undone")) == (4.0, -4.0)


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": "EXERCISE_SEEN"}, "unknown_type"),
        ({"kind": None}, "missing_field"),
        ({"eventId": None}, "missing_field"),
        ({"eventId": {}}, "mapping_failed"),
        ({"member": "anybody"}, "missing_field"),
        ({"at": "soon"}, "mapping_failed"),
        ({"at": 1e300}, "bad_time"),
        ({"at": int((NOON_S + 1e6) * 1000)}, "time_in_future"),
        ({"minutesDone": -1}, "out_of_range"),
        ({"minutesDone": "nan"}, "out_of_range"),
        ({"kind": "PLAN_RATED", "mark": 11}, "out_of_range"),
        ({"plan": {}}, "missing_field"),
        ({"plan": {"code": "p", "labels": 3}}, "mapping_failed"),
    ],
)
def test_a_record_that_does_not_fit_has_its_reason(changes: dict[str, Any], reason: str) -> None:
    (letter,) = passed(DOCUMENTED, "health", exercise(**changes)).dead
    assert letter.reason == reason


@pytest.mark.parametrize("form", FORMS)
def test_a_mapping_reads_cloud_events_of_a_foreign_layout(tmp_path: Path, form: Form) -> None:
    text = MINIMAL.replace('"kind"', '"type"').replace('"at"', '"time"').replace('"who"', '"data.user.0"')
    text = text.replace('"what"', '"data.refs[1].id"').replace("SEEN", '"com.example.seen"').replace(".user.0", ".user")
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    said = a_cloud_event("com.example.seen", data={"user": "u", "refs": [{"id": "a"}, {"id": "b"}]})
    batch = Normaliser(SECRET, decoder_for(load_mappings(tmp_path))).normalise([a_record(said, form)], Platform("city"))
    event = only(batch)
    assert event.type == "city.product.viewed"
    assert event.item is not None
    assert event.item.item_id == "b"


def test_platforms_without_a_mapping_keep_the_contract() -> None:
    gate = Normaliser(SECRET, decoder_for(load_mappings(DOCUMENTED)))
    only(gate.normalise([a_record(a_cloud_event())], Platform("shop")))


SAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "segment": (
        {"messageId": "m", "type": "track", "event": "Product Reviewed", "userId": "u", "sentAt": "2024-05-01T12:00:01Z",
         "originalTimestamp": "2024-05-01T12:00:00Z",
         "properties": {"product_id": "p", "rating": "4", "review_body": "Good", "price": 5, "currency": "USD"}},
        "review.posted",
    ),
    "ga4": (
        {"event_name": "add_to_cart", "event_timestamp": "1714564790000000", "user_pseudo_id": "c.1",
         "event_bundle_sequence_id": "3", "items": [{"item_id": "p", "item_name": "Shoe", "price": 5.0}],
         "event_params": [{"key": "ga_session_id", "value": {"int_value": "17"}},
                          {"key": "currency", "value": {"string_value": "USD"}}]},
        "cart.added",
    ),
    "snowplow": (
        {"event_id": "e", "app_id": "web", "event_name": "snowplow_ecommerce_action", "user_id": "u",
         "derived_tstamp": "2024-05-01T11:59:59.000Z",
         "unstruct_event_com_snowplowanalytics_snowplow_ecommerce_snowplow_ecommerce_action_1": {"type": "transaction"},
         "contexts_com_snowplowanalytics_snowplow_ecommerce_product_1": [
             {"id": "p", "name": "Shoe", "price": 5, "currency": "USD", "quantity": 2}]},
        "order.completed",
    ),
}  # fmt: skip


def test_every_shipped_dialect_has_a_sample_here() -> None:
    assert shipped_dialects() == sorted(SAMPLES)


@pytest.mark.parametrize("dialect", sorted(SAMPLES))
def test_a_shipped_dialect_reads_what_its_tool_writes(tmp_path: Path, dialect: str) -> None:
    (tmp_path / "bazaar.toml").write_text(f'dialect = "{dialect}"\n[envelope]\nsource = {{ const = "/bazaar" }}\n')
    document, action = SAMPLES[dialect]
    event = only(passed(tmp_path, "bazaar", document))
    assert event.type == f"bazaar.{action}"
    assert event.item is not None
    assert (event.item.item_id, event.item.price) == ("p", 5.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[envelope", "table declaration"),
        (MINIMAL + "[extra]\n", "extra"),
        (MINIMAL.replace('id = "id"\n', "", 1), r"envelope\.id: missing"),
        (MINIMAL.replace("what", "what..id"), r"item\.item_id: path"),
        (MINIMAL.replace("item_id =", "itemid ="), r"item\.itemid: no such field; use one of item_id"),
        (MINIMAL.replace('"at"', '{ path = "at", unit = "fortnights" }'), r"envelope\.time: unit 'fortnights'"),
        (MINIMAL.replace('"at"', '{ path = "at", const = "x" }'), "exactly one of path, const and join"),
        (MINIMAL.replace('"what"', "{ path = [] }"), "name at least one"),
        (MINIMAL.replace('"what"', '{ path = "w", unit = "ms" }'), "unit: only for numbers"),
        (MINIMAL.replace('"what"', '{ path = "w", eval = "1+1" }'), "eval"),
        (MINIMAL.replace("product.viewed", "moon.landed"), r"types\.SEEN = 'moon\.landed': no such action"),
        (MINIMAL + '[actions."post.liked"]\nweight = 2\n', r"actions\.post\.liked: the contract declares it"),
        (MINIMAL + "[actions.Landed]\nweight = 2\n", r"actions\.Landed: name it"),
        (MINIMAL + '[actions."moon.landed"]\ntakes = "luck"\n', r"actions\.moon\.landed\.takes = 'luck'"),
        (MINIMAL + '[actions."moon.left"]\nreverses = "moon.landed"\n', r"reverses = 'moon\.landed'"),
        ('dialect = "klingon"\n', "dialect = 'klingon': use one of ga4, segment"),
        (MINIMAL.replace('"what"', '{ path = "w", scale = { from = [1, 1], to = [1, 5] } }'), "from"),
    ],
)
def test_a_faulty_file_names_file_key_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "city.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said) as refused:
        load_mappings(tmp_path)
    assert "city.toml" in str(refused.value)


def test_a_file_is_named_after_its_platform(tmp_path: Path) -> None:
    (tmp_path / "My City.toml").write_text(MINIMAL)
    with pytest.raises(UsageError, match="My City"):
        load_mappings(tmp_path)


def test_no_folder_means_no_mappings_and_a_missing_one_is_a_fault(tmp_path: Path) -> None:
    assert load_mappings("") == {}
    with pytest.raises(UsageError, match="mappings_dir"):
        load_mappings(tmp_path / "nowhere")


def test_two_platforms_may_not_disagree_about_an_action(tmp_path: Path) -> None:
    for platform, weight in (("city", 1), ("town", 2)):
        (tmp_path / f"{platform}.toml").write_text(MINIMAL + f'[actions."moon.landed"]\nweight = {weight}\n')
    with pytest.raises(UsageError, match=r"moon\.landed"):
        action_table(load_mappings(tmp_path))


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a[", "a[x]", "a]b", "a.b[1", ".".join("a" * 17)])
def test_a_faulty_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(text)


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abk"), inner, max_size=3),
)


@given(anything, st.sampled_from(["a", "a.b", "a[0]", "a[0].b", "a[k=a].b", "b[2][1]"]))
def test_a_path_finds_something_or_nothing_in_any_document(document: Any, path: str) -> None:
    parse_path(path).find(document)
