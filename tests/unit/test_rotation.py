"""N10: one secret takes another's place and nobody is lost: profiles, consent, dedup, links, look-ups, erasure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.accounts import account_key
from streams.domain.pseudonyms import Secrets
from streams.errors import UsageError
from streams.settings import Settings
from tests.support.serving import Did, opened, subject_items
from tests.support.whole import NOON_S, SECRET, Whole

pytestmark = pytest.mark.requirement("N10")
NEW, NEWER = b"fedcba9876543210", b"00000000ffffffff"
CHANGING, AFTER = Secrets(NEW, (SECRET,)), Secrets(NEW)
ACCOUNTS = (("shop", "ann"), ("video", "ann-tv"), ("shop", "bob"))
ACTION = {"shop": "product.viewed", "video": "video.liked"}


def rotated(whole: Whole, *said: tuple[str, str]) -> None:
    """Both secrets for a while, in which the accounts say something, then the new one alone."""
    whole.restart(CHANGING)
    for platform, who in said:
        whole.say(platform, who, ACTION[platform])
    whole.run()
    whole.restart(AFTER)


def test_a_person_goes_on_under_the_new_secret_with_the_same_profile() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.run()
    before = whole.person("shop", "ann")
    rotated(whole, ("shop", "ann"))
    whole.say("shop", "ann")
    whole.run()
    after = whole.person("shop", "ann")
    assert len(whole.published()) == 1
    assert (after.profile_id, after.events_applied) == (before.profile_id, 3)
    assert [account.account for account in after.identity.accounts] == [account_key(SECRET, "shop", "ann")]


def test_an_event_that_was_sent_before_counts_once_during_the_change_and_after_it() -> None:
    whole = Whole()
    whole.say("shop", "ann", id="twice", at_s=NOON_S)
    whole.run()
    rotated(whole, ("shop", "ann"))
    whole.restart(CHANGING)
    whole.say("shop", "ann", id="twice", at_s=NOON_S)
    whole.run()
    whole.restart(AFTER)
    whole.say("shop", "ann", id="twice", at_s=NOON_S)
    whole.run()
    assert whole.person("shop", "ann").events_applied == 2


def test_who_refused_before_is_not_kept_afterwards() -> None:
    whole = Whole()
    whole.say("shop", "ann", "consent.changed", data={"consents": {"profile": False}})
    whole.run()
    rotated(whole, ("shop", "ann"))
    whole.say("shop", "ann")
    whole.run()
    assert whole.published() == {}


def test_a_change_over_two_secrets_leads_back_to_the_first() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.run()
    rotated(whole, ("shop", "ann"))
    whole.restart(Secrets(NEWER, (NEW,)))
    whole.say("shop", "ann")
    whole.run()
    whole.restart(Secrets(NEWER))
    whole.say("shop", "ann")
    whole.run()
    assert whole.person("shop", "ann").events_applied == 4
    assert len(whole.published()) == 1


def test_two_former_secrets_at_once_need_the_account_once() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.run()
    whole.restart(Secrets(NEWER, (NEW, SECRET)))
    whole.say("shop", "ann")
    whole.run()
    whole.restart(Secrets(NEWER))
    whole.say("shop", "ann")
    whole.run()
    assert whole.person("shop", "ann").events_applied == 3


def test_links_by_raw_ids_meet_across_the_change() -> None:
    whole = Whole()
    whole.say("shop", "ann", userid="u-7")
    whole.identify("linked", ("shop", "ann"), email="ann@mail.example")
    whole.run()
    whole.restart(CHANGING)
    for platform, who in ACCOUNTS:
        whole.say(platform, who, ACTION[platform])
    whole.say("shop", "ann", userid="u-7")
    whole.identify("linked", ("shop", "ann"), email="ann@mail.example")
    whole.run()
    assert len(whole.published()) == 3
    whole.restart(AFTER)
    whole.identify("linked", ("video", "ann-tv"), email="ann@mail.example")
    whole.say("shop", "bob", userid="u-7")
    whole.run()
    assert len(whole.published()) == 1
    assert len(whole.person("shop", "ann").identity.accounts) == 3


def test_an_unlink_by_raw_ids_parts_what_was_linked_before_the_change() -> None:
    whole = Whole()
    for platform, who in ACCOUNTS[:2]:
        whole.say(platform, who, ACTION[platform])
    whole.identify("linked", *ACCOUNTS[:2])
    whole.run()
    rotated(whole, *ACCOUNTS[:2])
    assert len(whole.published()) == 1
    whole.identify("unlinked", ("shop", "ann"))
    whole.say("shop", "ann")
    whole.run()
    assert {len(person.identity.accounts) for person in whole.published().values()} == {1}
    assert whole.person("shop", "ann").events_applied == 3


def test_what_was_kept_under_the_new_secret_alone_joins_the_old_profile() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.run()
    whole.restart(AFTER)  # changed without its forerunner by mistake
    whole.say("shop", "ann")
    whole.run()
    assert len(whole.published()) == 2
    whole.restart(CHANGING)
    whole.say("shop", "ann")
    whole.run()
    (person,) = whole.published().values()
    assert person.events_applied == 3


def test_an_erasure_after_the_change_leaves_neither_key_and_a_replay_brings_nobody_back() -> None:
    whole = Whole()
    whole.say("shop", "ann", id="old", at_s=NOON_S, userid="u-7")
    whole.run()
    rotated(whole)
    whole.restart(CHANGING)
    whole.say("shop", "ann", userid="u-7")
    whole.run()
    whole.restart(AFTER)
    whole.say("shop", "ann", "user.erasure_requested", data={})
    whole.run()
    whole.say("shop", "ann", id="old", at_s=NOON_S)
    whole.run()
    assert whole.published() == {}
    for secret in (SECRET, NEW):
        key = account_key(secret, "shop", "ann")
        assert key.encode() not in whole.held()
        assert bytes.fromhex(key) not in whole.held()


def test_dead_letters_go_with_an_erasure_whichever_secret_was_there_when_they_were_written() -> None:
    whole = Whole()
    for secrets in (Secrets(SECRET), CHANGING, AFTER):
        whole.restart(secrets)
        for who in ("ann", "bob"):
            whole.say("shop", who, userid=f"u-{who}")
            whole.run()
            whole.say("shop", who, data={"rating": "five"})
        whole.run()
    assert len(whole.letters()) == 6
    whole.say("shop", "ann", "user.erasure_requested", data={})
    whole.run()
    assert len(whole.letters()) == 3
    assert all(b"bob" in (letter.value or b"") for letter in whole.letters().values())


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("event"), st.sampled_from(ACCOUNTS)),
            st.tuples(st.just("linked"), st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)),
            st.tuples(st.just("step"), st.integers(0, 9), st.integers(1, 3)),
            st.tuples(st.just("restart")),
            st.tuples(st.just("refresh")),
        ),
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_whenever_workers_change_over_the_people_are_those_of_an_unchanged_secret(history, random) -> None:
    """Two platforms' workers change over one after the other, and again to the new secret alone, amid everything."""
    changed, plain = Whole(), Whole()
    for whole in (changed, plain):
        for step in history:
            if step[0] == "event":
                whole.say(*step[1], ACTION[step[1][0]])
            elif step[0] == "linked" and step[1] != step[2]:
                whole.identify("linked", *step[1:])
            elif step[0] == "restart" and whole is changed:
                changed.restart(CHANGING)
            elif step[0] == "refresh":
                whole.refresh()
            elif step[0] == "step" and whole.pending():
                sources = whole.pending()
                whole.step(sources[step[1] % len(sources)], step[2])
        if whole is changed:
            changed.restart(CHANGING)
        for account in ACCOUNTS:
            whole.say(*account, ACTION[account[0]])
        whole.run(random.choice)
        if whole is changed:
            changed.restart(AFTER)
        for account in ACCOUNTS:
            whole.say(*account, ACTION[account[0]])
        whole.run(random.choice)
    assert people(changed) == people(plain)


