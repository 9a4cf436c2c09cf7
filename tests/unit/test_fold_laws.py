"""The laws of the fold: any order, any batching and any repeats of the same events give the same profile."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as replaced

from streams.domain.decay import DAY_S, DecayedSum, decayed_sum
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.readings import Mention, Reading, TopicHit
from streams.domain.states import AccountState, Fading, UserState, pack_state, unpack_state

DIM = 8
TYPES = {
    "shop.product.viewed": 1.0, "shop.order.completed": 8.0, "news.article.disliked": -3.0, "ads.ad.impression": 0.0,
    "ads.ad.clicked": 2.0, "video.ad.clicked": 2.0, "news.ad.dismissed": -2.0,
}  # fmt: skip
#: Half-lives of their own, of purchases and of what somebody turned away from.
OWN_DAYS = {"order.completed": 200.0, "article.disliked": 1.0}
COUNTED_ONLY = {"video.ad.clicked", "news.ad.dismissed"}
RULES = FoldRules(
    DIM, TYPES.__getitem__, short_half_life_s=2 * DAY_S, long_half_life_s=30 * DAY_S, recent_events=5,
    own_half_life_of=lambda action: OWN_DAYS[action] * DAY_S if action in OWN_DAYS else None,
)  # fmt: skip
VECTORS = np.random.default_rng(3).standard_normal((16, DIM)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
START_S = 1_750_000_000.0
LANGUAGES = ("", "en", "zh-CN")


@st.composite
def distinct_events(draw: st.DrawFn) -> list[tuple[Event, int]]:
    n = draw(st.integers(1, 24))
    events = []
    for number in range(n):
        kind = draw(st.sampled_from(sorted(TYPES)))
        row = draw(st.integers(-1, 15))
        item = Item(f"i{row}", category=f"c{row % 3}", brand="Acme", tags=("a", f"t{row % 4}"), language=LANGUAGES[row % 3]) if row >= 0 else None
        event = Event(
            event_id=event_id("source", str(number)),
            account=draw(st.sampled_from(["aa", "bb"])),
            platform=kind.partition(".")[0],
            type=kind,
            occurred_at_s=START_S + draw(st.integers(0, 10 * 86_400) | st.integers(0, 300 * 86_400)),
            received_at_s=START_S + 301 * DAY_S,
            strength=draw(st.sampled_from([1.0, 0.5, -1.0])),
            item=item,
        )
        events.append((event, row))
    return events


def said_with(event: Event) -> Reading | None:
    """Own words for two events of three, told by the event's id."""
    number = event.event_id[0]
    if number % 3 == 0:
        return None
    score = (number % 21 - 10) / 10
    named = Mention("product", 0, 1, f"p{number % 5}", 0.9, -score)
    return Reading(score, (named,), (TopicHit(f"said{number % 4}", 0.8),))


def folded(events: list[tuple[Event, int]], batch_sizes: list[int]) -> UserState:
    states = {"user": UserState()}
    offset, sizes, left = 0, iter(batch_sizes), list(events)
    while left:
        size = next(sizes, len(left)) or 1
        chunk, left = left[:size], left[size:]
        fold(RULES, states, [Observation(offset + n, "user", e, r, said_with(e)) for n, (e, r) in enumerate(chunk)], VECTORS)
        states["user"] = unpack_state(pack_state(states["user"]))
        offset += len(chunk)
    return states["user"]


