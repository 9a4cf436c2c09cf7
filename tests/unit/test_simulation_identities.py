from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode
from streams.domain.hints import command_of
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from streams.simulation import OutgoingRecord, Person, Simulation
from streams.simulation.identities import among, n_profiles
from streams.simulation.people import HISTORY_S
from streams.simulation.records import CloudEvent, to_record
from tests.support.identity_log import SECRET, Feed, key_of

NOW_S = 1_700_000_000.0
SIMULATION = Simulation(seed=7, now_s=NOW_S, n_people=60, n_items=700)
PERSON_OF = {account: person for person in SIMULATION.people for account in person.accounts.items()}


def accounts_in(command: CloudEvent) -> list[tuple[str, str]]:
    return [(named["platform"], named["account"]) for named in command["data"]["accounts"]]


def hints_of(events: list[CloudEvent]) -> list[dict[str, object]]:
    gate = Normaliser(SECRET, lambda _: decode)
    hints = []
    for event in events:
        record = to_record(event)
        raw = RawRecord(record.value, tuple(record.headers), NOW_S, record.topic_suffix, 0, 0, record.key)
        hints += gate.normalise([raw], Platform(record.topic_suffix.removeprefix("events."))).hints
    return [json.loads(command) for command in dict.fromkeys(map(command_of, hints))]


def test_a_link_names_two_accounts_of_one_person_who_signs_in() -> None:
    for link in SIMULATION.links():
        one, other = accounts_in(link)
        assert one != other
        assert PERSON_OF[one] is PERSON_OF[other]
        assert PERSON_OF[one].is_linked


def test_links_are_of_the_history_in_order_and_no_id_occurs_twice() -> None:
    links = SIMULATION.links()
    times = [datetime.fromisoformat(link["time"]).timestamp() for link in links]
    assert times == sorted(times)
    assert NOW_S - HISTORY_S <= times[0] <= times[-1] <= NOW_S
    assert len({link["id"] for link in links}) == len(links)


def test_everybody_with_a_userid_has_it_on_every_event_and_nobody_else_has_one() -> None:
    for event in SIMULATION.events(1_500):
        person = PERSON_OF[event["type"].partition(".")[0], event["subject"]]
        assert event.get("userid", "") == person.userid


@pytest.mark.requirement("B1", "B3")
def test_the_identity_log_takes_every_link_and_hint_and_makes_one_user_of_everybody_who_is_known() -> None:
    feed, events = Feed(), SIMULATION.events(3_000)
    said = feed.say(*SIMULATION.links(), *hints_of(events)).split()
    assert set(said) == {"linked"}
    used = {event["subject"] for event in events}
    for person in SIMULATION.people:
        own = [f"{platform}/{raw}" for platform, raw in person.accounts.items() if person.is_linked or raw in used]
        assert len({feed.user_of(account) for account in own}) == (min(1, len(own)) if person.is_known else len(own))
    users = {feed.user_of("/".join(account)) for account in PERSON_OF}
    assert not users - {key_of("/".join(account)) for account in PERSON_OF}


@pytest.mark.requirement("B1")
def test_the_profiles_that_are_due_are_the_users_of_accounts_that_did_something_and_were_not_erased() -> None:
    feed, events = Feed(), SIMULATION.events(3_000)
    feed.say(*SIMULATION.links(), *hints_of(events))
    did: dict[str, set[str]] = defaultdict(set)
    for event in events:
        platform, _, action = event["type"].partition(".")
        did[f"{platform}/{event['subject']}"].add(action)
    about = {"consent.changed", "user.erasure_requested"}
    kept = [account for account, actions in did.items() if actions - about and "user.erasure_requested" not in actions]
    assert n_profiles(SIMULATION.people, events) == len({feed.user_of(account) for account in kept})
    assert n_profiles(SIMULATION.people, events) < len(kept) / 2


def test_a_known_person_who_is_erased_on_one_account_leaves_no_profile_and_an_unknown_one_the_others() -> None:
    accounts = {"shop": "s-1", "video": "v-1"}
    events = [
        {"type": "shop.product.viewed", "subject": "s-1"}, {"type": "video.video.liked", "subject": "v-1"},
        {"type": "shop.user.erasure_requested", "subject": "s-1"},
    ]  # fmt: skip
    unknown = Person("A", "en", 0.0, 1.0, accounts, (), "")
    linked = Person("A", "en", 0.0, 1.0, accounts, (), "", is_linked=True)
    assert [n_profiles([unknown], events), n_profiles([linked], events)] == [1, 0]
    assert [n_profiles([unknown], events[:2]), n_profiles([linked], events[:2])] == [2, 1]


def test_other_seeds_tell_other_links_and_the_same_seed_the_same() -> None:
    def links(seed: int) -> list[CloudEvent]:
        return Simulation(seed, NOW_S, n_people=30, n_items=600).links()

    assert links(5) == links(5)
    assert links(5) != links(6)


@given(n_records=st.integers(0, 60), n_links=st.integers(0, 60))
def test_links_among_records_lose_nothing_keep_both_orders_and_lie_evenly(n_records: int, n_links: int) -> None:
    records = [OutgoingRecord("events.shop", str(number).encode(), b"", []) for number in range(n_records)]
    links = (SIMULATION.links() * 2)[:n_links]
    mixed = among(records, links)
    assert [record for record in mixed if record.topic_suffix != "identity"] == records
    told = [json.loads(record.value or b"")["id"] for record in mixed if record.topic_suffix == "identity"]
    assert told == [link["id"] for link in links]
    assert Counter(record.partition for record in mixed) == +Counter({None: n_records, 0: n_links})
    half = [record.topic_suffix for record in mixed[: len(mixed) // 2]]
    assert abs(half.count("identity") - n_links / 2) <= 1 + n_links / max(1, n_records)


def test_a_story_can_link_and_unlink_accounts() -> None:
    accounts = {"shop": "s-1", "video": "v-1"}
    feed = Feed()
    assert feed.say(SIMULATION.identity_event("linked", accounts, NOW_S, "login")) == "linked"
    assert feed.together("shop/s-1", "video/v-1")
    assert feed.say(SIMULATION.identity_event("unlinked", {"video": "v-1"}, NOW_S + 1, "wrong_person")) == "unlinked"
    assert not feed.together("shop/s-1", "video/v-1")
