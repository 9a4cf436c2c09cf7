"""What fuzzing has found at the gates, each as the smallest input that showed it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from streams.adapters.cloudevents import decode
from streams.adapters.mapping_files import MAX_FILE_BYTES, MAX_LINE_CHARS, action_table, decoder_for, load_mappings
from streams.domain import reasons
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent, UsageError
from streams.serve.api import create_api
from streams.service.normalise import Normaliser
from tests.support.cloud_events import NOON_S, a_cloud_event, a_record
from tests.support.serving import opened, subject_items

pytestmark = pytest.mark.requirement("A7")
ENVELOPE = '[envelope]\nid = "id"\nsource = {source}\ntype = "type"\ntime = "time"\n'
HEALTH = {"eventId": 1, "kind": "EXERCISE_DONE", "at": NOON_S * 1e3, "member": {"id": 7}, "plan": {"code": "p"}}


def loaded(tmp_path: Path, text: str) -> None:
    (tmp_path / "shop.toml").write_text(text, encoding="utf-8")
    load_mappings(tmp_path)


@pytest.mark.parametrize("field", ["at", "minutesDone", "mark"])
def test_a_number_of_four_hundred_digits_is_a_dead_letter_of_a_mapped_platform(field: str) -> None:
    mappings = load_mappings("docs/mappings")
    gate = Normaliser(b"0123456789abcdef", decoder_for(mappings), action_table(mappings))
    bad = RawRecord(json.dumps(HEALTH | {field: 10**400}).encode(), (), NOON_S)
    good = RawRecord(json.dumps(HEALTH).encode(), (), NOON_S)
    batch = gate.normalise([bad, good], Platform("health"))
    assert [letter.reason for letter in batch.dead] == [reasons.OUT_OF_RANGE]
    assert batch.dead[0].value == bad.value
    assert len(batch.events) == 1


def test_an_attribute_name_that_is_no_text_is_a_dead_letter() -> None:
    record = a_record(a_cloud_event(), "binary")
    named = RawRecord(record.value, (*record.headers, ("ce_\udcff", b"x")), NOON_S)
    with pytest.raises(InvalidEvent) as refused:
        decode(named)
    assert refused.value.reason == reasons.BAD_ENCODING


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{ const = nan }", r"envelope.source: const = nan: expected a text or a number"),
        ("{ join = [] }", r"envelope.source: join: name at least one path"),
        ('{ path = "a", values = { x = inf } }', r"envelope.source: values.x = inf: expected a text or a number"),
    ],
)
def test_a_mapping_that_no_record_can_fit_is_refused_at_the_start(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        loaded(tmp_path, ENVELOPE.format(source=source))


@pytest.mark.parametrize("ends", ["from = [nan, 1], to = [0, 1]", "from = [0, 1], to = [0, inf]"])
def test_a_scale_has_finite_ends(tmp_path: Path, ends: str) -> None:
    with pytest.raises(UsageError, match="the ends must be finite numbers"):
        loaded(tmp_path, ENVELOPE.format(source='"s"') + f'[data]\nrating = {{ path = "r", scale = {{ {ends} }} }}\n')


def test_a_mapping_file_nested_too_deeply_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"shop\.toml: nested too deeply"):
        loaded(tmp_path, "a = " + "[\n" * 2_000 + "]\n" * 2_000)


def test_a_mapping_file_that_takes_minutes_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=rf"a line of \d+ characters, at most {MAX_LINE_CHARS}"):
        loaded(tmp_path, "a" + ".a" * 50_000 + " = 1\n")
    with pytest.raises(UsageError, match=rf"\d+ bytes, at most {MAX_FILE_BYTES}"):
        loaded(tmp_path, "# much\n" * MAX_FILE_BYTES)


@pytest.fixture
def app(tmp_path: Path) -> Any:
    for town in opened(tmp_path):
        town.publish_items(subject_items())
        yield create_api(town.parts)


def answer(app: Any, path: str, body: bytes = b"", **headers: str) -> tuple[int, dict[str, Any]]:
    """Straight into the application: HTTP clients would not send some of this."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    said = {"host": "127.0.0.1", "content-type": "application/json"} | headers
    scope = {
        "type": "http", "method": "POST" if body else "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()], "scheme": "http",
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "root_path": "", "http_version": "1.1",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


@pytest.mark.requirement("N14")
@pytest.mark.parametrize(
    "host",
    ["[::1", "a{b.attacker.example", "a`b.attacker.example", 'a"b.attacker.example', "", "127.0.0.1@attacker.example"],
)
def test_a_host_header_that_cannot_be_parsed_is_not_taken_for_this_machine(app: Any, host: str) -> None:
    status, body = answer(app, "/v1/profiles/x", host=host)
    assert (status, body["code"]) == (403, "not_local")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:1", "[::1]:8000"])
def test_the_names_of_this_machine_are_answered(app: Any, host: str) -> None:
    assert answer(app, "/v1/profiles/x", host=host)[0] == 404


def test_a_length_of_thousands_of_digits_is_too_large(app: Any) -> None:
    status, body = answer(app, "/v1/search", b"{}", content_length="9" * 5_000)
    assert (status, body["code"]) == (413, "body_too_large")


def test_the_name_of_an_unknown_field_is_not_repeated(app: Any) -> None:
    status, body = answer(app, "/v1/search", json.dumps({"text": "a", "u-canary-4711": 1}).encode())
    assert (status, body["code"]) == (422, "invalid_request")
    assert body["message"] == "body: a field that is not known here"


def test_a_body_that_is_not_json_has_a_code_of_its_own(app: Any) -> None:
    assert answer(app, "/v1/search", b"\xff\xfe{")[1]["code"] == "unreadable_body"


@pytest.mark.parametrize("scale", [1e200, 1e-200])
def test_a_search_by_a_huge_or_tiny_vector_finds_what_its_direction_says(app: Any, scale: float) -> None:
    found = {}
    for factor in (1.0, scale):
        vector = [factor if at % 7 == 0 else 0.0 for at in range(384)]
        status, body = answer(app, "/v1/search", json.dumps({"vector": vector, "k": 3}).encode())
        assert status == 200
        found[factor] = [item["key"] for item in body["items"]]
    assert found[1.0]
    assert found[scale] == found[1.0]
