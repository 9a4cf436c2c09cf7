"""Segment's calls over HTTP: the bodies of its documentation, published so that workers read them by the mapping file."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.adapters.mapping_files import action_table, decoder_for, load_mappings
from streams.domain.raw import RawRecord
from streams.ingest.segment_calls import CALLS, message_of, messages_of
from streams.service.normalise import NormalisedBatch, Normaliser
from tests.support.cloud_events import NOON_S
from tests.support.ingest import GYM_KEY, JSON, SHOP_KEY, Asked, ingest_settings

NOON = "2024-05-01T11:59:00.000Z"
CONTEXT = {"ip": "24.5.68.47"}
# As in "Spec: Ecommerce Events v2", "Spec: Identify" and "HTTP API Source", with the time of these tests.
TRACK = {
    "userId": "019mr8mf4r", "event": "Product Viewed", "context": CONTEXT, "timestamp": NOON,
    "properties": {
        "product_id": "507f1f77bcf86cd799439011", "sku": "G-32", "category": "Games", "name": "Monopoly: 3rd Edition",
        "brand": "Hasbro", "variant": "200 pieces", "price": 18.99, "quantity": 1, "coupon": "MAYDEALS",
        "currency": "usd", "position": 3, "value": 18.99,
    },
}  # fmt: skip
IDENTIFY = {
    "userId": "019mr8mf4r", "context": CONTEXT, "timestamp": NOON,
    "traits": {"email": "pgibbons@example.com", "name": "Peter Gibbons", "industry": "Technology"},
}  # fmt: skip
SENT_BATCH = {
    "batch": [
        {"type": "identify", **IDENTIFY},
        {"type": "track", **TRACK, "messageId": "m-2"},
        {"type": "track", "userId": "019mr8mf4r", "event": "Item Purchased", "timestamp": NOON, "properties": {"revenue": 14.99}},
    ],
    "context": {"device": {"type": "phone"}}, "sentAt": "2024-05-01T11:59:30.000Z",
}  # fmt: skip


@pytest.fixture
def gym(tmp_path: Path) -> Asked:
    return Asked(settings=ingest_settings(tmp_path))


def as_workers_read(asked: Asked) -> NormalisedBatch:
    mappings = load_mappings(asked.settings.ingest.mappings_dir)
    gate = Normaliser(b"any secret of the tests", decoder_for(mappings), action_table(mappings))
    return gate.normalise([RawRecord(each.value, each.headers, NOON_S) for each in asked.log.records], "gym")  # type: ignore[arg-type]


@pytest.mark.requirement("A6")
def test_a_documented_track_call_becomes_the_event_that_it_means(gym: Asked):
    basic = base64.b64encode(f"{GYM_KEY}:".encode()).decode()
    answer = gym.post("/v1/track", TRACK, key="", Authorization=f"Basic {basic}")
    assert (answer.status_code, answer.json()["events"][0]["code"]) == (200, "accepted")
    ((_, event),) = as_workers_read(gym).events
    assert (event.type, event.item and event.item.title) == ("gym.product.viewed", "Monopoly: 3rd Edition")
    assert gym.log.records[0].key == b"019mr8mf4r"


@pytest.mark.requirement("A6")
def test_a_documented_identify_call_says_what_it_is_by_its_route_alone(gym: Asked):
    answer = gym.post("/v1/identify", IDENTIFY, key=GYM_KEY)
    assert answer.json()["events"][0]["status"] == "accepted"
    assert json.loads(gym.log.records[0].value) == IDENTIFY | {
        "type": "identify", "messageId": answer.json()["events"][0]["id"]
    }  # fmt: skip


@pytest.mark.requirement("A6")
def test_a_batch_is_answered_message_by_message_and_a_type_that_means_nothing_is_said_so(gym: Asked):
    answer = gym.post("/v1/batch", SENT_BATCH, key=GYM_KEY)
    verdicts = answer.json()["events"]
    # 200 for a part, since Segment's libraries send everything again at any other.
    assert answer.status_code == 200
    assert [(each["status"], each["code"]) for each in verdicts][1:] == [("accepted", "accepted"), ("rejected", "unknown_type")]
    assert verdicts[0]["status"] == "accepted"
    assert verdicts[1]["id"] == "m-2"
    sent = [json.loads(record.value) for record in gym.log.records]
    assert {message["sentAt"] for message in sent} == {SENT_BATCH["sentAt"]}
    assert [message["context"] for message in sent] == [CONTEXT, CONTEXT]


@pytest.mark.parametrize("call", ["page", "screen", "group", "alias"])
def test_calls_that_no_profile_is_made_of_are_kept_and_said_to_be(gym: Asked, call: str):
    answer = gym.post(f"/v1/{call}", {"userId": "019mr8mf4r", "timestamp": NOON, "name": "Home"}, key=GYM_KEY)
    assert (answer.status_code, answer.json()["events"][0]["code"]) == (200, "ignored")


@pytest.mark.parametrize("path", ["/v1/batch", *(f"/v1/{call}" for call in CALLS)])
def test_a_platform_without_a_mapping_file_is_told_that_it_needs_one(gym: Asked, path: str):
    answer = gym.post(path, {"batch": [TRACK]} | TRACK, key=SHOP_KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_mapped")
    assert 'dialect = "segment"' in answer.json()["remedy"]


def test_a_mapped_platform_may_send_its_documents_to_the_route_of_events_too(gym: Asked):
    message = {**TRACK, "type": "track", "messageId": "m-1"}
    answer = gym.post("/v1/events", [message, {**message, "event": "Nope"}], JSON, key=GYM_KEY)
    assert [each["status"] for each in answer.json()["events"]] == ["accepted", "rejected"]
    assert answer.json()["events"][0]["id"] == "m-1"


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        ("/v1/track", [TRACK], JSON, 400),
        ("/v1/track", b"\xff", JSON, 400),
        ("/v1/batch", TRACK, JSON, 400),
        ("/v1/batch", {"batch": []}, JSON, 400),
        ("/v1/batch", {"batch": {}}, JSON, 400),
        ("/v1/batch", {"batch": [1] * 1_001}, JSON, 413),
        ("/v1/batch", {"batch": [TRACK] * 900, "context": {"page": "x" * 9_000}}, JSON, 413),
        ("/v1/track", TRACK, "text/plain", 415),
        ("/v1/nosuch", TRACK, JSON, 404),
    ],
)
def test_what_is_no_call_is_refused_as_a_whole(gym: Asked, path: str, body: Any, content_type: str, status: int):
    answer = gym.post(path, body, content_type, key=GYM_KEY)
    assert answer.status_code == status
    assert answer.json().keys() == {"code", "message", "remedy"}
    assert not gym.log.records


def test_a_get_is_told_what_is_allowed(gym: Asked):
    answer = gym.request("GET", "/v1/track")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.requirement("A8")
@given(st.dictionaries(st.sampled_from(["userId", "event", "name", "anonymousId"]), st.text(max_size=5)))
def test_a_message_without_an_id_is_the_same_message_when_it_is_sent_again(message: dict[str, str]):
    body = json.dumps(message).encode()
    (once, _), (again, _) = (message_of(body, JSON, "track", at_s)[0] for at_s in (NOON_S, NOON_S + 60))
    assert json.loads(once)["messageId"] == json.loads(again)["messageId"]


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=6), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6)))
def test_the_values_of_a_message_stay_as_they_were_sent(message: dict[str, Any]):
    body = json.dumps({"batch": [message]}).encode()
    ((completed, _),) = messages_of(body, JSON, 1, NOON_S)
    assert json.loads(completed).items() >= json.loads(json.dumps(message)).items()


@given(st.binary(max_size=200) | st.text(max_size=80).map(str.encode), st.sampled_from(["batch", *CALLS]))
def test_arbitrary_bytes_are_never_a_fault_of_ours(tmp_path_factory: pytest.TempPathFactory, body: bytes, call: str):
    answer = fuzzed(tmp_path_factory).post(f"/v1/{call}", body, key=GYM_KEY)
    assert answer.status_code in {200, 400, 413, 415, 422}


FUZZED: list[Asked] = []


def fuzzed(folders: pytest.TempPathFactory) -> Asked:
    if not FUZZED:
        FUZZED.append(Asked(settings=ingest_settings(folders.mktemp("mappings"), rate_per_s=0)))
    return FUZZED[0]


@pytest.mark.requirement("N14")
@pytest.mark.parametrize(("path", "wrapped"), [("/v1/track", False), ("/v1/batch", True)])
def test_a_key_in_the_body_does_not_reach_the_log(gym: Asked, path: str, wrapped: bool):
    message = TRACK | {"type": "track", "writeKey": GYM_KEY}
    answer = gym.post(path, {"batch": [message], "writeKey": GYM_KEY} if wrapped else message, key=GYM_KEY)
    assert answer.json()["accepted"] == 1
    assert GYM_KEY.encode() not in gym.log.records[0].value


def test_half_an_emoji_in_one_message_costs_the_others_nothing(gym: Asked):
    messages = [TRACK | {"type": "track", "messageId": f"m-{at}"} for at in range(3)]
    messages[1]["event"] = "cut \ud83d"
    answer = gym.post("/v1/batch", SENT_BATCH | {"batch": messages}, key=GYM_KEY).json()
    assert [each["status"] for each in answer["events"]] == ["accepted", "rejected", "accepted"]
    assert all(json.loads(record.value)["context"] == CONTEXT for record in gym.log.records)
