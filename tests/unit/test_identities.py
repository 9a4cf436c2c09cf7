"""B1, B4: who is one person after links and unlinks, and what each account is told."""

from __future__ import annotations

import json

import pytest

from streams.domain.audit_records import decode_audit
from streams.domain.events import event_id
from streams.domain.hints import forget_command
from streams.domain.identity_guards import IdentityRules
from streams.domain.identity_keys import account_node
from streams.domain.identity_records import IdentityRecord, unpack_node
from streams.domain.moves import Move
from tests.support.cloud_events import NOON_S
from tests.support.identity_log import Feed, a_command, key_of

pytestmark = pytest.mark.requirement("B1", "B4")


def a_person(*accounts: str) -> Feed:
    """A feed in which the accounts are linked one after the other, the first one's user surviving."""
    feed = Feed()
    for account in accounts[1:]:
        assert feed.say(a_command("link", accounts[0], account)) == "linked"
    return feed


def test_an_account_that_nothing_links_is_its_own_user() -> None:
    feed = Feed()
    assert feed.user_of("shop/1") == key_of("shop/1")
    assert not feed.states


def test_accounts_of_two_platforms_become_one_user() -> None:
    feed = a_person("shop/1", "video/1")
    assert feed.user_of("shop/1") == feed.user_of("video/1")
    assert feed.user_of("shop/1") in {key_of("shop/1"), key_of("video/1")}


def test_accounts_meet_through_an_identifier() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", email="ann@mail.example"))
    assert not feed.moves
    feed.say(a_command("link", "video/1", email=" Ann@Mail.example "))
    assert feed.together("shop/1", "video/1")
    assert len(feed.moves) == 1


def test_the_larger_person_keeps_its_user() -> None:
    feed = a_person("shop/1", "video/1", "news/1")
    kept = feed.user_of("shop/1")
    feed.say(a_command("link", "shop/9", "shop/1"))
    assert feed.user_of("shop/9") == kept


def test_of_equals_the_one_the_log_has_known_longer_keeps_its_user() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/2", email="b@mail.example"))
    feed.say(a_command("link", "shop/1", email="a@mail.example"))
    feed.say(a_command("link", "shop/1", "shop/2"))
    assert feed.user_of("shop/1") == key_of("shop/2")


def test_of_two_the_log_learns_of_together_the_smaller_key_wins() -> None:
    feed = a_person("shop/1", "video/1")
    assert feed.user_of("shop/1") == min(key_of("shop/1"), key_of("video/1"))


def test_one_link_of_three_people_moves_each_account_once() -> None:
    feed = a_person("shop/1", "video/1", "news/1")
    feed.say(a_command("link", "shop/2", "video/2"))
    n_before = len(feed.moves)
    feed.say(a_command("link", "shop/2", "shop/1", "music/3"))
    assert feed.together("shop/1", "video/1", "news/1", "shop/2", "video/2", "music/3")
    assert len(feed.moves) - n_before == 3
    assert len({move.account for _, move in feed.moves[n_before:]}) == 3


def test_the_old_home_is_told_to_let_go_and_the_topic_says_where_to() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", "video/1", id="c-1"))
    stays, goes = sorted([key_of("shop/1"), key_of("video/1")])
    assert feed.moves == [(goes, Move(goes, 0, 1, stays, "merge", NOON_S, event_id("/idp", "c-1")))]
    assert feed.identities == {goes: IdentityRecord(stays, 1, NOON_S)}  # type: ignore[arg-type]


def test_an_edge_keeps_who_said_so_when_and_why() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", email="ann@mail.example", id="c-1", reason="login", confidence=0.75))
    node = unpack_node(feed.states[account_node(key_of("shop/1"))])  # type: ignore[arg-type]
    (evidence,) = node.held.values()
    assert evidence.event_id == event_id("/idp", "c-1")
    assert (evidence.source, evidence.reason, evidence.confidence, evidence.at_s) == (
        "/idp",
        "login",
        0.75,
        NOON_S - 60,
    )


def test_linking_again_renews_the_evidence_and_moves_nobody() -> None:
    feed = a_person("shop/1", "video/1")
    n_moves = len(feed.moves)
    assert feed.say(a_command("link", "video/1", "shop/1", reason="login")) == "refreshed"
    assert len(feed.moves) == n_moves
    held = [unpack_node(feed.states[account_node(key_of(a))]).held for a in ("shop/1", "video/1")]  # type: ignore[arg-type]
    assert [evidence.reason for edges in held for evidence in edges.values()] == ["login"]


def test_a_cycle_keeps_the_person_together_when_one_edge_goes() -> None:
    feed = a_person("shop/1", "video/1", "news/1")
    feed.say(a_command("link", "video/1", "news/1"))
    n_moves = len(feed.moves)
    assert feed.say(a_command("unlink", "shop/1", "video/1")) == "unlinked"
    assert feed.together("shop/1", "video/1", "news/1")
    assert len(feed.moves) == n_moves


