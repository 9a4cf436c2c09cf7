"""N6: how much one account may bring in a window. Below the bounds nothing changes; beyond them the amount is the same."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id
from streams.domain.influence import MAX_SUMS, MAX_THINGS, Influence, InfluenceRules

pytestmark = pytest.mark.requirement("N6")

NOON_S = 20_000.5 * DAY_S
RULES = InfluenceRules(most=20.0, most_alike=5.0)


def an_event(number: int, item: str = "", text: str = "", at_s: float = NOON_S) -> Event:
    made = Item(item) if item else None
    return Event(event_id("s", str(number)), "acc", "social", "social.post.liked", at_s, at_s, 1.0, made, text)


def admitted(rules: InfluenceRules, told: list[tuple[Event, float]]) -> list[float]:
    influence = Influence()
    return [influence.admit(rules, event, weight) for event, weight in told]


@st.composite
def told(draw: st.DrawFn) -> list[tuple[Event, float]]:
    """Whole weights, so that sums are exact in any order."""
    drawn = st.tuples(st.sampled_from("abcde"), st.integers(-8, 8).filter(bool), st.integers(1 - MAX_SUMS // 2, 0))
    return [
        (an_event(number, item, at_s=NOON_S + days * DAY_S), float(weight))
        for number, (item, weight, days) in enumerate(draw(st.lists(drawn, max_size=60)))
    ]


def by_window(told: list[tuple[Event, float]], weights: list[float]) -> dict[tuple[int, bool], float]:
    sums: dict[tuple[int, bool], float] = {}
    for (event, _), weight in zip(told, weights, strict=True):
        key = int(event.occurred_at_s // DAY_S), weight > 0
        sums[key] = sums.get(key, 0.0) + abs(weight)
    return {key: total for key, total in sums.items() if total}


@given(told())
def test_no_window_brings_more_than_its_bounds_in_either_direction(events):
    assert all(total <= RULES.most for total in by_window(events, admitted(RULES, events)).values())


@given(told())
def test_no_thing_brings_more_than_its_bound_in_time_order(events):
    ordered = sorted(events, key=lambda pair: pair[0].occurred_at_s)
    weights = admitted(RULES, ordered)
    for item in "abcde":
        about = [(pair, weight) for pair, weight in zip(ordered, weights, strict=True) if pair[0].item.item_id == item]
        sums = by_window([pair for pair, _ in about], [weight for _, weight in about])
        assert all(total <= RULES.most_alike for total in sums.values())


@settings(max_examples=200)
@given(told(), st.randoms(use_true_random=False))
def test_the_amount_that_counts_is_the_same_in_any_order(events, random):
    today = [(msgspec.structs.replace(event, occurred_at_s=NOON_S), weight) for event, weight in events]
    shuffled = random.sample(today, len(today))
    assert by_window(today, admitted(RULES, today)) == by_window(shuffled, admitted(RULES, shuffled))


@given(told(), st.randoms(use_true_random=False))
def test_below_the_bounds_every_event_counts_in_full_in_any_order(events, random):
    generous = InfluenceRules(most=1_000.0, most_alike=500.0)
    shuffled = random.sample(events, len(events))
    assert admitted(generous, shuffled) == [weight for _, weight in shuffled]


def test_an_event_over_the_bound_counts_as_far_as_there_is_room():
    events = [(an_event(n, "a"), 3.0) for n in range(3)]
    assert admitted(RULES, events) == [3.0, 2.0, 0.0]


def test_a_giant_weight_is_one_event_about_one_thing():
    assert admitted(RULES, [(an_event(1, "a"), 100.0)]) == [5.0]


def test_likes_and_dislikes_have_room_of_their_own():
    assert admitted(RULES, [(an_event(1, "a"), 9.0), (an_event(2, "a"), -9.0)]) == [5.0, -5.0]


@pytest.mark.parametrize("other", ["BUY  gold, now!!! 77", "buy gоld nоw", "buy gold now #8812"])
def test_a_text_is_the_same_thing_whatever_its_digits_marks_and_letters_in_disguise(other: str):
    assert admitted(RULES, [(an_event(1, text="buy gold now"), 5.0), (an_event(2, text=other), 5.0)]) == [5.0, 0.0]


def test_events_that_are_about_nothing_are_not_the_same_thing():
    assert admitted(RULES, [(an_event(1), 4.0), (an_event(2), 4.0)]) == [4.0, 4.0]


def test_the_next_day_has_room_again():
    assert admitted(RULES, [(an_event(1, "a"), 5.0), (an_event(2, "a", at_s=NOON_S + DAY_S), 5.0)]) == [5.0, 5.0]


def test_what_is_kept_is_bounded_however_many_things_and_days_there_are():
    influence = Influence()
    for number in range(20_000):
        influence.admit(InfluenceRules(), an_event(number, f"i{number}", at_s=NOON_S + number % 90 * DAY_S), 0.5)
    assert len(influence.sums) == MAX_SUMS
    assert len(influence.things) <= MAX_THINGS
    assert len(msgspec.msgpack.encode(influence)) < 2_000


def test_the_same_order_gives_the_same_again_from_stored_bytes():
    events = [(an_event(n, f"i{n % 3}"), 2.0) for n in range(12)]
    influence, weights = Influence(), []
    for event, weight in events:
        influence = msgspec.msgpack.decode(msgspec.msgpack.encode(influence), type=Influence)
        weights.append(influence.admit(RULES, event, weight))
    assert weights == admitted(RULES, events)


@pytest.mark.parametrize("name", ["most", "most_alike", "window_s"])
def test_a_bound_that_admits_nothing_is_refused_by_name(name: str):
    with pytest.raises(ValueError, match=f"{name} = 0: must be above 0"):
        InfluenceRules(**{name: 0})
