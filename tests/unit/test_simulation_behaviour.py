from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest

from streams.simulation import Simulation
from streams.simulation.identities import among
from streams.simulation.people import DAY_S, HISTORY_S
from streams.simulation.records import CloudEvent, OutgoingRecord, to_record

NOW_S = 1_700_000_000.0
N_EVENTS = 6_000
SIMULATION = Simulation(seed=7, now_s=NOW_S)
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
ANYWHERE = {
    "recommendation.shown", "recommendation.clicked", "recommendation.dismissed",
    "user.traits", "consent.changed", "user.erasure_requested",
}  # fmt: skip


@pytest.fixture(scope="module")
def events() -> list[CloudEvent]:
    return SIMULATION.events(N_EVENTS)


def at_s(event: CloudEvent) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def test_the_same_seed_gives_the_same_records_to_the_byte() -> None:
    def everything(seed: int) -> list[OutgoingRecord]:
        simulation = Simulation(seed, NOW_S, n_people=30, n_items=600)
        events = map(to_record, simulation.events(500))
        return [*simulation.item_records(), *among(list(events), simulation.links())]

    assert everything(5) == everything(5)
    assert everything(5) != everything(6)


def test_asking_for_events_before_or_after_items_makes_no_difference() -> None:
    early, late = (Simulation(5, NOW_S, n_people=30, n_items=600) for _ in range(2))
    first = early.events(300)
    items = list(late.item_records())
    assert late.events(300) == first
    assert list(early.item_records()) == items


def test_another_present_moves_everything_and_repeats_no_id() -> None:
    before = SIMULATION.events(300)
    after = Simulation(seed=7, now_s=NOW_S + DAY_S).events(300)
    assert not {event["id"] for event in before} & {event["id"] for event in after}
    assert at_s(after[-1]) - at_s(before[-1]) == pytest.approx(DAY_S, abs=DAY_S / 2)


@pytest.mark.requirement("A1", "A2", "A3", "A4", "A5")
def test_every_type_of_the_contract_occurs(events: list[CloudEvent]) -> None:
    seen = {event["type"] for event in events}
    for platform, actions in CONTRACT.items():
        assert {f"{platform}.{action}" for action in actions.split()} <= seen
    assert {kind.partition(".")[2] for kind in seen} >= ANYWHERE


def test_nothing_occurs_that_the_contract_does_not_know(events: list[CloudEvent]) -> None:
    for event in events:
        platform, _, action = event["type"].partition(".")
        assert action in ANYWHERE or action in CONTRACT[platform].split()


def test_events_are_as_many_as_asked_for_in_order_and_of_the_last_two_weeks(events: list[CloudEvent]) -> None:
    times = [at_s(event) for event in events]
    assert len(events) == N_EVENTS
    assert times == sorted(times)
    assert times[0] >= NOW_S - HISTORY_S
    assert times[-1] <= NOW_S
    assert times[-1] > NOW_S - DAY_S


def test_envelopes_are_complete_and_ids_unique(events: list[CloudEvent]) -> None:
    assert len({(event["source"], event["id"]) for event in events}) == N_EVENTS
    for event in events:
        assert event["specversion"] == "1.0"
        assert event["source"].startswith(f"/platforms/{event['type'].partition('.')[0]}")
        assert event["subject"]


def test_reversals_name_an_earlier_event_of_the_same_account_about_the_same_item(events: list[CloudEvent]) -> None:
    by_id = {event["id"]: event for event in events}
    reversals = [event for event in events if "reverses_id" in event["data"]]
    assert Counter(event["type"] for event in reversals).keys() == {
        "shop.cart.removed", "shop.order.refunded", "social.post.unliked", "social.account.unfollowed",
        "travel.booking.cancelled",
    }  # fmt: skip
    for event in reversals:
        origin = by_id[event["data"]["reverses_id"]]
        assert at_s(origin) < at_s(event)
        assert (origin["source"], origin["subject"]) == (event["source"], event["subject"])
        assert origin["data"]["item"] == event["data"]["item"]


@pytest.mark.requirement("H6")
def test_people_act_on_their_interests_of_the_time_far_more_than_on_others(events: list[CloudEvent]) -> None:
    people = {account: person for person in SIMULATION.people for account in person.accounts.items()}
    topics = {entry.item.item_id: entry.topic for entry in SIMULATION.catalogue.items}
    hits: list[bool] = []
    for event in events:
        item_id = event["data"].get("item", {}).get("item_id")
        person = people[event["type"].partition(".")[0], event["subject"]]
        if item_id in topics and person.story:
            lately = {*person.strengths_at(at_s(event)), *person.strengths_at(at_s(event) - 5 * DAY_S)}
            hits.append(topics[item_id] in lately)
    assert len(hits) > 200
    assert sum(hits) / len(hits) > 0.8


def test_what_people_do_not_care_for_is_skipped_left_early_or_rated_low(events: list[CloudEvent]) -> None:
    ratings = Counter(event["data"]["rating"] for event in events if "rating" in event["data"])
    watched = [
        event["data"]["position_s"] / event["data"]["duration_s"] for event in events if event["type"] == "video.video.played"
    ]
    assert ratings[5] > ratings[1] > 0
    assert min(watched) < 0.05 < 0.95 < max(watched) <= 1


def test_both_languages_are_written_and_texts_repeat(events: list[CloudEvent]) -> None:
    texts = [event["data"].get("text") or event["data"].get("query") for event in events]
    written = [text for text in texts if text]
    assert len(written) > 500
    assert len(set(written)) <= 700
    assert any("\u4e00" <= text[0] <= "\u9fff" for text in written)
    assert any("a" <= text[0].lower() <= "z" for text in written)


def test_one_more_event_can_be_told_about_a_person_of_the_story() -> None:
    _, runner, _ = SIMULATION.story()
    item = next(entry for entry in SIMULATION.catalogue.items if entry.platform == "shop" and entry.topic == "jazz")
    event = SIMULATION.event(runner, "shop.order.completed", NOW_S, item=item, quantity=1)
    assert event["subject"] == runner.accounts["shop"]
    assert event["data"] == {"item": item.as_reference(), "quantity": 1}
    with pytest.raises(KeyError):
        SIMULATION.event(runner, "news.article.read", NOW_S, item=item)
