from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.decay import decayed_sum
from streams.domain.newest import NewestItems
from streams.domain.popularity import Popularity

HALF_LIFE_S = 1_000.0
SIGHTINGS = st.lists(
    st.tuples(st.sampled_from(["shop:1", "shop:2", "news:1"]), st.floats(0, 20_000), st.floats(0.01, 100)),
    min_size=1,
    max_size=30,
)


def counted(sightings: list[tuple[str, float, float]]) -> Popularity:
    popularity = Popularity(HALF_LIFE_S)
    for key, at_s, weight in sightings:
        popularity.add(key, "", at_s, weight)
    return popularity


@given(SIGHTINGS, st.randoms(use_true_random=False))
def test_popularity_is_the_same_in_any_order(sightings, random) -> None:
    mixed = list(sightings)
    random.shuffle(mixed)
    for key in {key for key, _, _ in sightings}:
        there, here = counted(sightings).weight(key, 20_000), counted(mixed).weight(key, 20_000)
        assert there == pytest.approx(here, rel=1e-9)


@given(SIGHTINGS)
def test_popularity_is_the_decayed_sum(sightings) -> None:
    popularity = counted(sightings)
    for key in {key for key, _, _ in sightings}:
        slow = decayed_sum([(at_s, weight) for each, at_s, weight in sightings if each == key], HALF_LIFE_S)
        assert popularity.weight(key, 20_000) == pytest.approx(slow.at(20_000), rel=1e-6)


def test_decades_of_time_do_not_overflow() -> None:
    popularity = Popularity(half_life_s=3_600.0)
    popularity.add("shop:1", "", 0.0, 1.0)
    popularity.add("shop:1", "", 4e9, 1.0)
    assert popularity.weight("shop:1", 4e9) == pytest.approx(1.0)
    assert popularity.weight("shop:1", 0.0) > 1e100


def test_the_most_popular_come_first_and_equals_by_key() -> None:
    popularity = counted([("shop:b", 0.0, 1.0), ("shop:a", 0.0, 1.0), ("shop:c", 0.0, 5.0), ("news:a", 0.0, 9.0)])
    assert popularity.top("shop", None, 3) == ["shop:c", "shop:a", "shop:b"]
    assert popularity.top(None, None, 2, exclude={"shop:c"}) == ["news:a", "shop:a"]


def test_a_category_holds_only_its_own() -> None:
    popularity = Popularity()
    popularity.add("shop:1", "shoes", 0.0, 1.0)
    popularity.add("shop:2", "hats", 0.0, 2.0)
    assert popularity.top("shop", "shoes", 5) == ["shop:1"]


def test_beyond_its_bound_the_coldest_go() -> None:
    popularity = Popularity(HALF_LIFE_S, max_items=10)
    for number in range(11):
        popularity.add(f"shop:{number:02}", "", number * HALF_LIFE_S, 1.0)
    assert len(popularity) == 10
    assert popularity.entry("shop:00") is None


def test_what_nobody_took_to_is_refused() -> None:
    with pytest.raises(ValueError, match="weight = 0"):
        Popularity().add("shop:1", "", 0.0, 0.0)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 100)), max_size=80))
def test_the_newest_are_kept_whatever_came_between(drawn) -> None:
    newest, latest = NewestItems(max_items=5), {}
    for number, at_s in drawn:
        newest.add(f"shop:{number}", "shop", "", at_s)
        latest[f"shop:{number}"] = at_s
    found = newest.top("shop", None, 5)
    times = [latest[key] for key in found]
    assert times == sorted(times, reverse=True)
    if len(latest) <= 10:
        assert found == sorted(latest, key=lambda key: (-latest[key], key))[:5]