def assert_same_profile(one: UserState, other: UserState) -> None:
    assert set(one.accounts) == set(other.accounts)
    for name, account in one.accounts.items():
        twin = other.accounts[name]
        assert account.n_events == twin.n_events
        assert account.counts == twin.counts
        assert account.recent == twin.recent
        assert (account.first_s, account.last_s, account.reference_s) == (twin.first_s, twin.last_s, twin.reference_s)
        assert account.long_mass == pytest.approx(twin.long_mass, rel=1e-9, abs=1e-12)
        assert account.short_mass == pytest.approx(twin.short_mass, rel=1e-9, abs=1e-12)
        for horizon in ("short", "long"):
            mass = getattr(account, f"{horizon}_mass")
            np.testing.assert_allclose(vector(account, horizon), vector(twin, horizon), atol=rounding(mass))
        assert_same_tags(account, twin)
        fadings = [{fading.half_life_s: fading for fading in each.fadings} for each in (account, twin)]
        assert fadings[0].keys() == fadings[1].keys()
        for half_life_s, fading in fadings[0].items():
            other_fading = fadings[1][half_life_s]
            assert fading.long_mass == pytest.approx(other_fading.long_mass, rel=1e-9, abs=1e-12)
            both = vector(fading, "long"), vector(other_fading, "long")
            np.testing.assert_allclose(*both, atol=rounding(fading.long_mass))
            assert_same_tags(fading, other_fading)
        assert set(account.relations.edges) == set(twin.relations.edges)
        for key, edge in account.relations.edges.items():
            held = twin.relations.edges[key]
            assert (edge.support, edge.first_s, edge.last_s) == (held.support, held.first_s, held.last_s)
            assert edge.evidence == held.evidence
            expected = pytest.approx(held.weight * twin.relations.scale, rel=1e-9, abs=1e-9)
            assert edge.weight * account.relations.scale == expected
        assert set(account.languages) == set(twin.languages)
        for code, taken in account.languages.items():
            other_taken = twin.languages[code]
            assert (taken.support, taken.last_s) == (other_taken.support, other_taken.last_s)
            mass = other_taken.mass * twin.tag_scale
            assert taken.mass * account.tag_scale == pytest.approx(mass, rel=1e-9, abs=1e-9)
        assert set(account.feelings) == set(twin.feelings)
        for thing, felt in account.feelings.items():
            other_felt = twin.feelings[thing]
            assert (felt.n, felt.last_s) == (other_felt.n, other_felt.last_s)
            for part in ("score", "positive", "neutral", "negative"):
                mine = getattr(felt, part) * account.tag_scale
                assert mine == pytest.approx(getattr(other_felt, part) * twin.tag_scale, rel=1e-9, abs=1e-9)


def rounding(mass: float) -> float:
    """What two orders of float32 sums of so much mass may differ by, in a number."""
    return 2e-5 + 1e-6 * mass


def assert_same_tags(one: AccountState | Fading, other: AccountState | Fading) -> None:
    assert set(one.tags) == set(other.tags)
    for tag, state in one.tags.items():
        score = other.tags[tag].score * other.tag_scale
        assert state.score * one.tag_scale == pytest.approx(score, rel=1e-9, abs=1e-9)
        assert state.support == other.tags[tag].support


def vector(account: object, horizon: str) -> np.ndarray:
    raw = getattr(account, horizon)
    return np.frombuffer(raw, np.float32) if raw else np.zeros(DIM, np.float32)


@pytest.mark.requirement("H5")
@settings(max_examples=200, deadline=None)
@given(distinct_events(), st.randoms(use_true_random=False), st.lists(st.integers(1, 7), max_size=30))
def test_any_order_and_any_batching_give_the_same_profile(events, random, batch_sizes):
    shuffled = list(events)
    random.shuffle(shuffled)
    assert_same_profile(folded(events, [len(events)]), folded(shuffled, batch_sizes))


@pytest.mark.requirement("A8")
@settings(max_examples=150, deadline=None)
@given(distinct_events(), st.randoms(use_true_random=False))
def test_repeats_change_nothing(events, random):
    repeated = events + random.choices(events, k=len(events))
    random.shuffle(repeated)
    assert_same_profile(folded(events, [1] * len(events)), folded(repeated, [3] * len(repeated)))


@pytest.mark.requirement("H3")
@settings(max_examples=100, deadline=None)
@given(distinct_events())
def test_the_batched_sum_equals_the_half_life_law_written_out(events):
    state = folded(events, [5] * len(events))
    for name, account in state.accounts.items():
        mine = [(event, row) for event, row in events if event.account == name]
        last_s = max(event.occurred_at_s for event, _ in mine)
        expected, mass = np.zeros(DIM), 0.0
        for event, row in mine:
            weight = 0.0 if event.type in COUNTED_ONLY else TYPES[event.type] * event.strength
            days = OWN_DAYS.get(event.type.partition(".")[2], 30.0)
            left = 2.0 ** (-(last_s - event.occurred_at_s) / (days * DAY_S))
            mass += abs(weight) * left
            if row >= 0:
                expected += weight * left * VECTORS[row].astype(float)
        found = vector(account, "long") + sum(vector(fading, "long") for fading in account.fadings)
        np.testing.assert_allclose(found, expected, atol=4e-5)
        assert account.long_mass + sum(fading.long_mass for fading in account.fadings) == pytest.approx(mass, abs=1e-9)


