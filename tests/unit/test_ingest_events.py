"""CloudEvents over HTTP: a verdict for every event, by the rules of the gate, once the log has it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode
from streams.adapters.mapping_files import decoder_for
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from tests.support.cloud_events import NOON_S, a_cloud_event
from tests.support.ingest import BATCH, EVENT, JSON, SHOP_KEY, Asked, HeldLog, an_event, ingest_settings

ANY_TYPE = st.sampled_from([EVENT, BATCH, JSON, "", "text/plain", f"{JSON}; charset=utf-8", f"{JSON}; charset=utf-16"])
json_like = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
bent_events = st.fixed_dictionaries(
    {name: st.just(value) | json_like for name, value in a_cloud_event(consent="granted", anonymousid="a").items()}
)


@pytest.mark.requirement("A1")
def test_an_accepted_event_says_where_it_stands_and_is_in_the_log_as_it_was_sent():
    asked = Asked()
    body = json.dumps(an_event()).encode()
    answer = asked.post("/v1/events", body, EVENT)
    assert answer.status_code == 200
    assert answer.json() == {
        "accepted": 1, "rejected": 0, "unconfirmed": 0,
        "events": [
            {"index": 0, "id": "e-1", "status": "accepted", "code": "accepted", "topic": "t.events.shop",
             "partition": answer.json()["events"][0]["partition"], "offset": 0}
        ],
    }  # fmt: skip
    (record,) = asked.log.records
    assert (record.topic, record.key, record.value) == ("t.events.shop", b"u-1", body)
    assert decode(RawRecord(record.value, record.headers)).id == "e-1"


@pytest.mark.parametrize("content_type", [BATCH, JSON, f"{BATCH}; charset=UTF-8"])
@pytest.mark.requirement("A7")
def test_a_bad_event_between_good_ones_is_rejected_alone(content_type: str):
    asked = Asked()
    bad = an_event(2, data={"item": {"item_id": "sku-1", "price": "secret-price"}})
    answer = asked.post("/v1/events", [an_event(1), bad, an_event(3)], content_type)
    assert (answer.status_code, answer.json()["accepted"], answer.json()["rejected"]) == (200, 2, 1)
    verdicts = answer.json()["events"]
    assert [(each["index"], each["id"], each["status"]) for each in verdicts] == [
        (0, "e-1", "accepted"), (1, "e-2", "rejected"), (2, "e-3", "accepted")
    ]  # fmt: skip
    assert verdicts[1]["code"] == "wrong_type"
    assert "data.item.price" in verdicts[1]["message"]
    assert verdicts[1]["remedy"]
    assert "secret-price" not in answer.text
    assert [json.loads(record.value)["id"] for record in asked.log.records] == ["e-1", "e-3"]


def test_where_nothing_is_accepted_the_status_says_so():
    answer = Asked().post("/v1/events", an_event(type="shop.no.such"), EVENT)
    assert (answer.status_code, answer.json()["events"][0]["code"]) == (422, "unknown_type")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"time": "2020-01-01T00:00:00Z"}, "accepted", "late"),
        ({"time": "2030-01-01T00:00:00Z"}, "rejected", "time_in_future"),
        ({"consent": "denied"}, "rejected", "no_consent"),
        ({"type": "video.video.liked"}, "rejected", "wrong_platform"),
        ({"subject": None}, "rejected", "missing_field"),
        ({"specversion": "0.3"}, "rejected", "unknown_version"),
        ({"data": {"item": {"item_id": "1"}, "text": "x" * 40_000}}, "rejected", "too_large"),
    ],
)
@pytest.mark.requirement("A7", "N7")
def test_the_verdict_says_what_workers_would_make_of_it(changes: dict[str, object], status: str, code: str):
    asked = Asked()
    (verdict,) = asked.post("/v1/events", an_event(**changes), EVENT).json()["events"]
    assert (verdict["status"], verdict["code"]) == (status, code)
    assert len(asked.log.records) == (status == "accepted")


def test_events_of_one_person_share_a_key_so_that_the_log_keeps_their_order():
    asked = Asked()
    visitor = {"subject": None, "anonymousid": "v-1"}
    asked.post("/v1/events", [an_event(1), an_event(2), an_event(3, **visitor), an_event(4, subject="u-2")], BATCH)
    assert [record.key for record in asked.log.records] == [b"u-1", b"u-1", b"anonymous:v-1", b"u-2"]


def test_binary_mode_is_read_and_written_as_binary_mode():
    asked = Asked()
    event = an_event(subject="müller")
    data = json.dumps(event.pop("data")).encode()
    headers = {f"ce-{name}": value.replace("ü", "%C3%BC") for name, value in event.items()}
    answer = asked.post("/v1/events", data, JSON, **headers)
    assert (answer.status_code, answer.json()["events"][0]["id"]) == (200, "e-1")
    (record,) = asked.log.records
    assert decode(RawRecord(record.value, record.headers)).subject == "müller"
    assert record.key == "müller".encode()


def test_an_attribute_in_quotes_is_what_stands_in_them():
    asked = Asked()
    event = an_event()
    data = json.dumps(event.pop("data")).encode()
    headers = {f"ce-{name}": value for name, value in event.items()} | {"ce-id": r'"e \"1\" %C3%BC"'}
    assert asked.post("/v1/events", data, JSON, **headers).json()["events"][0]["id"] == 'e "1" ü'


@pytest.mark.requirement("A7")
def test_half_an_emoji_in_one_event_costs_the_others_nothing():
    asked = Asked()
    events = [an_event(1), an_event(2, data={"item": {"item_id": "sku-1"}, "text": "cut \ud83d"}), an_event(3)]
    answer = asked.post("/v1/events", events, BATCH)
    assert [each["status"] for each in answer.json()["events"]] == ["accepted", "rejected", "accepted"]
    assert [json.loads(record.value) for record in asked.log.records] == [events[0], events[2]]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", EVENT, 400, "unreadable_body"),
        (b"", EVENT, 400, "unreadable_body"),
        (b"[]", BATCH, 400, "unreadable_body"),
        (b"{}", BATCH, 400, "unreadable_body"),
        (b"[1", JSON, 400, "unreadable_body"),
        (b"[" * 5_000 + b"]" * 5_000, BATCH, 400, "unreadable_body"),
        (b"7", EVENT, 400, "unreadable_body"),
        (b"{}", "text/plain", 415, "unsupported_content_type"),
        (b"{}", "", 415, "unsupported_content_type"),
        (b"{}", f"{JSON}; charset=latin-1", 415, "unsupported_content_type"),
        (b"[" + b"1," * 1_000 + b"1]", BATCH, 413, "too_many_events"),
        (b" " * 600_000, EVENT, 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_taken_apart_is_refused_as_a_whole(body: bytes, content_type: str, status: int, code: str):
    asked = Asked()
    answer = asked.post("/v1/events", body, content_type)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json().keys() == {"code", "message", "remedy"}
    assert not asked.log.records


def test_a_body_that_announces_no_length_is_bounded_all_the_same():
    def chunks():
        for _ in range(100):
            yield b" " * 10_000

    answer = Asked().request(
        "POST", "/v1/events", {"Authorization": f"Bearer {SHOP_KEY}", "Content-Type": EVENT}, content=_aiter(chunks())
    )
    assert answer.status_code == 413


async def _aiter(chunks):
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize("length", ["9" * 5_000, "600000"])
def test_an_announced_length_is_believed_before_a_byte_is_read(length: str):
    assert Asked().post("/v1/events", b"{}", EVENT, **{"Content-Length": length}).status_code == 413


def test_compressed_bodies_are_refused_before_they_can_grow():
    answer = Asked().post("/v1/events", b"\x1f\x8b", EVENT, **{"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_content_type")


@pytest.mark.requirement("Q4")
def test_without_room_the_sender_is_told_to_come_again_and_nothing_is_written():
    asked = Asked(log=HeldLog(room=1))
    answer = asked.post("/v1/events", [an_event(1), an_event(2)], BATCH)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "overloaded", "1")
    assert not asked.log.records


def test_without_brokers_nothing_is_pretended():
    asked = Asked(log=HeldLog(away="kafka-1:9092 does not answer"))
    answer = asked.post("/v1/events", an_event(), EVENT)
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "brokers_away", "1")
    ready = asked.request("GET", "/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "waiting"})
    assert "kafka-1" not in answer.text
    assert asked.request("GET", "/healthz").status_code == 200


def test_what_brokers_do_not_confirm_is_told_event_by_event_and_asked_for_again():
    asked = Asked(log=HeldLog(unconfirmed=frozenset({1})))
    answer = asked.post("/v1/events", [an_event(1), an_event(2, data={}), an_event(3), an_event(4)], BATCH)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert [each["status"] for each in answer.json()["events"]] == ["accepted", "rejected", "unconfirmed", "accepted"]


def test_a_fault_of_ours_shows_nothing_of_the_event(caplog: pytest.LogCaptureFixture):
    asked = Asked()
    asked.log.publish = _broken  # type: ignore[method-assign]
    answer = asked.post("/v1/events", an_event(subject="secret-person"), EVENT)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret-person" not in answer.text + caplog.text


async def _broken(records: object) -> list[None]:
    raise RuntimeError(f"{records}")


FUZZED = Asked(settings=ingest_settings(rate_per_s=0, max_event_bytes=1_000_000))


@given(st.binary(max_size=400), ANY_TYPE)
def test_arbitrary_bytes_are_never_a_fault_of_ours(body: bytes, content_type: str):
    answer = FUZZED.post("/v1/events", body, content_type)
    assert answer.status_code in {200, 400, 413, 415, 422}


@settings(max_examples=60)
@given(st.lists(bent_events | json_like, min_size=1, max_size=5))
def test_every_event_of_a_batch_gets_a_verdict_and_the_accepted_are_what_the_gate_takes(batch: list[object]):
    FUZZED.log.records.clear()
    body = json.dumps(batch).encode()
    answer = FUZZED.post("/v1/events", body, BATCH)
    verdicts = answer.json()["events"]
    assert [each["index"] for each in verdicts] == list(range(len(batch)))
    gate = Normaliser(b"any secret of the tests", decoder_for({}))
    records = [RawRecord(record.value, record.headers, NOON_S) for record in FUZZED.log.records]
    judged = gate.normalise(records, "shop")  # type: ignore[arg-type]
    assert not judged.dead
    assert len(records) == answer.json()["accepted"]
