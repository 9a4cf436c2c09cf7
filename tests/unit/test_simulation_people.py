from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.domain.platforms import BUILT_IN
from streams.simulation import Interest, Simulation
from streams.simulation.people import DAY_S, HISTORY_S, RAMP_S

NOW_S = 1_700_000_000.0
PEOPLE = Simulation(seed=7, now_s=NOW_S).people


def test_everybody_has_accounts_on_two_or_three_platforms_and_all_seven_have_people() -> None:
    assert len(PEOPLE) == 240
    assert {len(person.accounts) for person in PEOPLE} == {2, 3}
    assert {platform for person in PEOPLE for platform in person.accounts} == set(BUILT_IN)


def test_no_raw_id_is_used_twice_on_a_platform_or_by_one_person() -> None:
    accounts = [account for person in PEOPLE for account in person.accounts.items()]
    assert len(set(accounts)) == len(accounts)
    assert all(len(set(person.accounts.values())) == len(person.accounts) for person in PEOPLE)


def test_most_people_are_known_to_a_provider_or_by_a_common_id_and_some_to_nobody() -> None:
    linked, shared = (sum(bool(said) for said in told) for told in zip(*((p.is_linked, p.userid) for p in PEOPLE), strict=True))
    unknown = [person for person in PEOPLE if not person.is_known]
    assert linked > shared > len(unknown) >= 2
    assert linked + shared + len(unknown) == len(PEOPLE)
    assert len({person.userid for person in PEOPLE if person.userid}) == shared
    assert PEOPLE[-1] in unknown


def test_everybody_cares_about_something_at_any_time_and_dislikes_something_else() -> None:
    topics = set(Simulation(seed=7, now_s=NOW_S).topics)
    for person in PEOPLE:
        assert 1 <= len(person.interests) <= 3
        assert {interest.topic for interest in person.interests} <= topics
        assert person.dislike not in {interest.topic for interest in person.interests}
        for days in range(15):
            assert person.strengths_at(NOW_S - days * DAY_S)


def test_some_interests_end_and_some_begin_within_the_history() -> None:
    began_s, now_s = NOW_S - HISTORY_S, NOW_S
    interests = [interest for person in PEOPLE for interest in person.interests]
    assert sum(interest.strength_at(began_s) > 0 == interest.strength_at(now_s) for interest in interests) >= 10
    assert sum(interest.strength_at(now_s) > 0 == interest.strength_at(began_s) for interest in interests) >= 10


def test_there_are_readers_of_english_of_chinese_and_of_both() -> None:
    shares = [person.chinese_share for person in PEOPLE]
    assert any(share > 0.8 for share in shares)
    assert any(share < 0.1 for share in shares)
    assert 0.5 in shares


def test_the_story_has_a_chinese_reader_a_person_of_three_platforms_and_a_changed_mind() -> None:
    chinese, runner, convert = Simulation(seed=3, now_s=NOW_S).story()
    assert chinese.chinese_share == 1.0
    assert len(runner.accounts) == 3
    assert [chinese.is_known, runner.is_known, convert.is_known] == [True, False, True]
    assert next(iter(convert.strengths_at(NOW_S - 10 * DAY_S))) == "jazz"
    assert list(convert.strengths_at(NOW_S)) == ["coffee"]


@given(
    strength=st.floats(0.1, 10), length_s=st.floats(2.5 * RAMP_S, 100 * DAY_S), share=st.floats(-1, 2), step_s=st.floats(0, 60)
)
def test_an_interest_is_bounded_by_its_strength_nothing_outside_its_time_and_never_jumps(
    strength: float, length_s: float, share: float, step_s: float
) -> None:
    interest = Interest("jazz", strength, 0.0, length_s)
    at_s = share * length_s
    assert 0 <= interest.strength_at(at_s) <= strength
    assert (interest.strength_at(at_s) > 0) == (0 < at_s < length_s)
    assert abs(interest.strength_at(at_s + step_s) - interest.strength_at(at_s)) <= strength * step_s / RAMP_S + 1e-9
