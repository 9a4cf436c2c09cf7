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
    "debezium": (
        {"op": "c", "before": None, "after": {"id": 7, "user_id": "u", "product_id": "p", "price": 5, "currency": "USD"},
         "source": {"connector": "postgresql", "name": "pg", "db": "shop", "table": "lines", "txId": 5, "lsn": 6,
                    "ts_ms": 1714564799000}, "ts_ms": 1714564799100},
        "order.completed",
    ),
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


#: A database's tables and columns are its owner's.
OWN = {"debezium": '[types]\n"lines:c" = "order.completed"\n[item]\nprice = "after.price"\ncurrency = "after.currency"\n'}


def test_every_shipped_dialect_has_a_sample_here() -> None:
    assert shipped_dialects() == sorted(SAMPLES)


@pytest.mark.parametrize("dialect", sorted(SAMPLES))
def test_a_shipped_dialect_reads_what_its_tool_writes(tmp_path: Path, dialect: str) -> None:
    text = f'dialect = "{dialect}"\n[envelope]\nsource = {{ const = "/bazaar" }}\n'
    (tmp_path / "bazaar.toml").write_text(text + OWN.get(dialect, ""))
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
        (MINIMAL.replace('"what"', "{ path = [] }"), "name at least one path"),
        (MINIMAL.replace('"what"', '{ path = "w", unit = "ms" }'), "unit: only for numbers"),
        (MINIMAL.replace('"at"', '{ path = "at", glue = " " }'), "glue: only for texts"),
        (MINIMAL.replace('"what"', '{ join = ["a", []] }'), "join: name at least one path"),
        ('root = "a..b"\n' + MINIMAL, r"path 'a\.\.b'"),
        ('tombstones = "kept"\n' + MINIMAL, "tombstones"),
        (MINIMAL + '[consent]\nspying = "may"\n', r"consent\.spying: no such field; use one of profile"),
        (MINIMAL.replace('"what"', '{ path = "w", eval = "1+1" }'), "eval"),
        (MINIMAL.replace("product.viewed", "moon.landed"), r"types\.SEEN = 'moon\.landed': no such action"),
        (MINIMAL + '[actions."post.liked"]\nweight = 2\n', r"actions\.post\.liked: the contract declares it"),
        (MINIMAL + "[actions.Landed]\nweight = 2\n", r"actions\.Landed: name it"),
        (MINIMAL + '[actions."moon.landed"]\ntakes = "luck"\n', r"actions\.moon\.landed\.takes = 'luck'"),
        (MINIMAL + '[actions."moon.left"]\nreverses = "moon.landed"\n', r"reverses = 'moon\.landed'"),
        ('dialect = "klingon"\n', "dialect = 'klingon': use one of debezium, ga4, segment"),
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


def test_paths_begin_at_the_root_where_it_is_there_and_at_the_document_where_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text('root = ["payload", "body.event"]\n' + MINIMAL)
    said = {"id": 1, "kind": "SEEN", "at": "2024-05-01T11:59:00Z", "who": "u", "what": "w"}
    for document in (said, {"payload": said}, {"body": {"event": said}}, said | {"payload": "no table"}):
        assert only(passed(tmp_path, "city", document)).item is not None


def test_a_part_of_a_join_may_have_several_places_and_a_list_of_texts_is_glued(tmp_path: Path) -> None:
    text = MINIMAL.replace('id = "id"', 'id = { join = ["id", ["row", "line"]] }', 1)
    (tmp_path / "city.toml").write_text(text + '[data]\nquery = { path = "words", glue = " " }\n')
    said = {"id": 1, "kind": "SEEN", "at": "2024-05-01T11:59:00Z", "who": "u", "what": "w", "words": ["blue", "lamp"]}
    envelope = decoder_for(load_mappings(tmp_path))(Platform("city"))
    read = [envelope(RawRecord(json.dumps(said | more).encode())) for more in ({"row": 2, "line": 3}, {"line": 3})]
    assert [each.id for each in read] == ["1:2", "1:3"]
    assert read[0].data is not None
    assert read[0].data.query == "blue lamp"
    assert passed(tmp_path, "city", said).dead[0].reason == "missing_field"
    assert passed(tmp_path, "city", said | {"row": 2, "words": 5}).dead[0].reason == "mapping_failed"


@pytest.mark.requirement("N7")
@pytest.mark.parametrize(("word", "is_kept"), [("yes", True), ("no", False), (None, True)])
def test_what_a_dialect_says_about_consent_decides(tmp_path: Path, word: str | None, is_kept: bool) -> None:
    text = MINIMAL + '[consent]\nprofile = { path = "may", values = { yes = true, no = false } }\n'
    (tmp_path / "city.toml").write_text(text)
    said = {"id": 1, "kind": "SEEN", "at": "2024-05-01T11:59:00Z", "who": "u", "what": "w", "may": word}
    batch = passed(tmp_path, "city", said)
    assert (len(batch.events), batch.n_refused, batch.dead) == (int(is_kept), int(not is_kept), [])


@pytest.mark.parametrize(("tombstones", "outcome"), [("ignored", (1, [])), ("refused", (0, ["null_value"]))])
def test_a_null_is_left_out_or_refused_as_the_file_says(tmp_path: Path, tombstones: str, outcome: Any) -> None:
    (tmp_path / "city.toml").write_text(f'tombstones = "{tombstones}"\n' + MINIMAL)
    gate = Normaliser(SECRET, decoder_for(load_mappings(tmp_path)))
    batch = gate.normalise([RawRecord(None, (), NOON_S)], Platform("city"))
    assert (batch.n_ignored, [letter.reason for letter in batch.dead]) == outcome


def test_an_event_about_no_item_may_have_fields_that_describe_items(tmp_path: Path) -> None:
    text = MINIMAL.replace("SEEN", "ASKED").replace("product.viewed", "product.searched") + "[data]\nquery = 'words'\n"
    (tmp_path / "city.toml").write_text(text.replace("[item]\n", '[item]\nlanguage = "language"\n'))
    said = {"id": 1, "kind": "ASKED", "at": "2024-05-01T11:59:00Z", "who": "u", "words": "lamp", "language": "en"}
    assert only(passed(tmp_path, "city", said)).item is None
    assert passed(tmp_path, "city", said | {"words": None}).dead[0].reason == "missing_field"


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
