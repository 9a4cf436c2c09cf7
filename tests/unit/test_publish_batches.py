"""Publishing many people at once gives each the bytes that publishing them alone gives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id, item_key
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.profiles import Model, encode_profile
from streams.domain.publishing import Cause, Changed, PublishRules, profile_of, profiles_of
from streams.domain.states import UserState, pack_state
from streams.domain.unit_vectors import unit_rows, unit_vector, unit_vectors
from streams.domain.vector_sums import CHUNK

DIM = 48
NOW_S = 1_750_000_000.0
WEIGHTS = {"shop.product.viewed": 1.0, "social.post.liked": 2.0, "news.article.disliked": -3.0, "ads.ad.clicked": 2.0}
FOLD = FoldRules(DIM, WEIGHTS.__getitem__, recent_events=6)
RULES = PublishRules(Model("m", "1", DIM), 2 * DAY_S, 60 * DAY_S, n_tags=5, platform_weights={"ads": 0.0, "news": 0.5})
VECTORS = np.random.default_rng(5).standard_normal((12, DIM)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
#: The catalogue lacks the last two.
ITEMS = {item_key(platform, f"i{row}"): VECTORS[row] for platform in ("shop", "social", "news") for row in range(10)}


@st.composite
def observations(draw: st.DrawFn, n_people: int = 6) -> list[Observation]:
    made = []
    for number in range(draw(st.integers(1, 40))):
        kind, row = draw(st.sampled_from(sorted(WEIGHTS))), draw(st.integers(-1, 11))
        platform, user = kind.partition(".")[0], f"user-{draw(st.integers(0, n_people - 1))}"
        item = Item(f"i{row}", category=f"c{row % 4}", tags=("t", f"t{row % 3}")) if row >= 0 else None
        at_s = NOW_S + draw(st.integers(0, 400)) * DAY_S / 4
        event = Event(event_id("s", str(number)), f"{user}@{platform}", platform, kind, at_s, at_s, 1.0, item)
        made.append(Observation(number, user, event, row))
    return made


def changed(listed: list[Observation]) -> list[Changed]:
    states = {observation.user: UserState() for observation in listed}
    report = fold(FOLD, states, listed, VECTORS)
    return [Changed(user, states[user], Cause("update", triggers)) for user, triggers in report.touched.items()]


@pytest.mark.requirement("D10")
@settings(max_examples=150, deadline=None)
@given(observations())
def test_people_published_together_get_the_bytes_that_they_get_alone(listed):
    people = changed(listed)
    together = [encode_profile(profile) for profile in profiles_of(RULES, people, ITEMS)]
    assert together == [encode_profile(profile_of(RULES, *person, ITEMS)) for person in people]


@pytest.mark.requirement("D10")
@settings(max_examples=50, deadline=None)
@given(observations(n_people=20))
def test_a_state_does_not_depend_on_whose_events_are_in_the_same_batch(listed):
    together = {person.user: pack_state(person.state) for person in changed(listed)}
    for user, state in together.items():
        (alone,) = changed([observation for observation in listed if observation.user == user])
        assert pack_state(alone.state) == state


def test_more_accounts_than_one_chunk_are_all_added_up():
    listed = [
        Observation(n, f"u{n}", Event(event_id("s", str(n)), f"a{n}", "shop", "shop.product.viewed", NOW_S, NOW_S), n % 12)
        for n in range(2 * CHUNK + 1)
    ]
    for number, person in enumerate(changed(listed)):
        (account,) = person.state.accounts.values()
        np.testing.assert_array_equal(np.frombuffer(account.long, np.float32), VECTORS[number % 12])


@settings(deadline=None)
@given(st.lists(st.integers(-1, 11), min_size=1, max_size=9))
def test_a_direction_is_the_same_in_any_company_and_a_missing_one_stays_empty(rows):
    sums = [VECTORS[row].tobytes() if row >= 0 else b"" for row in rows]
    assert unit_vectors(sums) == [unit_vector([(raw, 1.0)]) for raw in sums]


def test_sums_that_cancel_out_have_no_direction():
    assert unit_rows(np.stack([np.zeros(DIM, np.float32), VECTORS[0]]))[0] == b""
    assert unit_vector([(VECTORS[0].tobytes(), 1.0), (VECTORS[0].tobytes(), -1.0)]) == b""
    assert unit_rows(np.zeros((0, DIM), np.float32)) == []