@pytest.mark.requirement("H3")
def test_what_fades_faster_is_forgotten_while_the_rest_stays():
    def deed(number: int, days: float) -> Observation:
        at_s = START_S + days * DAY_S
        kind = "news.article.disliked" if number == 0 else "shop.product.viewed"
        item = Item(f"i{number}", tags=(f"t{number}",))
        return Observation(number, "user", Event(event_id("s", str(number)), "aa", "shop", kind, at_s, at_s, 1.0, item), number)

    states = {"user": UserState()}
    fold(RULES, states, [deed(0, 0.0), deed(1, 0.0)], VECTORS)
    (fading,) = states["user"].accounts["aa"].fadings
    assert (fading.half_life_s, list(fading.tags)) == (DAY_S, ["topic:t0"])
    fold(RULES, states, [deed(2, 150.0)], VECTORS)
    account = states["user"].accounts["aa"]
    assert fading.long_mass == pytest.approx(3.0 * 2.0**-150)
    assert account.tags["topic:t1"].score * account.tag_scale == pytest.approx(2.0**-5)


@pytest.mark.requirement("A9")
@settings(max_examples=100, deadline=None)
@given(distinct_events(), st.randoms(use_true_random=False))
def test_advertisements_among_content_are_counted_and_leave_the_rest_of_a_profile_as_it_is(events, random):
    ads = [
        (replaced(event, event_id=event.event_id[::-1], platform="shop", type="shop.ad.clicked"), row)
        for event, row in events
    ]
    among = events + ads
    random.shuffle(among)
    found = folded(among, [3] * len(among))
    for account in found.accounts.values():
        account.n_events -= account.counts.pop("shop.ad.clicked")
    assert_same_profile(folded(events, [4] * len(events)), found)


def test_a_replayed_batch_is_skipped_by_the_fence():
    event = Event(event_id("s", "1"), "aa", "shop", "shop.product.viewed", START_S, START_S, 1.0, Item("i1"))
    states = {"user": UserState()}
    fold(RULES, states, [Observation(7, "user", event, 1)], VECTORS)
    again = fold(RULES, states, [Observation(7, "user", event, 1)], VECTORS)
    assert (again.n_replayed, again.n_applied, states["user"].revision) == (1, 0, 1)


def test_an_event_behind_the_dedup_horizon_is_dropped_and_counted():
    rules = FoldRules(DIM, TYPES.__getitem__, dedup_ids=16)
    states = {"user": UserState()}
    newer = [
        Observation(n, "user", Event(event_id("s", str(n)), "aa", "shop", "shop.product.viewed", START_S + n, START_S), -1)
        for n in range(20)
    ]
    fold(rules, states, newer, VECTORS)
    old = Event(event_id("s", "old"), "aa", "shop", "shop.product.viewed", START_S - 5, START_S)
    report = fold(rules, states, [Observation(20, "user", old, -1)], VECTORS)
    assert (report.n_behind_horizon, report.n_applied) == (1, 0)
    assert states["user"].accounts["aa"].n_events == 20


@pytest.mark.requirement("H7")
@settings(max_examples=100, deadline=None)
@given(distinct_events(), st.integers(4, 8))
def test_of_what_comes_at_once_an_account_keeps_so_many_tags_at_most_and_these_are_the_heaviest(events, max_tags):
    mine = [(event, row) for event, row in events if event.account == "aa"]
    bounded, whole = {"user": UserState()}, {"user": UserState()}
    rules = replace(RULES, max_tags=max_tags)
    observed = [Observation(n, "user", event, row) for n, (event, row) in enumerate(mine)]
    fold(rules, bounded, observed, VECTORS)
    fold(RULES, whole, observed, VECTORS)
    if mine:
        kept, everything = bounded["user"].accounts["aa"].tags, whole["user"].accounts["aa"].tags
        by_mass = sorted(everything, key=lambda tag: (-everything[tag].mass, tag))
        assert list(kept) == by_mass[:max_tags] if len(everything) > max_tags else kept == everything
        assert all(kept[tag] == everything[tag] for tag in kept)


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(-10, 10)), min_size=1, max_size=12),
    st.lists(st.tuples(st.integers(0, 10**6), st.floats(-10, 10)), min_size=1, max_size=12),
)
def test_merging_two_decayed_sums_equals_adding_everything_to_one(left, right):
    merged = decayed_sum(left, 1e5)
    merged.merge(decayed_sum(right, 1e5))
    together = decayed_sum(left + right, 1e5)
    assert math.isclose(merged.value, together.value, rel_tol=1e-9, abs_tol=1e-9)
    assert merged.reference_s == together.reference_s


def test_an_empty_sum_is_zero_at_any_time():
    assert DecayedSum(10.0).at(5.0) == 0.0
