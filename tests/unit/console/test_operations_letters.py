"""Dead letters in groups, shown without anybody's data, tried without writing anything."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.letter_samples import LetterSamples
from streams.adapters.sealing import Sealer
from streams.domain import reasons
from streams.domain.dead_letters import sealed, stripped
from streams.domain.masked_samples import CONTRACT, sample_of
from streams.service.letter_box import GroupKey, LetterBox, LetterLine
from tests.support.letters import a_letter, an_event, trials
from tests.support.serving import NOON_S

#: Words of the form of a sample, which an id may happen to be.
VOCABULARY = " text characters name number bytes data.item.item_id data.item.title data.item.tags[] data.author data.traits.email yesterday shop. /users/ for of [account] [phone] [email] [id] [card]"
ALL = lambda _: True  # noqa: E731
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x24F), min_size=3, max_size=12)


def a_line(number: int, reason: str = reasons.BAD_JSON, topic: str = "events.shop") -> LetterLine:
    return LetterLine(f"{topic}/0/{number}", number, topic, "normalise", reason, "", "", NOON_S + number, "plain")


def test_letters_of_one_kind_are_one_group_and_the_newest_comes_first() -> None:
    box = LetterBox()
    for number in range(5):
        box.put(a_line(number))
    box.put(a_line(9, reasons.BAD_TIME))
    groups = box.groups(ALL)
    assert [(group.reason, group.n) for group in groups] == [(reasons.BAD_TIME, 1), (reasons.BAD_JSON, 5)]
    assert groups[1].newest.offset == 4
    assert [line.offset for line in box.of(GroupKey("events.shop", "normalise", reasons.BAD_JSON, ""))] == [
        4,
        3,
        2,
        1,
        0,
    ]


def test_a_letter_that_ends_or_comes_again_counts_once_or_not_at_all() -> None:
    box = LetterBox()
    box.put(a_line(1))
    box.put(a_line(1))
    assert len(box) == 1
    box.end("events.shop/0/1")
    assert (len(box), box.groups(ALL)) == (0, [])


def test_the_box_keeps_the_newest_and_no_more() -> None:
    box = LetterBox(max_letters=3)
    for number in range(10):
        box.put(a_line(number))
    assert [line.offset for line in box.of(GroupKey("events.shop", "normalise", reasons.BAD_JSON, ""))] == [9, 8, 7]


def test_letters_of_topics_that_somebody_may_not_see_are_in_no_group() -> None:
    box = LetterBox()
    box.put(a_line(1))
    box.put(a_line(2, topic="events.video"))
    assert [group.topic for group in box.groups(lambda topic: topic == "events.shop")] == ["events.shop"]


@given(NAMES, NAMES, NAMES, NAMES)
def test_no_id_of_a_record_is_in_its_sample(subject: str, userid: str, key: str, other: str) -> None:
    """Wherever the platform put it: in known fields, in unknown ones, in names of fields, in texts."""
    document = {
        "type": f"shop.{subject}", "source": f"/users/{userid}/{key}", "subject": subject, "userid": userid,
        "time": f"{subject} yesterday", "id": other, "data": {
            "item": {"item_id": userid, "title": f"for {subject} of {key}", "tags": [subject]},
            "text": f"I am {subject}", other: {subject: userid}, "author": other, "traits": {"email": other},
        },
    }  # fmt: skip
    shown = "\n".join(f"{path} {value}" for path, value in sample_of(document, key.encode()))
    ours = " ".join(CONTRACT) + VOCABULARY  # an id may be spelled as a field of the contract is
    for each in (subject, userid, key):
        assert each not in shown or each in ours


def test_a_sample_shows_what_a_platform_did_wrong_and_masks_the_rest() -> None:
    shown = dict(sample_of(json.loads(an_event(data={"rating": 9, "text": "call 415-555-2671", "note": "x"}))))
    assert (shown["type"], shown["data.rating"]) == ("shop.product.viewed", "9")
    assert shown["data.text"] == "‹text, 17 characters›"
    assert shown["data.‹name, 4 characters›"] == "‹text, 1 characters›"


def test_a_sealed_or_absent_original_says_so() -> None:
    samples = LetterSamples("", 1_000_000)
    assert samples.of(sealed(a_letter(an_event()), Sealer(bytes(32)).seal)).form == "sealed"
    assert samples.of(stripped(a_letter(an_event()))).form == "none"
    assert samples.of(a_letter(b"{not json")).form == "unreadable"
    assert samples.of(a_letter(b"\x93\x01\x02\x03")).form == "array"
    assert samples.of(a_letter(None)).form == "empty"


def test_a_dry_run_says_what_the_gate_says() -> None:
    letters = [
        a_letter(an_event()),
        a_letter(an_event(type="shop.hat.waved")),
        a_letter(an_event(time="2022-11-14T22:00:00Z")),
        a_letter(an_event(consent="denied")),
        a_letter(an_event(), topic="events.video"),
        a_letter(an_event(), topic="elsewhere"),
        stripped(a_letter(an_event())),
        a_letter(b"nothing", topic="user-events"),
        a_letter(an_event(type="identity.linked", data={}), topic="identity"),
        a_letter(an_event(type="shop.item.upserted"), topic="items", key=b"shop:shoe"),
    ]
    assert [verdict.outcome for verdict in trials().of(letters)] == [
        "accepted", "refused", "late", "without_consent", "refused", "unknown_topic", "no_bytes", "refused", "refused",
        "accepted",
    ]  # fmt: skip
