"""N7: consent by purpose, from the event to what is encoded, kept and published."""

from __future__ import annotations

import json
import zlib

import pytest

from streams.domain.accounts import account_key
from streams.telemetry.metrics import REGISTRY
from tests.support.whole import NOON_S, SECRET, Whole

pytestmark = pytest.mark.requirement("N7")
REVIEW = {"text": "the sole came off after a week", "rating": 2, "item": {"item_id": "i1", "title": "trail shoe"}}


def consent(whole: Whole, who: str = "ann", **data: object) -> None:
    whole.say("shop", who, "consent.changed", data=data)


def test_without_a_word_the_configured_default_holds() -> None:
    for default in (True, False):
        whole = Whole(consent={"profile": default})
        whole.say("shop", "ann")
        whole.run()
        assert (whole.person("shop", "ann") is not None) == default


def test_a_grant_opens_what_the_default_keeps_shut() -> None:
    whole = Whole(consent={"profile": False})
    whole.say("shop", "ann")
    consent(whole, consents={"profile": True})
    whole.say("shop", "ann")
    whole.say("shop", "bob", consent={"profile": True})
    whole.run()
    assert whole.person("shop", "ann").events_applied == 1
    assert whole.person("shop", "bob").events_applied == 1


@pytest.mark.parametrize("said", ["denied", {"profile": False}])
def test_an_event_that_comes_without_consent_is_dropped_at_the_gate(said: object) -> None:
    whole = Whole()
    whole.say("shop", "ann", "review.posted", data=REVIEW, consent=said)
    whole.run()
    assert whole.texts.asked == []
    assert not any(topic == "user-events" for topic, _ in whole.log)


def test_a_withdrawal_takes_effect_with_the_next_event_and_drops_what_was_kept() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.say("shop", "bob")
    whole.run()
    consent(whole, consents={"profile": False})
    whole.say("shop", "ann", "review.posted", data=REVIEW)
    whole.run()
    assert REVIEW["text"] not in whole.texts.asked
    assert whole.person("shop", "ann") is None
    assert whole.person("shop", "bob") is not None
    assert b"trail" not in whole.tables["user-events", _partition("ann")].get(_key("ann"), b"")


def test_what_was_withdrawn_does_not_come_back_by_a_replay_after_a_new_grant() -> None:
    whole = Whole()
    whole.say("shop", "ann", at_s=NOON_S - 100, id="old")
    whole.run()
    consent(whole, consents={"profile": False})
    consent(whole, consents={"profile": True})
    whole.say("shop", "ann", at_s=NOON_S - 100, id="old")
    whole.say("shop", "ann", id="new")
    whole.run()
    assert whole.person("shop", "ann").events_applied == 1


def test_the_latest_word_counts_whatever_the_order_of_arrival() -> None:
    whole = Whole()
    whole.say("shop", "ann", "consent.changed", data={"consents": {"share": True}}, at_s=NOON_S - 10)
    whole.say("shop", "ann", "consent.changed", data={"consents": {"share": False}}, at_s=NOON_S - 20)
    whole.say("shop", "ann")
    whole.run()
    assert whole.person("shop", "ann").consents["share"].status == "granted"


def test_a_person_allows_what_all_their_accounts_allow() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.say("video", "ann-tv", "video.liked")
    consent(whole, consents={"recommend": False}, personalisation=False)
    whole.identify("linked", ("shop", "ann"), ("video", "ann-tv"))
    whole.run()
    person = whole.person("video", "ann-tv")
    assert len(person.identity.accounts) == 2
    assert (person.consents["recommend"].status, person.personalised) == ("denied", False)
    whole.identify("unlinked", ("shop", "ann"), ("video", "ann-tv"))
    whole.say("video", "ann-tv", "video.liked")
    whole.run()
    assert whole.person("video", "ann-tv").personalised
    assert not whole.person("shop", "ann").personalised


@pytest.mark.requirement("N15")
def test_a_blocked_tag_is_never_shown_again_and_an_unblocked_one_is() -> None:
    whole = Whole()
    whole.say("shop", "ann", "cart.added")
    consent(whole, block_tags=["category:shoes"])
    whole.run()
    person = whole.person("shop", "ann")
    assert [tag for tag in person.tags if tag.tag == "shoes"] == []
    assert person.blocked_tags == ["category:shoes"]
    assert all(not block.tags for block in person.platforms.values())
    consent(whole, unblock_tags=["category:shoes"])
    whole.run()
    assert [tag.tag for tag in whole.person("shop", "ann").tags] == ["shoes"]


@pytest.mark.parametrize(
    "data", [{}, {"consents": {"breathing": True}}, {"block_tags": ["no kind"]}, {"consents": {"profile": "maybe"}}]
)
def test_a_word_that_says_nothing_known_is_a_dead_letter(data: dict[str, object]) -> None:
    whole = Whole()
    consent(whole, **data)
    whole.say("shop", "ann")
    whole.run()
    assert sum(len(records) for (topic, _), records in whole.log.items() if topic == "dead-letters") == 1
    assert whole.person("shop", "ann").events_applied == 1


@pytest.mark.parametrize("said", [b'"\xff"', b"\xa1\xff", b"\xc1", b'{"profile\xff": true}', b"[" * 100_000, b"\x91" * 100_000])
def test_a_consent_that_cannot_be_read_is_a_dead_letter_and_the_next_event_counts(said: bytes) -> None:
    whole = Whole()
    whole.say("shop", "ann")
    (event,) = whole.log.pop(("events.shop", 0))
    names = ("specversion", "id", "source", "type", "time", "subject")
    attributes = {name: json.loads(event.value or b"")[name].encode() for name in names} | {"consent": said}
    whole.send("events.shop", None, tuple((f"ce_{name}", value) for name, value in attributes.items()))
    whole.send("events.shop", event.value)
    whole.run()
    assert len(whole.letters()) == 1
    assert whole.person("shop", "ann").events_applied == 1


def test_decisions_are_counted_by_kind_where_they_change_what_holds() -> None:
    kinds = ("grant", "refuse", "withdraw", "personalise", "depersonalise", "block", "unblock")

    def counted() -> list[float]:
        return [REGISTRY.get_sample_value("braid_decisions_total", {"kind": kind}) or 0.0 for kind in kinds]

    before, whole = counted(), Whole()
    for _ in range(2):  # what is said again changes nothing
        consent(whole, consents={"share": False, "train": False}, personalisation=False, block_tags=["category:a", "category:b"])
    consent(whole, consents={"share": True, "profile": False}, personalisation=True, unblock_tags=["category:a"])
    whole.run()
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 2, 1, 1, 1, 2, 1]


def _key(who: str) -> bytes:
    return account_key(SECRET, "shop", who).encode()


def _partition(who: str) -> int:
    return zlib.crc32(_key(who)) % 3