def test_an_unlink_gives_back_the_user_and_counts_on() -> None:
    feed = a_person("shop/1", "video/1")
    feed.say(a_command("unlink", "shop/1", "video/1", id="c-2"))
    stays, goes = sorted([key_of("shop/1"), key_of("video/1")])
    assert feed.moves[-1] == (stays, Move(goes, 1, 2, goes, "split", NOON_S + 1, event_id("/idp", "c-2")))
    assert (feed.user_of("shop/1"), feed.user_of("video/1")) == (key_of("shop/1"), key_of("video/1"))


@pytest.mark.requirement("N8")
def test_everybody_connected_with_the_erased_goes_home_and_the_log_forgets_them() -> None:
    feed = a_person("shop/1", "video/1")
    feed.say(a_command("link", "video/1", email="ann@mail.example"))
    stays, goes = sorted([key_of("shop/1"), key_of("video/1")])
    asked = json.loads(forget_command([goes], b"12345678"))
    assert feed.say(asked) == "forgotten"
    erased = {(user, move.account, move.from_epoch, move.to_user, move.kind) for user, move in feed.moves[-2:]}
    assert erased == {(stays, stays, 0, stays, "erase"), (stays, goes, 1, goes, "erase")}
    assert feed.identities == {}
    assert not any(bytes.fromhex(key) in state for key in (stays, goes) for state in feed.states)
    assert feed.say(a_command("link", "shop/1", "video/1", id="again")) == "linked"
    assert feed.moves[-1][1].from_epoch == 0
    assert feed.moves[-1][1].epoch > 1


def test_nobody_but_braid_itself_may_make_the_log_forget() -> None:
    feed = a_person("shop/1", "video/1")
    asked = json.loads(forget_command([key_of("shop/1")], b"12345678")) | {"source": "/idp"}
    assert feed.say(asked) == "unknown_type"
    assert feed.together("shop/1", "video/1")


def test_the_part_with_the_account_of_the_user_key_keeps_it() -> None:
    feed = a_person("shop/1", "video/1", "news/1")
    kept = feed.user_of("shop/1")
    feed.say(a_command("link", "video/1", "news/1"))
    owner = next(account for account in ("shop/1", "video/1", "news/1") if key_of(account) == kept)
    others = sorted({"shop/1", "video/1", "news/1"} - {owner})
    feed.say(a_command("unlink", owner))
    assert feed.user_of(owner) == kept
    assert feed.together(*others)
    assert feed.user_of(others[0]) in {key_of(account) for account in others}


def test_a_part_keeps_the_user_key_even_if_another_of_its_accounts_is_known_longer() -> None:
    feed = Feed()
    feed.say(a_command("link", "news/1", email="ann@mail.example"))
    feed.say(a_command("link", "shop/1", "video/1"))
    owner, other = sorted(["shop/1", "video/1"], key=key_of)
    feed.say(a_command("link", owner, "news/1"))
    assert feed.user_of("news/1") == key_of(owner)
    feed.say(a_command("unlink", other))
    assert feed.user_of("news/1") == feed.user_of(owner) == key_of(owner)


def test_another_part_takes_the_key_of_the_account_known_longest() -> None:
    feed = a_person("shop/1", "video/1")
    feed.say(a_command("link", "news/1", "music/1"))
    feed.say(a_command("link", "music/1", "shop/1", "travel/1"))
    feed.say(a_command("unlink", "music/1", "shop/1"))
    assert feed.together("news/1", "music/1", "travel/1")
    assert feed.user_of("travel/1") == min(key_of("news/1"), key_of("music/1"))


def test_one_account_alone_is_taken_out_of_all_its_links() -> None:
    feed = a_person("shop/1", "video/1", "news/1")
    feed.say(a_command("link", "news/1", userid="Ann"))
    assert feed.say(a_command("unlink", "news/1")) == "unlinked"
    assert feed.together("shop/1", "video/1")
    assert not feed.together("shop/1", "news/1")


def test_a_shared_device_alone_is_taken_out_and_forgotten() -> None:
    feed = Feed()
    for account in ("shop/1", "video/1", "news/1"):
        feed.say(a_command("link", account, device="7f-a1"))
    n_before = len(feed.states)
    assert feed.say(a_command("unlink", device="7f-a1")) == "unlinked"
    assert len({feed.user_of(account) for account in ("shop/1", "video/1", "news/1")}) == 3
    assert not [key for key in feed.states if key[:1] in (b"d", b"m")]
    assert len(feed.states) < n_before + 2


def test_unlinking_the_nodes_of_a_link_takes_back_that_link() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", "video/1", "news/1", email="ann@mail.example"))
    feed.say(a_command("unlink", "shop/1", "video/1", "news/1", email="ann@mail.example"))
    assert len({feed.user_of(account) for account in ("shop/1", "video/1", "news/1")}) == 3


