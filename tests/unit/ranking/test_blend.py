from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.ranking.blend import Blend

STARTS = {"behaviour": 1.0, "closeness": 4.0}
VALUES = st.one_of(st.floats(-5.0, 5.0), st.sampled_from([0.0, 1e30, -1e30, inf, -inf, nan]))
LESSONS = st.lists(
    st.tuples(
        st.sampled_from(["shop", "video"]),
        st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=6),
        st.integers(0, 5),
        st.floats(-1.0, 1.0),
    ),
    max_size=60,
)


def taught(lessons, blend: Blend | None = None) -> Blend:
    blend = blend or Blend(STARTS)
    for platform, shown, taken, strength in lessons:
        blend.learn(platform, np.array(shown), taken % len(shown), strength)
    return blend


def relative(blend: Blend, platform: str = "shop") -> np.ndarray:
    return blend.weights(platform) / np.array(list(STARTS.values()))


def lists_where_one_is_near(n: int, seed: int = 0):
    """Lists of ten whose sources have nothing to do with each other, and the place of the one nearest in content."""
    random = np.random.default_rng(seed)
    for _ in range(n):
        shown = np.stack([random.standard_normal(10), random.random(10)], axis=1)
        yield shown, int(shown[:, 1].argmax())


@pytest.mark.requirement("K8", "N6")
@given(LESSONS)
def test_weights_stay_within_four_times_of_where_they_began_whatever_comes(lessons) -> None:
    blend = taught(lessons)
    for platform in ("shop", "video", "never heard of"):
        assert relative(blend, platform).mean() == pytest.approx(1.0)
        assert np.all(relative(blend, platform) >= 0.25 - 1e-9)
        assert np.all(relative(blend, platform) <= 4.0 + 1e-9)


@pytest.mark.requirement("N6")
@given(LESSONS, LESSONS)
def test_one_lesson_moves_a_weight_by_a_bounded_part(lessons, more) -> None:
    blend = taught(lessons)
    for lesson in more:
        before = relative(blend, lesson[0])
        after = relative(taught([lesson], blend), lesson[0])
        # A share moves by 0.05, a sixth of it in what platforms share, and the pull of 0.2 %; two shares, either way.
        assert np.all(np.abs(np.log(after / before)) < 0.15)


@given(LESSONS)
def test_the_same_lessons_give_the_same_weights(lessons) -> None:
    assert taught(lessons).to_bytes() == taught(lessons).to_bytes()


@given(LESSONS)
def test_weights_outlive_the_process(lessons) -> None:
    blend, again = taught(lessons), Blend(STARTS)
    assert again.restore(blend.to_bytes())
    for platform in ("shop", "video", "never heard of"):
        np.testing.assert_allclose(again.weights(platform), blend.weights(platform))
    assert again.by_platform().keys() == blend.by_platform().keys()


@given(LESSONS, st.binary(max_size=40))
def test_what_is_of_another_space_or_damaged_changes_nothing(lessons, damage) -> None:
    known, blend = taught(lessons), taught(lessons)
    elsewhere = Blend(STARTS, space="another model")
    other_sources = Blend({"closeness": 4.0, "behaviour": 1.0})
    for raw in (elsewhere.to_bytes(), other_sources.to_bytes(), damage, known.to_bytes()[:-3], _with_nan(known)):
        assert not blend.restore(raw)
        assert blend.to_bytes() == known.to_bytes()


def test_damage_that_can_be_read_stays_within_the_bounds() -> None:
    blend = Blend(STARTS)
    assert blend.restore(blend.to_bytes().replace(b"0.0,0.0", b"900.0,-900.0"))
    np.testing.assert_allclose(relative(blend), [1.75, 0.25])


@pytest.mark.requirement("K8")
@pytest.mark.parametrize("wanted", [1.0, -1.0])
def test_people_who_take_what_is_near_raise_its_weight_and_people_who_refuse_it_lower_it(wanted) -> None:
    blend = Blend(STARTS)
    for shown, nearest in lists_where_one_is_near(300):
        blend.learn("shop", shown, nearest, wanted)
    behaviour, closeness = relative(blend) ** wanted
    assert closeness > 1.3
    assert behaviour < 1 / 1.3


@pytest.mark.requirement("K8")
def test_people_who_take_at_random_leave_the_weights_about_where_they_began() -> None:
    blend = Blend(STARTS)
    for at, (shown, _) in enumerate(lists_where_one_is_near(3_000)):
        blend.learn("shop", shown, at % 10)
    assert np.all(np.abs(np.log2(relative(blend))) < 1.0)


def test_a_platform_learns_for_itself_and_a_little_for_the_others() -> None:
    blend = Blend(STARTS)
    for shown, nearest in lists_where_one_is_near(100):
        blend.learn("shop", shown, nearest)
    assert 1.0 < relative(blend, "video")[1] < relative(blend, "shop")[1]
    assert set(blend.by_platform()) == {"shop"}


def test_a_list_of_one_and_no_strength_teach_nothing() -> None:
    blend = taught([("shop", [(1.0, 1.0)], 0, 1.0), ("shop", [(1.0, 0.0), (0.0, 1.0)], 0, 0.0)])
    assert blend.by_platform() == {}


def test_a_source_that_counts_nothing_goes_on_counting_nothing() -> None:
    blend = Blend({"behaviour": 1.0, "closeness": 0.0})
    for shown, nearest in lists_where_one_is_near(50):
        blend.learn("shop", shown, nearest)
    assert blend.weights("shop")[1] == 0.0


def test_sources_need_names_and_weights() -> None:
    with pytest.raises(ValueError, match="at least one source"):
        Blend({})
    with pytest.raises(ValueError, match="at least 0"):
        Blend({"behaviour": -1.0})


def _with_nan(blend: Blend) -> bytes:
    return blend.to_bytes().replace(b'"shared":[', b'"shared":[null,')