def people(whole: Whole) -> dict[frozenset[str], int]:
    return {
        frozenset(account.account for account in person.identity.accounts): person.events_applied
        for person in whole.published().values()
    }


@pytest.mark.parametrize("secret", [NEW, SECRET])
def test_a_look_up_tries_the_new_secret_then_the_old_for_a_living_profile(secret: bytes, tmp_path: Path) -> None:
    living = account_key(secret, "shop", "ann")
    for town in opened(tmp_path):
        town.publish_items(subject_items())
        profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
        town.publish_profile(msgspec.structs.replace(profile, profile_id=living))
        town.parts = replace(town.parts, pseudonym_secret=NEW, previous_secrets=(SECRET,))
        with town.api() as api:
            known = api.post("/v1/accounts/lookup", json={"platform": "shop", "account": "ann"}).json()
            assert known == {"profile_id": living, "known": True}
            assert api.get("/v1/accounts/shop/ann/profile").json()["profile_id"] == living
            unknown = api.post("/v1/accounts/lookup", json={"platform": "shop", "account": "nobody"}).json()
            assert unknown == {"profile_id": account_key(SECRET, "shop", "nobody"), "known": False}


def test_previous_secrets_are_checked_and_never_printed() -> None:
    for previous in (["short"], [NEW.decode()], [SECRET.decode(), SECRET.decode()]):
        with pytest.raises(UsageError, match="BRAID_PSEUDONYM__PREVIOUS_KEYS") as refused:
            Settings(pseudonym={"key": NEW.decode(), "previous_keys": previous}).pseudonym_secrets()
        assert not any(each in str(refused.value) for each in (*previous, NEW.decode()))
    settings_ = Settings(pseudonym={"key": NEW.decode(), "previous_keys": [SECRET.decode()]})
    assert settings_.pseudonym_secrets() == CHANGING
    assert SECRET.decode() not in repr(settings_)
