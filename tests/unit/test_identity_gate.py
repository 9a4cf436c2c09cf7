"""B5 and the forms of a command: what providers send to `identity`, hashed or refused, never raised."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.adapters.identity_events import decode_identity
from streams.domain.hints import Hint, command_of
from streams.domain.identities import Command
from streams.domain.identity_guards import IdentityRules
from streams.domain.identity_keys import account_node, identifier_key, identifier_node, sha256_of
from streams.domain.raw import RawRecord
from streams.domain.reasons import MEANING
from streams.errors import InvalidEvent
from streams.service.identity_gate import IdentityGate
from tests.support.cloud_events import FORMS, NOON_S, Form, a_record
from tests.support.identity_log import SECRET, Feed, a_command, key_of

GATE = IdentityGate(SECRET, decode_identity, IdentityRules())
ANN = "ann@mail.example"


def read(event: dict[str, Any], form: Form = "json", **changes: Any) -> Command:
    return GATE.read(a_record(event, form, **({"topic": "identity"} | changes)))


def reason_of(event: dict[str, Any]) -> str:
    with pytest.raises(InvalidEvent) as refused:
        read(event)
    return refused.value.reason


@pytest.mark.parametrize("form", FORMS)
def test_a_link_arrives_in_every_form(form: Form) -> None:
    command = read(a_command("link", "shop/1", "video/1", userid="Ann", confidence=0.5), form)
    assert command.action == "link"
    assert command.nodes == (
        account_node(key_of("shop/1")),  # type: ignore[arg-type]
        account_node(key_of("video/1")),  # type: ignore[arg-type]
        identifier_node("userid", identifier_key(SECRET, "userid", "Ann")),
    )
    assert (command.offset, command.arrived_at_s, command.evidence.at_s) == (7, NOON_S, NOON_S - 60)


@pytest.mark.parametrize("pack", [lambda data: json.dumps(data).encode(), msgpack.packb])
def test_data_may_come_in_base64(pack: Any) -> None:
    event = a_command("link", "shop/1", "video/1")
    packed = pack(event.pop("data"))
    kind = "application/json" if packed[:1] == b"{" else "application/msgpack"
    said = event | {"data_base64": base64.b64encode(packed).decode(), "datacontenttype": kind}
    assert len(read(said).nodes) == 2


def test_a_platform_may_speak_for_its_own_accounts() -> None:
    event = a_command("link", accounts=[{"account": "1"}, {"account": "2"}]) | {"type": "shop.identity.linked"}
    assert read(event).nodes[0] == account_node(key_of("shop/1"))  # type: ignore[arg-type]


def test_a_visitor_before_login_is_an_account() -> None:
    event = a_command(
        "link", accounts=[{"platform": "shop", "anonymousid": "v-1"}, {"platform": "shop", "account": "1"}]
    )
    assert read(event).nodes[0] == account_node(key_of("shop/anonymous:v-1"))  # type: ignore[arg-type]


def test_a_hint_of_the_gate_of_events_is_a_command() -> None:
    other = identifier_node("userid", identifier_key(SECRET, "userid", "Ann"))
    hint = command_of(Hint(key_of("shop/1"), other, "userid", NOON_S))  # type: ignore[arg-type]
    command = GATE.read(RawRecord(hint, (), NOON_S, "identity"))
    assert command.nodes == (account_node(key_of("shop/1")), other)  # type: ignore[arg-type]
    assert command.evidence.reason == "userid"


@pytest.mark.parametrize(
    ("kind", "raw", "normal"),
    [("email", " Ann@Mail.Example ", ANN), ("phone", "+44 (20) 7946-0958", "442079460958"), ("phone", "８６１３８００１３８０００", "8613800138000"), ("device", "7F-A1", "7f-a1")],
)  # fmt: skip
def test_raw_and_hashed_identifiers_meet(kind: str, raw: str, normal: str) -> None:
    one = read(a_command("link", "shop/1", **{kind: raw}))
    other = read(a_command("link", "shop/1", **{f"{kind}_sha256": sha256_of(normal).upper()}))
    assert one.nodes == other.nodes


def test_ids_of_users_keep_their_case() -> None:
    one, other = (read(a_command("link", "shop/1", userid=value)) for value in ("Ann", "ann"))
    assert one.nodes != other.nodes


def test_accounts_come_first_however_the_nodes_are_named() -> None:
    account = account_node(key_of("shop/1"))  # type: ignore[arg-type]
    other = identifier_node("userid", identifier_key(SECRET, "userid", "Ann"))
    assert read(a_command("link", nodes=[other.hex(), account.hex()])).nodes == (account, other)


def test_what_is_null_is_not_there() -> None:
    assert len(read(a_command("link", "shop/1", "video/1", userid=None, email=None)).nodes) == 2
    assert reason_of(a_command("link", "shop/1", userid=None)) == "too_few_nodes"


def test_the_time_may_be_missing() -> None:
    event = a_command("link", "shop/1", "video/1")
    del event["time"]
    assert read(event).evidence.at_s == NOON_S


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (a_command("link", "shop/1", "shop/1"), "too_few_nodes"),
        (a_command("link", "shop/1"), "too_few_nodes"),
        (a_command("link", userid="Ann", email=ANN), "too_few_nodes"),
        (a_command("link"), "too_few_nodes"),
        (a_command("unlink"), "too_few_nodes"),
        (a_command("link", "shop/1", "video/1") | {"data": None}, "too_few_nodes"),
        (a_command("link", "shop/1", "video/1") | {"type": "identity.joined"}, "unknown_type"),
        (a_command("link", "shop/1", "video/1") | {"type": "shop.order.completed"}, "unknown_type"),
        (a_command("link", "shop/1", "video/1") | {"time": "yesterday"}, "bad_time"),
        (a_command("link", "shop/1", "video/1") | {"time": "2034-05-01T12:00:00Z"}, "time_in_future"),
        (a_command("link", "shop/1", "video/1") | {"specversion": "0.3"}, "unknown_version"),
        (a_command("link", accounts=[{"account": "1"}, {"account": "2"}]), "wrong_platform"),
        (a_command("link", "Shop!/1", "shop/2"), "wrong_platform"),
        (a_command("link", accounts=[{"platform": "shop"}, {"platform": "shop", "account": "2"}]), "missing_field"),
        (a_command("link", accounts=[{"platform": "shop", "account": 7}]), "wrong_type"),
        (a_command("link", accounts="shop/1"), "wrong_type"),
        (a_command("link", "shop/1", email="ann"), "out_of_range"),
        (a_command("link", "shop/1", phone="911"), "out_of_range"),
        (a_command("link", "shop/1", email_sha256="ab"), "out_of_range"),
        (a_command("link", nodes=["ff" * 17]), "out_of_range"),
        (a_command("link", "shop/1", "shop/2", confidence=1.5), "out_of_range"),
        (a_command("link", "shop/1", "shop/2", reason=f"same as {ANN}"), "out_of_range"),
        (a_command("link", *(f"shop/{i}" for i in range(257))), "out_of_range"),
    ],
)
def test_what_is_no_command_is_refused_with_the_reason(event: dict[str, Any], reason: str) -> None:
    assert reason_of(event) == reason


@pytest.mark.requirement("B5")
def test_no_raw_id_is_kept_or_told() -> None:
    raw = ["subject-4711", ANN, "442079460958", "dev-7f-a1", "Ann-1"]
    feed = Feed()
    feed.say(
        a_command("link", f"shop/{raw[0]}", "video/2", email=raw[1], phone=raw[2], device=raw[3], userid=raw[4], id="1")
    )
    feed.say(a_command("link", f"shop/{raw[0]}", userid="Ann-2", id="2"))
    told = b"".join(k + v for k, v in feed.states.items())
    told += b"".join((k or b"") + (v or b"") for t in ("identities", "user-events") for k, v in feed.outputs[t])
    told += feed.dead[0].detail.encode()
    assert feed.dead
    assert not [value for value in raw if value.encode() in told or sha256_of(value).encode() in told]


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_accounts = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("platform", "account", "anonymousid"), _json)) | _json, max_size=3
)
_data = st.fixed_dictionaries(
    {},
    optional={"accounts": _accounts | _json}
    | dict.fromkeys(("userid", "email", "phone", "device", "email_sha256", "nodes", "reason", "confidence"), _json),
)


@pytest.mark.requirement("A7")
@settings(max_examples=100, deadline=None)
@given(data=_data | _json, value=st.none() | st.binary(max_size=40), action=st.sampled_from(["link", "unlink"]))
def test_whatever_comes_is_a_command_or_a_dead_letter(data: Any, value: bytes | None, action: Any) -> None:
    feed = Feed()
    event = a_command(action, id="1") | {"data": data}
    records = [a_record(event, "json", offset=0), a_record(event, "msgpack", offset=1), RawRecord(value, offset=2)]
    feed.fold([record for record in records if record.value is None or len(record.value) < 10_000])
    assert feed.dead[-1].offset == 2
    assert {letter.reason for letter in feed.dead} <= set(MEANING)
