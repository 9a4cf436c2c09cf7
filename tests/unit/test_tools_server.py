"""Tools for assistants, called by the official client: what they answer, to whom, and what they cannot do."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.accounts import account_key
from streams.domain.audit_records import AuditRecord, mark_of
from streams.domain.profiles import Consent
from streams.errors import UsageError
from streams.serve.access import Caller
from streams.serve.api import create_api
from streams.serve.api_keys import KeyGrant
from streams.serve.audit import MemoryAudit
from streams.serve.parts import ServeParts
from streams.serve.rate_limits import RateLimits
from streams.serve_tools import add_tools
from streams.tools_server.bounds import shortened
from streams.tools_server.calls import Calls
from streams.tools_server.tools import TOOLS
from tests.support.assistants import PLATFORMS, Assistant, with_tools
from tests.support.serving import NOON_S, SECRET, Did, Town, answering, opened, subject_items

KEY, SHOP_KEY, ERASE_KEY = "read-key-of-the-tests", "shop-key-of-the-tests", "erase-key-of-the-tests"
KEYS = {
    KEY: KeyGrant("read", "site"),
    SHOP_KEY: KeyGrant("read", "shop", frozenset({"shop"})),
    ERASE_KEY: KeyGrant("erase", "privacy"),
}
NAMES = ["profile", "explain", "history", "recommend", "why_item", "search_items"]


def bearing(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def town(tmp_path: Path, audit: MemoryAudit) -> Iterator[Town]:
    for town in opened(tmp_path, keys=KEYS):
        town.publish_items(subject_items())
        town.parts = replace(town.parts, audit=audit)
        yield town


@pytest.fixture
def url(town: Town) -> Iterator[str]:
    with with_tools(town) as url:
        yield url


@pytest.fixture
def assistant(url: str) -> Assistant:
    return Assistant(url, bearing(KEY))


def of_ada(town: Town) -> str:
    both = (Did("shop.wishlist.added", "shop:cooking-0"), Did("video.video.liked", "video:cooking-1"))
    return town.live(*both).profile_id


def of_bob(town: Town) -> str:
    return town.live(Did("video.video.liked", "video:football-1", person="bob")).profile_id


def overheard(url: str, path: str, **query: object) -> dict[str, object]:
    """What the HTTP API answers to the same question."""
    return httpx.get(f"{url}/v1/{path}", params=query, headers=bearing(KEY), trust_env=False).json()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_assistant_finds_exactly_these_tools_and_each_says_that_it_only_reads(url: str, mode: str):
    tools = Assistant(url, bearing(KEY), mode).tools()
    assert [tool.name for tool in tools] == NAMES
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description and tool.input_schema["additionalProperties"] is False for tool in tools)


@pytest.mark.requirement("H11")
def test_a_tool_tells_of_a_person_what_the_http_api_tells(town: Town, url: str, assistant: Assistant):
    ada = of_ada(town)
    assert assistant.call("profile", profile_id=ada, max_entries=200).body == overheard(url, f"profiles/{ada}")
    assert assistant.call("explain", profile_id=ada).body == overheard(url, f"profiles/{ada}/explanation")
    in_chinese = {"language": "zh", "n": 1}
    assert assistant.call("history", profile_id=ada, **in_chinese).body == overheard(url, f"profiles/{ada}/history", **in_chinese)
    asked = {"platform": "news", "k": 3, "explain": True, "diversity": 0.5}
    told = assistant.call("recommend", profile_id=ada, **asked)
    assert told.body == overheard(url, f"profiles/{ada}/recommendations", **asked)
    assert len(told.body["items"]) == 3


def test_a_search_finds_what_the_http_api_finds(url: str, assistant: Assistant):
    asked = {"text": "garden tomato", "platform": "shop", "category": "gardening", "k": 2}
    over_http = httpx.post(f"{url}/v1/search", json=asked, headers=bearing(KEY), trust_env=False).json()
    assert assistant.call("search_items", **asked).body == over_http
    assert len(over_http["items"]) == 2


@pytest.mark.requirement("H10")
def test_an_assistant_can_ask_why_an_item_is_shown_or_not(town: Town, assistant: Assistant):
    ada = of_ada(town)
    why = {"profile_id": ada, "item_platform": "shop"}
    assert assistant.call("why_item", **why, item_id="cooking-0").body["verdict"] == "seen"
    shown = assistant.call("why_item", **why, item_id="cooking-1").body
    assert shown["verdict"] == "recommended"
    assert sum(part["value"] for part in shown["parts"]) == pytest.approx(shown["score"], abs=1e-5)
    assert assistant.call("why_item", **why, item_id="no-such").body["verdict"] == "unknown_item"


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_person_may_be_named_by_an_account(town: Town, url: str, mode: str):
    ada = account_key(SECRET, "shop", "ada")
    published = msgspec.structs.replace(town.profile_after(Did("shop.wishlist.added", "shop:cooking-0")), profile_id=ada)
    town.publish_profile(published)
    told = Assistant(url, bearing(KEY), mode).call("profile", account_platform="shop", account="ada")
    assert (told.is_error, told.body["profile_id"]) == (False, ada)


@pytest.mark.parametrize(
    "named",
    [{}, {"account": "ada"}, {"account_platform": "shop"}, {"profile_id": "x", "account_platform": "shop", "account": "a"}],
)
def test_whoever_names_nobody_or_two_people_is_told_how(assistant: Assistant, named: dict[str, str]):
    told = assistant.call("profile", **named)
    assert (told.is_error, told.body["code"]) == (True, "invalid_request")
    assert told.body["remedy"] == "send profile_id, or account_platform and account"


@pytest.mark.requirement("N14")
def test_without_a_key_or_with_one_of_another_role_nothing_is_told(url: str, audit: MemoryAudit):
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"Accept": "application/json, text/event-stream"}
    for headers, status in (({}, 401), (bearing("a-guessed-key-of-somebody"), 401), (bearing(ERASE_KEY), 403)):
        answer = httpx.post(f"{url}/mcp", json=ask, headers=accept | headers, trust_env=False)
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "message", "remedy"}
    who = [(record.who, record.action, record.status) for record in audit.records]
    assert who == [("anonymous", "POST /mcp", 401), ("anonymous", "POST /mcp", 401), ("privacy", "POST /mcp", 403)]


@pytest.mark.requirement("N14")
def test_a_key_for_one_platform_asks_about_its_people_only(town: Town, url: str, audit: MemoryAudit):
    ada, bob = of_ada(town), of_bob(town)
    of_shop = Assistant(url, bearing(SHOP_KEY))
    assert not of_shop.call("explain", profile_id=ada).is_error
    for named in ({"profile_id": bob}, {"profile_id": "f" * 32}, {"account_platform": "video", "account": "bob"}):
        for tool in ("profile", "explain", "recommend"):
            told = of_shop.call(tool, **named)
            assert (told.is_error, told.body["code"]) == (True, "out_of_scope")
    refused = list(audit.records)[1:]
    marks = {mark_of(SECRET, bob), mark_of(SECRET, "f" * 32), ""}
    assert {(record.who, record.whom, record.outcome) for record in refused} == {("shop", mark, "refused") for mark in marks}
    over_http = [httpx.get(f"{url}/v1/profiles/{each}", headers=bearing(SHOP_KEY), trust_env=False) for each in (bob, "f" * 32)]
    assert [answer.status_code for answer in over_http] == [403, 403]
    assert [record.whom for record in list(audit.records)[-2:]] == [refused[0].whom, refused[3].whom]


@pytest.mark.requirement("N14")
def test_every_call_about_a_person_is_audited_once_and_a_search_is_not(
    town: Town, assistant: Assistant, audit: MemoryAudit
):
    ada = of_ada(town)
    assistant.call("profile", profile_id=ada)
    assistant.call("recommend", profile_id="nobody")
    assistant.call("explain", profile_id="nobody")
    assistant.call("search_items", text="pan")
    marks = [mark_of(SECRET, each) for each in (ada, "nobody", "nobody")]
    assert list(audit.records) == [
        AuditRecord(NOON_S, "site", "tool profile", marks[0], "answered", 200),
        AuditRecord(NOON_S, "site", "tool recommend", marks[1], "answered", 200),
        AuditRecord(NOON_S, "site", "tool explain", marks[2], "unknown", 404),
    ]


@pytest.mark.requirement("N14")
def test_an_assistant_is_held_to_the_rate_of_its_key(town: Town):
    town.parts = replace(town.parts, limits=RateLimits({"site": 0.5}, lambda: 0.0))
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    with with_tools(town) as url:
        answers = [httpx.post(f"{url}/mcp", json=ask, headers=bearing(KEY), trust_env=False) for _ in range(2)]
    assert answers[0].status_code != 429
    assert (answers[1].status_code, answers[1].json()["code"]) == (429, "too_many_requests")


@pytest.mark.requirement("N7")
def test_who_does_not_allow_recommendations_gets_what_is_popular_as_over_http(
    town: Town, url: str, assistant: Assistant
):
    profile = town.profile_after(Did("shop.wishlist.added", "shop:cooking-0"))
    town.publish_profile(msgspec.structs.replace(profile, consents={"recommend": Consent("denied", NOON_S)}))
    told = assistant.call("recommend", profile_id=profile.profile_id).body
    assert told == overheard(url, f"profiles/{profile.profile_id}/recommendations")
    assert told["personalised"] is False
    why = assistant.call("why_item", profile_id=profile.profile_id, item_platform="shop", item_id="cooking-1").body
    assert why["verdict"] == "not_personalised"


@pytest.mark.requirement("N8")
def test_an_erased_person_is_unknown(town: Town, assistant: Assistant):
    ada = of_ada(town)
    assert not assistant.call("profile", profile_id=ada).is_error
    town.forget(ada)
    for tool in ("profile", "explain"):
        told = assistant.call(tool, profile_id=ada)
        assert (told.is_error, told.body["code"]) == (True, "unknown_profile")
    assert assistant.call("recommend", profile_id=ada).body["cold_start"] is True


def test_a_wrong_name_is_answered_with_the_valid_ones(assistant: Assistant):
    for tool, arguments, code, valid in (
        ("erase", {}, "unknown_tool", f"one of: {', '.join(NAMES)}"),
        ("search_items", {"text": "pan", "platform": "tv"}, "unknown_platform", f"one of: {', '.join(PLATFORMS)}"),
        ("search_items", {"words": "pan"}, "invalid_request", "arguments of search_items: text, platform, category, k"),
    ):
        told = assistant.call(tool, **arguments)
        assert (told.is_error, told.body["code"], told.body["remedy"]) == (True, code, valid)


#: Of the protocol: one with a handshake, the newest, and none.
VERSIONS = ("2025-11-25", "2026-07-28", "no-such-version")
NO_CALLS = (
    b"",
    b"{",
    b"[]",
    b"[" * 5_000,
    b'"CANARY"',
    b'[{"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": "CANARY"}]',
    b'{"jsonrpc": "2.0", "id": "CANARY", "method": "CANARY"}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": 7, "x": "CANARY"}}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "profile", "arguments": ["CANARY"]}}',
    b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "profile", "arguments": {"account": "\\ud800',
)


def post(url: str, body: bytes, version: str) -> httpx.Response:
    headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    return httpx.post(
        f"{url}/mcp", content=body, headers=headers | bearing(KEY) | {"Mcp-Protocol-Version": version}, trust_env=False
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_no_call_is_refused_and_fails_nothing(town: Town, url: str, version: str):
    answers = [post(url, body, version) for body in NO_CALLS]
    assert all(answer.status_code in {200, 400} for answer in answers), answers
    assert all("error" in answer.json() for answer in answers)
    assert post(url, b" " * 70_000, version).status_code == 413
    assert list(town.parts.audit.records) == []


def test_no_stream_is_opened_and_no_session_held(url: str):
    for method in ("GET", "DELETE"):
        assert httpx.request(method, f"{url}/mcp", headers=bearing(KEY), trust_env=False).status_code == 405


@pytest.mark.requirement("B5")
def test_no_refusal_and_no_line_of_the_log_repeats_what_was_sent(
    assistant: Assistant, url: str, caplog: pytest.LogCaptureFixture
):
    secret = "u-canary-4712"
    with caplog.at_level(logging.DEBUG):
        calls = [
            assistant.call("profile", account_platform="shop", account=secret),
            assistant.call("profile", account_platform=secret, account=secret),
            assistant.call(secret, account=secret),
            assistant.call("recommend", **{secret: secret}),
        ]
        for version in VERSIONS:
            for body in NO_CALLS:
                post(url, body.replace(b"CANARY", secret.encode()), version)
    assert all(told.is_error and secret not in json.dumps(told.body) for told in calls)
    assert secret not in caplog.text


def test_answers_are_bounded(town: Town, assistant: Assistant):
    town.publish_profile(many_tags := _with_tags(town, 90))
    told = assistant.call("profile", profile_id=many_tags.profile_id, max_entries=5).body
    assert len(told["tags"]) == 5
    assert told["left_out"]["tags"] == 85
    for beyond in (0, 51, 10**9):
        assert assistant.call("search_items", text="pan", k=beyond).body["code"] == "invalid_request"


def _with_tags(town: Town, n: int):
    profile = town.profile_after(Did("shop.wishlist.added", "shop:cooking-0"))
    tags = [msgspec.structs.replace(profile.tags[0], tag=f"tag-{number}") for number in range(n)]
    return msgspec.structs.replace(profile, tags=tags)


trees = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(min_size=1, max_size=3), inner, max_size=4),
    max_leaves=30,
)


def _lists(value: object) -> Iterator[list[object]]:
    if isinstance(value, list):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _lists(part)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), trees, max_size=3), st.integers(1, 5))
def test_no_list_of_a_shortened_answer_is_longer_than_asked_and_a_short_one_is_untouched(
    body: dict[str, object], most: int
):
    cut = shortened(body, most)
    assert all(len(each) <= most for each in _lists({name: cut[name] for name in body}))
    assert ("left_out" in cut) == any(len(each) > most for each in _lists(body))
    assert "left_out" in cut or cut == body


def test_off_by_default_there_is_no_such_path(town: Town):
    with answering(create_api(town.parts)) as url:
        answer = httpx.post(f"{url}/mcp", json={}, headers=bearing(KEY), trust_env=False)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_path")


def test_without_keys_a_request_that_does_not_name_this_machine_is_refused(tmp_path: Path):
    for town in opened(tmp_path):
        with with_tools(town) as url:
            answer = httpx.post(f"{url}/mcp", json={}, headers={"Host": "evil.example"}, trust_env=False)
            assert answer.json()["code"] == "not_local"
            assert not Assistant(url).call("search_items", text="pan").is_error


def test_a_lone_surrogate_is_an_invalid_argument_and_no_failure(town: Town):
    told = Calls(town.parts, PLATFORMS).call("search_items", {"text": "\ud800"}, Caller("site"))
    assert told.status == 422


def test_a_fault_inside_is_told_without_its_words(town: Town, caplog: pytest.LogCaptureFixture):
    def broken(parts: ServeParts, asked: object, profile_id: str) -> object:
        raise RuntimeError("the raw id of somebody")

    calls = Calls(town.parts, PLATFORMS, [replace(TOOLS[0], answer=broken)])
    told = calls.call("profile", {"profile_id": "x"}, Caller("site"))
    assert (told.status, json.loads(told.body)["code"]) == (500, "internal")
    assert "raw id" not in told.body + caplog.text
    assert list(town.parts.audit.records)[-1].outcome == "failed"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Town, str]]:
    """A town that no test changes, and who lives there."""
    for town in opened(tmp_path_factory.mktemp("town")):
        town.publish_items(subject_items())
        yield town, of_ada(town)


anything = st.fixed_dictionaries(
    {},
    optional={
        "profile_id": st.sampled_from(["ada", "nobody", ""]),
        "account_platform": st.sampled_from([*PLATFORMS, "tv"]),
        "account": st.text(max_size=5),
        "text": st.text(max_size=20),
        "item_platform": st.sampled_from(PLATFORMS),
        "item_id": st.sampled_from(["cooking-0", "no-such"]),
        "k": st.integers(-1, 60),
        "max_entries": st.integers(-1, 60),
        "method": st.sampled_from(["DELETE", "erase"]),
    },
)


@pytest.mark.requirement("N8", "N14")
@given(
    name=st.sampled_from([*NAMES, "erase", "export", "merge", "forget", "link"]) | st.text(max_size=12),
    arguments=anything,
)
def test_whatever_is_called_nothing_is_erased_or_changed(
    shared: tuple[Town, str], name: str, arguments: dict[str, object]
):
    town, ada = shared
    if arguments.get("profile_id") == "ada":
        arguments["profile_id"] = ada
    before = town.profiles.profile_of(ada)
    told = Calls(town.parts, PLATFORMS).call(name, arguments, Caller("local"))
    assert town.profiles.profile_of(ada) == before
    assert town.erasures == []
    assert told.is_error or name in NAMES
    assert told.status != 500, told.body


def test_even_a_mistaken_tool_could_not_ask_for_an_erasure(shared: tuple[Town, str]):
    def mistaken(parts: ServeParts, asked: object, profile_id: str) -> object:
        parts.erasures.request(profile_id, b"12345678")
        return {}

    town, ada = shared
    calls = Calls(town.parts, PLATFORMS, [replace(TOOLS[0], answer=mistaken)])
    assert calls.call("profile", {"profile_id": ada}, Caller("local")).is_error
    assert town.erasures == []


def test_serve_says_what_to_install_where_the_library_is_missing(town: Town, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "streams.tools_server.endpoint", raising=False)
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    with pytest.raises(UsageError, match=r"braid-profiles\[mcp\]"):
        add_tools(create_api(town.parts), town.parts, PLATFORMS)
