"""N8: erasure of a person, of several accounts too, in any order with links, and what a replay finds afterwards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.accounts import account_key
from tests.support.whole import NOON_S, SECRET, Whole

pytestmark = pytest.mark.requirement("N8")
ACCOUNTS = (("shop", "ann"), ("video", "ann-tv"), ("shop", "ann-2"))
ACTION = {"shop": "product.viewed", "video": "video.liked"}


def key_of(platform: str, who: str) -> str:
    return account_key(SECRET, platform, who)


def erase(whole: Whole, platform: str = "shop", who: str = "ann") -> None:
    whole.say(platform, who, "user.erasure_requested", data={})


def test_state_and_profile_go_and_no_byte_of_the_key_stays() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.say("shop", "bob")
    erase(whole)
    whole.run()
    assert whole.person("shop", "ann") is None
    assert whole.person("shop", "bob") is not None
    assert key_of("shop", "ann").encode() not in whole.held()
    assert bytes.fromhex(key_of("shop", "ann")) not in whole.held()


def test_a_replay_of_older_events_brings_nobody_back_but_a_new_life_may_begin() -> None:
    whole = Whole()
    whole.say("shop", "ann", at_s=NOON_S - 50, id="old")
    erase(whole)
    whole.run()
    whole.say("shop", "ann", at_s=NOON_S - 50, id="old")
    whole.run()
    assert whole.person("shop", "ann") is None
    whole.say("shop", "ann", at_s=whole.now_s + 60, id="new")
    whole.say("shop", "ann", at_s=NOON_S - 50, id="old")
    whole.run()
    assert whole.person("shop", "ann").events_applied == 1


def test_all_accounts_of_a_person_go_wherever_they_came_from() -> None:
    whole = Whole()
    for platform, who in ACCOUNTS:
        whole.say(platform, who, ACTION[platform])
    whole.identify("linked", *ACCOUNTS)
    whole.run()
    assert len(whole.person("shop", "ann").identity.accounts) == 3
    erase(whole, "video", "ann-tv")
    whole.run()
    assert whole.published() == {}
    for account in ACCOUNTS:
        assert key_of(*account).encode() not in whole.held()
        assert bytes.fromhex(key_of(*account)) not in whole.held()
    whole.say("video", "ann-tv", "video.liked", at_s=whole.now_s + 60)
    whole.run()
    assert [a.account for a in whole.person("video", "ann-tv").identity.accounts] == [key_of("video", "ann-tv")]


def test_an_erasure_of_somebody_unknown_is_quiet() -> None:
    whole = Whole()
    erase(whole, who="nobody")
    whole.run()
    assert whole.published() == {}
    assert whole.letters() == {}


def test_the_gone_record_says_erase_and_null_follows() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    erase(whole)
    whole.run()
    (records,) = [records for (topic, _), records in whole.log.items() if topic == "profiles"]
    assert records[-1].value is None
    assert b"erase" in (records[-2].value or b"")


def test_the_dead_letters_of_every_account_of_the_person_go_and_nobody_elses_do() -> None:
    whole = Whole()
    for platform, who in (*ACCOUNTS, ("shop", "bob")):
        whole.say(platform, who, ACTION[platform])
        whole.say(platform, who, ACTION[platform], data={"rating": "five"})
    whole.identify("linked", *ACCOUNTS)
    whole.identify("linked", ("shop", "ann"), confidence=7)  # a letter of the identity log
    whole.tell_user(key_of("video", "ann-tv"), b"\xc1")  # and one of the profile stage
    nobodys = whole.send("events.shop", b"{not json")
    whole.run()
    assert len(whole.letters()) == 7
    erase(whole, "video", "ann-tv")
    whole.run()
    assert set(whole.letters()) == {b"events.shop/0/5", nobodys}
    for account in ACCOUNTS:
        assert key_of(*account).encode() not in whole.held()
        assert bytes.fromhex(key_of(*account)) not in whole.held()


def test_a_replay_of_what_was_refused_brings_no_letter_back_but_a_new_life_has_its_own() -> None:
    whole = Whole()
    whole.say("shop", "ann", at_s=NOON_S - 50, id="old", data={"rating": "five"})
    erase(whole)
    whole.run()
    whole.at[("events.shop", 0)] = 0  # the gate reads everything once more
    whole.say("shop", "ann", at_s=NOON_S - 50, id="old", data={"rating": "five"})  # and the platform sends it again
    whole.run()
    assert whole.letters() == {}
    whole.say("shop", "ann", at_s=whole.now_s + 60, data={"rating": "five"})
    whole.run()
    assert len(whole.letters()) == 1


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("event"), st.sampled_from(ACCOUNTS)),
            st.tuples(st.just("refused"), st.sampled_from(ACCOUNTS)),
            st.tuples(st.just("linked"), st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)),
            st.tuples(st.just("unlinked"), st.sampled_from(ACCOUNTS), st.sampled_from(ACCOUNTS)),
            st.tuples(st.just("step"), st.integers(0, 9), st.integers(1, 3)),
            st.tuples(st.just("refresh")),
        ),
        max_size=25,
    ),
    st.randoms(use_true_random=False),
)
def test_an_erasure_during_merges_leaves_nothing_of_what_was_there_before(history, random) -> None:
    whole = Whole()
    for step in history:
        if step[0] == "event":
            whole.say(*step[1], ACTION[step[1][0]])
        elif step[0] == "refused":
            whole.say(*step[1], ACTION[step[1][0]], data={"rating": "five"})
        elif step[0] in ("linked", "unlinked"):
            if step[1] != step[2]:
                whole.identify(step[0], *step[1:])
        elif step[0] == "refresh":
            whole.refresh()
        elif whole.pending():
            sources = whole.pending()
            whole.step(sources[step[1] % len(sources)], step[2])
    for account in ACCOUNTS:
        erase(whole, *account)
    whole.run(random.choice)
    assert whole.published() == {}
    assert whole.letters() == {}
    for account in ACCOUNTS:
        assert key_of(*account).encode() not in whole.held()
    for account in ACCOUNTS:
        whole.say(*account, ACTION[account[0]], at_s=whole.now_s + 60)
    whole.run(random.choice)
    assert sum(person.events_applied for person in whole.published().values()) == 3