def test_an_unlink_that_would_do_nothing_is_refused_and_says_so() -> None:
    feed = a_person("shop/1", "video/1", "news/1")
    assert feed.say(a_command("unlink", "video/1", "news/1")) == "still_linked"
    assert feed.together("shop/1", "video/1", "news/1")
    assert "unlink a single account" in feed.dead[0].detail


@pytest.mark.parametrize("accounts", [("shop/8", "shop/9"), ("shop/1", "shop/9"), ("shop/9",)])
def test_unlinking_what_is_not_linked_is_counted_and_changes_nobody(accounts: tuple[str, ...]) -> None:
    feed = a_person("shop/1", "video/1")
    n_moves = len(feed.moves)
    assert feed.say(a_command("unlink", *accounts)) == "not_linked"
    assert len(feed.moves) == n_moves
    assert feed.together("shop/1", "video/1")


def test_the_same_command_twice_counts_once_whatever_came_between() -> None:
    feed = Feed()
    said = a_command("link", "shop/1", "video/1", id="c-1")
    feed.say(said)
    feed.say(a_command("unlink", "shop/1", "video/1", id="c-2"))
    states, moves = dict(feed.states), feed.moves
    assert feed.say(said) == "repeat"
    assert feed.say(said, said) == "repeat repeat"
    assert (dict(feed.states), feed.moves) == (states, moves)


def test_an_unlink_that_came_too_early_stays_done() -> None:
    feed = Feed()
    early = a_command("unlink", "shop/1", "video/1", id="c-1")
    assert feed.say(early) == "not_linked"
    feed.say(a_command("link", "shop/1", "video/1", id="c-2"))
    assert feed.say(early) == "repeat"
    assert feed.together("shop/1", "video/1")


def test_commands_of_a_batch_see_each_other() -> None:
    feed = Feed()
    outcome = feed.say(
        a_command("link", "shop/1", "video/1", id="c-1"),
        a_command("unlink", "shop/1", "video/1", id="c-2"),
        a_command("link", "shop/1", "video/1", id="c-1"),
        a_command("link", "video/1", "news/1", id="c-3"),
    )
    assert outcome == "linked linked unlinked repeat"
    assert feed.together("video/1", "news/1")
    assert not feed.together("shop/1", "video/1")


def test_records_that_were_applied_are_not_applied_again() -> None:
    feed = Feed()
    feed.say(a_command("link", "shop/1", "video/1"))
    states = dict(feed.states)
    feed.offset = 0
    assert feed.say(a_command("link", "news/1", "video/1")) == "replayed"
    assert dict(feed.states) == states


def test_ids_of_commands_are_kept_within_a_bound() -> None:
    feed = Feed(IdentityRules(remembered_commands=3))
    for i in range(10):
        feed.say(a_command("link", "shop/1", "video/1", id=f"c-{i}"))
    assert len([key for key in feed.states if key[:1] in (b"i", b"r")]) == 6
    assert feed.say(a_command("link", "shop/1", "video/1", id="c-8")) == "repeat"
    assert feed.say(a_command("link", "shop/1", "video/1", id="c-1")) == "refreshed"


def test_a_bad_record_does_not_stop_the_good_one_behind_it() -> None:
    feed = Feed()
    bad = a_command("link", "shop/1", "video/1") | {"specversion": "9"}
    assert feed.say(bad, a_command("link", "shop/1", "video/1")) == "linked unknown_version"
    assert (feed.dead[0].stage, feed.dead[0].offset) == ("identity", 0)


def test_a_large_person_comes_apart_again_when_what_held_it_goes() -> None:
    feed = Feed(IdentityRules(max_accounts=100))
    accounts = [f"shop/{i}" for i in range(1, 101)]
    feed.say(*(a_command("link", account, userid="Ann") for account in accounts))
    assert feed.together(*accounts)
    assert feed.say(a_command("unlink", userid="Ann")) == "unlinked"
    assert all(feed.user_of(account) == key_of(account) for account in accounts)


@pytest.mark.requirement("N14")
def test_merges_and_splits_are_audited_by_who_asked_and_by_a_mark_that_is_no_key() -> None:
    feed = Feed(mark=lambda user: f"mark of {user[:4]}")
    feed.say(a_command("link", "shop/1", "video/1", id="c-1"))
    feed.say(a_command("unlink", "shop/1", "video/1", id="c-2"))
    records = [decode_audit(value or b"") for _, value in feed.outputs["audit"]]
    assert [(record.who, record.action) for record in records] == [("/idp", "merge"), ("/idp", "split")]
    assert all(key_of("shop/1") not in record.whom for record in records)
    assert records[0].whom.startswith("mark of ")
