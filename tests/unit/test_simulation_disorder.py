from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode
from streams.domain.limits import IngestLimits
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent
from streams.service.item_gate import ItemUpserted, decode_item
from streams.service.normalise import NormalisedBatch, Normaliser
from streams.simulation import OutgoingRecord, Simulation, dirty
from streams.simulation.faults import FAULTS
from streams.simulation.records import to_record

NOW_S = 1_700_000_000.0
SIMULATION = Simulation(seed=7, now_s=NOW_S, n_people=60, n_items=700)
EVENTS = SIMULATION.events(2_000)


def raw(record: OutgoingRecord) -> RawRecord:
    return RawRecord(record.value, tuple(record.headers), NOW_S, record.topic_suffix, 0, 0, record.key)


def through_the_gate(records: list[OutgoingRecord]) -> NormalisedBatch:
    gate = Normaliser(b"0" * 16, lambda _: decode)
    total = NormalisedBatch()
    for record in records:
        batch = gate.normalise([raw(record)], Platform(record.topic_suffix.removeprefix("events.")))
        total.events += batch.events
        total.dead += batch.dead
        total.n_late += batch.n_late
        total.n_ignored += batch.n_ignored
        total.hints += batch.hints
    return total


def reference(record: OutgoingRecord) -> tuple[str, str] | None:
    try:
        envelope = decode(raw(record))
    except InvalidEvent:
        return None
    return envelope.source, envelope.id


@pytest.mark.requirement("A7")
def test_the_gate_takes_every_valid_event_in_all_three_forms() -> None:
    for form in ("json", "msgpack", "binary"):
        batch = through_the_gate([to_record(event, form) for event in EVENTS])
        assert [letter.reason for letter in batch.dead] == []
        assert batch.n_late == 0
        assert batch.n_ignored == 0
        assert len(batch.events) == len(EVENTS)


def test_the_three_forms_say_the_same() -> None:
    for event in EVENTS[:300]:
        one, two, three = (through_the_gate([to_record(event, form)]) for form in ("json", "msgpack", "binary"))
        assert one.events == two.events == three.events
        assert one.hints == two.hints == three.hints
        assert bool(one.hints) == ("userid" in event)


def test_all_three_forms_occur() -> None:
    types = Counter(dict(to_record(event).headers)["content-type"] for event in EVENTS)
    assert set(types) == {
        b"application/cloudevents+json; charset=UTF-8", b"application/cloudevents+msgpack", b"application/json"
    }  # fmt: skip
    assert types.most_common(1)[0][0].startswith(b"application/cloudevents+json")


@pytest.mark.requirement("A15")
def test_the_catalogue_gate_takes_every_item_as_it_is() -> None:
    limits = IngestLimits(rates={"USD": 1.0, "CNY": 0.14})
    for record, entry in zip(SIMULATION.item_records(), SIMULATION.catalogue.items, strict=True):
        taken = decode_item(raw(record), limits, decode)
        assert isinstance(taken, ItemUpserted)
        assert (taken.platform, taken.item.item_id) == (entry.platform, entry.item.item_id)
        assert taken.item.title


@pytest.mark.requirement("A7")
@pytest.mark.parametrize("kind", FAULTS)
def test_the_gate_refuses_every_kind_of_fault_and_says_why(kind: str) -> None:
    victims = [event for event in EVENTS if "item" in event["data"]][:50]
    batch = through_the_gate([FAULTS[kind].make(event) for event in victims])
    assert [letter.reason for letter in batch.dead] == [FAULTS[kind].reason] * len(victims)


@pytest.mark.requirement("A7", "A8")
def test_the_ledger_agrees_with_what_the_gate_finds_in_the_stream() -> None:
    records, ledger = dirty(EVENTS, seed=1)
    batch = through_the_gate(records)
    assert (len(ledger.duplicates), len(ledger.late), len(ledger.invalid)) == (100, 100, 40)
    assert len(records) == ledger.n_records == 2_140
    assert Counter(letter.reason for letter in batch.dead) == ledger.dead_letters_by_reason
    assert len(batch.events) + batch.n_ignored == ledger.n_events + len(ledger.duplicates)
    assert batch.n_late == 0
    said = Counter(event.type for _, event in batch.events)
    assert ledger.n_consents == sum(number for kind, number in said.items() if kind.endswith(".consent.changed")) > 0


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32), n=st.integers(0, 120), shares=st.tuples(st.floats(0, 1), st.floats(0, 0.45), st.floats(0, 1))
)
def test_the_ledger_is_exact_for_any_seed_and_shares(seed: int, n: int, shares: tuple[float, float, float]) -> None:
    events = EVENTS[:n]
    records, ledger = dirty(events, seed, *shares)
    own = {(event["source"], event["id"]): position for position, event in enumerate(events)}
    sent = [found for record in records if (found := reference(record)) in own]
    assert len(records) == ledger.n_records == n + len(ledger.duplicates) + len(ledger.invalid)
    assert Counter(sent) == Counter(own.keys()) + Counter(ledger.duplicates)
    first: dict[tuple[str, str], int] = {}
    for position, found in enumerate(sent):
        first.setdefault(found, position)
    newest, overtaken = -1, set()
    for found in sorted(first, key=first.__getitem__):
        if own[found] < newest:
            overtaken.add(found)
        newest = max(newest, own[found])
    assert overtaken == set(ledger.late)


def test_the_same_seed_makes_the_same_mess_and_another_seed_another() -> None:
    assert dirty(EVENTS, 3) == dirty(EVENTS, 3)
    assert dirty(EVENTS, 3)[0] != dirty(EVENTS, 4)[0]


def test_a_clean_stream_stays_as_it_is() -> None:
    records, ledger = dirty(EVENTS, 3, duplicates=0, late=0, invalid=0)
    assert records == [to_record(event) for event in EVENTS]
    assert ledger.n_records == len(EVENTS)


@pytest.mark.parametrize("shares", [{"duplicates": -0.1}, {"late": 0.6}, {"invalid": float("nan")}])
def test_an_impossible_share_is_refused_by_name(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(shares))} = "):
        dirty(EVENTS, 3, **shares)
