"""The gate as a whole: every contract type in, bad records aside, nobody's raw id out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgpack
import msgspec
import pytest

from streams.adapters.cloudevents import decode
from streams.domain.accounts import Home, UserKey, account_key
from streams.domain.actions import ActionTable
from streams.domain.consents import Will
from streams.domain.dead_letters import DeadLetter, decode_dead_letter
from streams.domain.events import Event, event_id
from streams.domain.limits import DAY_S, IngestLimits
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.service.normalise import NormalisedBatch, Normaliser
from tests.support.cloud_events import FORMS, NOON_S, Form, a_cloud_event, a_record, an_item
from tests.support.growth import BOUND, growth

SECRET = b"0123456789abcdef"
SHOP = Platform("shop")
CONTRACT = {
    "shop": "product.viewed product.searched cart.added cart.removed wishlist.added order.completed order.refunded "
    "review.posted",
    "video": "video.played video.liked video.commented danmu.posted",
    "social": "post.created post.liked post.unliked post.shared comment.created account.followed account.unfollowed",
    "news": "article.read article.shared comment.created article.disliked",
    "music": "track.played track.skipped track.saved playlist.added",
    "travel": "destination.searched listing.viewed booking.completed booking.cancelled review.posted",
    "ads": "ad.impression ad.clicked ad.dismissed",
}
RECOMMENDATION = "recommendation.shown recommendation.clicked recommendation.dismissed"
CONTROL = "user.traits consent.changed user.erasure_requested"
TYPES = [(p, f"{p}.{a}") for p, actions in CONTRACT.items() for a in f"{actions} {RECOMMENDATION}".split()]
CONTROL_TYPES = [(p, f"{p}.{a}") for p in CONTRACT for a in CONTROL.split()]


def gate(**options: Any) -> Normaliser:
    return Normaliser(SECRET, lambda _: decode, **options)


def normalised(*events: Any, form: Form = "json", platform: str = "shop", **options: Any) -> NormalisedBatch:
    return gate(**options).normalise([a_record(event, form) for event in events], Platform(platform))


def only(batch: NormalisedBatch) -> Event:
    assert not batch.dead, batch.dead
    ((_, event),) = batch.events
    return event


def reason_of(batch: NormalisedBatch) -> str:
    (letter,) = batch.dead
    assert not batch.events
    return letter.reason


@pytest.mark.requirement("A1", "A2", "A3", "A4", "A5")
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("platform", "event_type"), TYPES)
def test_every_type_of_the_contract_is_accepted(platform: str, event_type: str, form: Form) -> None:
    event = only(normalised(a_cloud_event(event_type), platform=platform, form=form))
    assert (event.platform, event.type) == (platform, event_type)
    assert -1 <= event.strength <= 1


@pytest.mark.parametrize(("platform", "event_type"), CONTROL_TYPES)
def test_what_is_about_the_person_is_passed_on_as_traits_or_a_will(platform: str, event_type: str) -> None:
    data = {"traits": {"age": 30}, "consents": {"share": True}}
    event = only(normalised(a_cloud_event(event_type, data=data), platform=platform))
    if event_type.endswith("user.traits"):
        assert (event.traits, event.will) == ({"age_band": "25-34"}, None)
    else:
        assert event.will == (Will(erase=True) if event_type.endswith("erasure_requested") else Will({"share": True}))


def test_an_event_is_cleaned_scaled_and_pseudonymised() -> None:
    said = a_cloud_event(
        "shop.review.posted",
        sessionid="s-1",
        sentat="2024-05-01T12:00:00Z",
        data={"item": an_item(title="<b>Trail</b>　shoe"), "text": "Ｇｒｅａｔ grip https://t.example", "rating": 4},
    )
    event = only(normalised(said))
    assert event.event_id == event_id("/platforms/shop-eu", "e-1")
    assert event.account == account_key(SECRET, "shop", "u-1")
    assert event.occurred_at_s == NOON_S - 60
    assert event.received_at_s == NOON_S
    assert event.strength == 0.5
    assert event.text == "Great grip"
    assert event.item is not None
    assert event.item.title == "Trail shoe"
    assert event.item.tags == ("running", "trail")
    assert (event.item.price, event.item.currency) == (10.0, "USD")


@pytest.mark.requirement("B5", "N10")
@pytest.mark.parametrize("form", FORMS)
def test_no_raw_id_of_a_person_leaves_the_gate(form: Form) -> None:
    ids = {"subject": "RAW-subject", "userid": "RAW-user", "anonymousid": "RAW-anonymous", "sessionid": "RAW-session"}
    batch = normalised(a_cloud_event(**ids), form=form)
    user, event = batch.events[0]
    assert b"RAW" not in msgspec.msgpack.encode(event) + user.encode()
    assert event.session


@pytest.mark.requirement("N10")
def test_sessions_are_told_apart_by_secret_and_platform() -> None:
    said = a_cloud_event(sessionid="s-1")
    other = Normaliser(b"f" * 16, lambda _: decode).normalise([a_record(said)], SHOP)
    assert only(normalised(said)).session == only(normalised(said)).session
    assert only(other).session != only(normalised(said)).session
    news = only(normalised(a_cloud_event("news.article.read", sessionid="s-1"), platform="news"))
    assert news.session != only(normalised(said)).session


def test_a_visitor_without_a_login_is_an_account_of_their_own() -> None:
    visitor = only(normalised(a_cloud_event(subject=None, anonymousid="u-1")))
    assert visitor.account not in ("", only(normalised(a_cloud_event(subject="u-1"))).account)


def test_the_user_is_whom_the_account_resolves_to() -> None:
    batch = normalised(a_cloud_event(), resolve=lambda accounts: [Home(a, UserKey(f"user of {a[:4]}")) for a in accounts])
    assert batch.events[0][0] == f"user of {batch.events[0][1].account[:4]}"


@pytest.mark.requirement("A8")
@pytest.mark.parametrize("form", FORMS)
def test_what_a_platform_sends_twice_has_one_id(form: Form) -> None:
    assert only(normalised(a_cloud_event(), form=form)) == only(normalised(a_cloud_event()))


def test_a_search_speaks_by_its_query_and_a_view_not_at_all() -> None:
    assert only(normalised(a_cloud_event("shop.product.searched"))).text == "trail shoe"
    assert only(normalised(a_cloud_event("shop.product.searched", data={"text": "tent"}))).text == "tent"
    assert only(normalised(a_cloud_event())).text == ""


def test_a_reversal_names_the_event_that_it_takes_back() -> None:
    said = a_cloud_event("social.post.unliked", id="e-2", data={"item": an_item(), "reverses_id": "e-1"})
    assert only(normalised(said, platform="social")).reverses == event_id("/platforms/shop-eu", "e-1")
    plain = a_cloud_event(data={"item": an_item(), "reverses_id": "e-1"})
    assert only(normalised(plain)).reverses is None


def test_a_long_text_is_cut() -> None:
    said = a_cloud_event("shop.review.posted", data={"item": an_item(), "text": "word " * 100_000})
    assert 3_990 <= len(only(normalised(said)).text) <= 4_000


@pytest.mark.requirement("A10")
def test_a_price_in_an_unknown_currency_is_left_out() -> None:
    item = only(normalised(a_cloud_event(data={"item": an_item(currency="XXX")}))).item
    assert item is not None
    assert (item.price, item.currency) == (None, "")


@pytest.mark.requirement("A7")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "shop.product.eaten"}, "unknown_type"),
        ({"type": "shop"}, "unknown_type"),
        ({"type": "news.article.read"}, "wrong_platform"),
        ({"type": "product.viewed"}, "wrong_platform"),
        ({"time": None}, "missing_field"),
        ({"time": "2024-05-01T11:59:00"}, "bad_time"),
        ({"time": 1714564800}, "wrong_type"),
        ({"sentat": "soon"}, "bad_time"),
        ({"time": "9999-12-31T23:59:59Z"}, "time_in_future"),
        ({"subject": None}, "missing_field"),
        ({"subject": ""}, "out_of_range"),
        ({"subject": "x" * 2_000}, "out_of_range"),
        ({"data": None}, "missing_field"),
        ({"data": {}}, "missing_field"),
        ({"type": "shop.review.posted", "data": {"text": "fine"}}, "missing_field"),
        ({"type": "shop.product.searched", "data": {"query": ""}}, "missing_field"),
        ({"data": {"item": {"item_id": "a\x00b"}}}, "out_of_range"),
        ({"data": {"item": {"item_id": " "}}}, "out_of_range"),
        ({"dataschema": "urn:braid:event:2"}, "unknown_version"),
        ({"specversion": "2.0"}, "unknown_version"),
    ],
)
def test_a_bad_event_has_its_reason(changes: dict[str, Any], reason: str) -> None:
    assert reason_of(normalised(a_cloud_event(**changes))) == reason


def test_a_foreign_schema_is_no_business_of_ours() -> None:
    for schema in ("urn:braid:event:1", "urn:braid:event:1.4", "https://shop.example/schemas/7"):
        only(normalised(a_cloud_event(dataschema=schema)))


@pytest.mark.requirement("A7")
def test_a_good_event_behind_a_bad_one_passes() -> None:
    records = [
        RawRecord(b"\xff\xfe", offset=0),
        a_record(a_cloud_event(id="good"), offset=1),
        RawRecord(None, offset=2),
        a_record(a_cloud_event(id="better"), offset=3),
    ]
    batch = gate().normalise(records, SHOP)
    assert [event.event_id for _, event in batch.events] == [
        event_id("/platforms/shop-eu", "good"), event_id("/platforms/shop-eu", "better"),
    ]  # fmt: skip
    assert [letter.offset for letter in batch.dead] == [0, 2]


@pytest.mark.requirement("A7")
def test_a_dead_letter_keeps_the_exact_record() -> None:
    record = RawRecord(b"\x00\xff{", (("content-type", b"\xfe"), ("x", None)), NOON_S, "events.shop", 3, 41, b"\x01key")
    batch = gate().normalise([record], SHOP)
    (letter,) = batch.dead
    assert msgpack.unpackb(letter.encode()) == {
        "value": record.value, "key": record.key, "headers": [["content-type", b"\xfe"], ["x", None]],
        "topic": "events.shop", "partition": 3, "offset": 41, "stage": "normalise", "reason": letter.reason,
        "detail": letter.detail, "at": NOON_S,
    }  # fmt: skip
    assert decode_dead_letter(letter.encode()) == letter
    assert isinstance(letter, DeadLetter)


@pytest.mark.requirement("Q7")
def test_a_replay_gives_the_same_bytes() -> None:
    records = [a_record(a_cloud_event(id=str(n), rating=n), offset=n) for n in range(5)] + [RawRecord(b"?", offset=9)]
    first, second = (gate().normalise(records, SHOP) for _ in range(2))
    assert msgspec.msgpack.encode([e for _, e in first.events]) == msgspec.msgpack.encode([e for _, e in second.events])
    assert [letter.encode() for letter in first.dead] == [letter.encode() for letter in second.dead]


def test_a_batch_is_the_same_as_its_records_one_by_one() -> None:
    records = [a_record(a_cloud_event(id=str(n)), FORMS[n % 4]) for n in range(8)]
    one_by_one = [pair for record in records for pair in gate().normalise([record], SHOP).events]
    assert gate().normalise(records, SHOP).events == one_by_one


@pytest.mark.requirement("H5")
def test_an_event_beyond_the_lateness_bound_is_counted_and_dropped() -> None:
    limits = IngestLimits(lateness_s=DAY_S)
    batch = normalised(a_cloud_event(time="2024-04-01T00:00:00Z"), a_cloud_event(), limits=limits)
    assert (batch.n_late, len(batch.events), batch.dead) == (1, 1, [])


def test_clocks_that_disagree_are_counted() -> None:
    said = a_cloud_event(time="2024-05-01T12:30:00Z"), a_cloud_event(sentat="2024-05-01T11:00:00Z", time="2024-05-01T10:59:00Z")
    batch = normalised(*said)
    assert batch.n_clamped == 1
    assert batch.max_skew_s == 3_600


@pytest.mark.requirement("A7")
def test_the_time_of_a_hostile_event_grows_with_it_and_no_faster() -> None:
    """Up to every field as long and as awkward as a record of a megabyte can carry."""

    def a_hostile_event(n_chars: int) -> Callable[[], object]:
        awkward = ("&amp;amp;<a\u0301\u0316\u200b＜ﷺ" * 2_000)[:n_chars]
        tags = [f"{n}{awkward[:300]}" for n in range(n_chars // 64)]
        item = an_item(title=awkward, description=awkward, category=awkward, brand=awkward, color=awkward, author=awkward)
        said = a_cloud_event("shop.review.posted", data={"item": item | {"tags": tags, "genre": tags}, "text": awkward})
        return lambda: only(normalised(said))

    assert growth(a_hostile_event, 2_000) <= BOUND


def test_weights_of_other_tables_do_not_change_what_is_accepted() -> None:
    only(normalised(a_cloud_event(), actions=ActionTable().with_overrides({"product.viewed": 0.0})))
