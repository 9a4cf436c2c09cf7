"""B4: links that would make one person of several are refused whole, with the reason, and change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from streams.domain.identity_guards import IdentityRules
from streams.domain.identity_keys import identifier_key, sha256_of
from tests.support.identity_log import SECRET, Feed, a_command

pytestmark = pytest.mark.requirement("B4")
ZERO_ID = "00000000-0000-0000-0000-000000000000"


def refused(feed: Feed, command: dict[str, Any]) -> str:
    """The reason, once it is certain that nothing else came of it."""
    states, moves = dict(feed.states), feed.moves
    reason = feed.say(command)
    assert (dict(feed.states), feed.moves) == (states, moves)
    assert feed.dead[-1].reason == reason
    return reason


def test_two_ids_of_a_unique_kind_never_become_one_person() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", userid="Ann"))
    feed.say(a_command("link", "video/1", userid="Bob"))
    assert refused(feed, a_command("link", "shop/1", "video/1")) == "unique_conflict"
    assert refused(feed, a_command("link", "shop/1", userid="Bob")) == "unique_conflict"


def test_a_shared_device_does_not_join_two_users_of_the_same_userid_kind() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", userid="Ann"), a_command("link", "video/1", userid="Bob"))
    feed.say(a_command("link", "shop/1", device="7f-a1"))
    assert refused(feed, a_command("link", "video/1", device="7f-a1")) == "unique_conflict"
    assert not feed.together("shop/1", "video/1")


def test_a_refused_command_may_be_sent_again_when_the_obstacle_is_gone() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", userid="Ann"))
    again = a_command("link", "shop/1", userid="Bob", id="c-9")
    assert refused(feed, again) == "unique_conflict"
    feed.say(a_command("unlink", "shop/1", userid="Ann"))
    assert feed.say(again) == "linked"


@pytest.mark.parametrize(("kind", "most"), [("userid", 100), ("email", 20), ("phone", 10), ("device", 5)])
def test_an_identifier_joins_so_many_accounts_and_no_more(kind: str, most: int) -> None:
    feed = Feed()
    value = {"email": "ann@mail.example", "phone": "+44 20 7946 0958"}.get(kind, "7f-a1")
    for i in range(1, most + 1):
        assert feed.say(a_command("link", f"shop/{i}", **{kind: value})) == "linked"
    assert refused(feed, a_command("link", "shop/next", **{kind: value})) == "shared_identifier"
    assert feed.say(a_command("link", "shop/1", **{kind: value}, reason="login")) == "refreshed"


def test_all_accounts_of_a_command_count_for_its_identifier() -> None:
    accounts = [f"shop/{i}" for i in range(1, 7)]
    assert refused(Feed(), a_command("link", *accounts, device="7f-a1")) == "shared_identifier"


def test_a_link_of_several_is_all_or_nothing() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", userid="Ann"), a_command("link", "news/1", userid="Bob"))
    assert refused(feed, a_command("link", "shop/1", "video/1", "news/1")) == "unique_conflict"
    assert not feed.together("shop/1", "video/1")


def test_a_person_has_so_many_accounts_and_no_more() -> None:
    feed = Feed(IdentityRules(max_accounts=3))
    feed.say(a_command("link", "shop/1", "shop/2"), a_command("link", "shop/3", "shop/4"))
    assert refused(feed, a_command("link", "shop/1", "shop/3")) == "person_too_large"
    assert feed.say(a_command("link", "shop/1", "shop/5")) == "linked"


def test_a_person_has_so_many_identifiers_and_no_more() -> None:
    feed = Feed(IdentityRules(max_identifiers=2))
    for i in range(2):
        feed.say(a_command("link", "shop/1", email=f"{i}@mail.example"))
    assert refused(feed, a_command("link", "shop/1", email="2@mail.example")) == "person_too_large"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("userid", "null"), ("userid", " Unknown "), ("userid", "N/A"), ("userid", "0000"), ("userid", "undefined"),
        ("userid", "None"), ("userid", ZERO_ID), ("userid", "   "), ("userid", "anonymous"), ("userid", "-"),
        ("email", "Test@Test.com"), ("email", "null"), ("email", "none@none.com"),
        ("phone", "0000000000"), ("phone", "+1 111 111 1111"), ("phone", "n/a"), ("phone", "123456789"),
        ("device", ZERO_ID), ("device", "000000000000000"), ("device", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
        ("device", "9774D56D682E549C"), ("device", "unknown"),
    ],
)  # fmt: skip
def test_a_value_that_stands_for_none_links_nobody(kind: str, value: str) -> None:
    assert refused(Feed(), a_command("link", "shop/1", "video/1", **{kind: value})) == "placeholder"


@pytest.mark.parametrize(
    ("kind", "normal"),
    [("email", "test@test.com"), ("email", ""), ("phone", "1111111111"), ("device", ZERO_ID), ("device", "0" * 15)],
)
def test_hashing_a_value_that_stands_for_none_does_not_hide_it(kind: str, normal: str) -> None:
    assert (
        refused(Feed(), a_command("link", "shop/1", **{f"{kind}_sha256": sha256_of(normal).upper()})) == "placeholder"
    )


@pytest.mark.parametrize("account", ["null", "unknown", "0", " ", "[object Object]"])
def test_an_account_id_that_stands_for_none_links_nobody(account: str) -> None:
    assert refused(Feed(), a_command("link", "shop/1", f"video/{account}")) == "placeholder"


def test_the_list_of_placeholders_can_be_extended() -> None:
    feed = Feed(IdentityRules(placeholders=frozenset({"walk-in", "till@shop.example"})))
    assert refused(feed, a_command("link", "shop/1", userid="Walk-In")) == "placeholder"
    hashed = sha256_of("till@shop.example")
    assert refused(feed, a_command("link", "shop/1", email_sha256=hashed)) == "placeholder"


@pytest.mark.parametrize("spelling", ["value", "key"])
def test_a_blocked_identifier_links_nobody_but_can_be_unlinked(spelling: str) -> None:
    before = Feed()
    before.say(a_command("link", "shop/1", device="Till-7"), a_command("link", "shop/2", device="till-7"))
    entry = {"value": "device:till-7", "key": f"device#{identifier_key(SECRET, 'device', 'till-7')}"}[spelling]
    feed = Feed(IdentityRules(blocked=frozenset({entry})), before.states, before.outputs, offset=before.offset)
    assert refused(feed, a_command("link", "shop/3", device="TILL-7")) == "blocked_identifier"
    assert refused(feed, a_command("link", "shop/3", device_sha256=sha256_of("till-7"))) == "blocked_identifier"
    assert feed.say(a_command("unlink", device="Till-7")) == "unlinked"
    assert not feed.together("shop/1", "shop/2")


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_accounts": 0}, {"max_identifiers": 0}, {"remembered_commands": 0}, {"max_joined": {"device": 0}},
        {"max_joined": {"cookie": 1}}, {"unique_kinds": frozenset({"cookie"})},
    ],
)  # fmt: skip
def test_a_rule_that_holds_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be 1 or more|use one of"):
        IdentityRules(**wrong)


@pytest.mark.parametrize("entry", ["cookie:1", "Ann-1", "device:", "device#12", "device#" + "g" * 32])
def test_a_blocked_entry_that_is_no_identifier_is_refused_without_being_told(entry: str) -> None:
    with pytest.raises(ValueError, match="use <kind>:<value>") as told:
        Feed(IdentityRules(blocked=frozenset({entry})))
    assert entry not in str(told.value)
