from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.decay import DAY_S
from streams.ranking.feedback import KINDS, PAGE, Answer, Feedback, MemoryBounds, ServedLists, Shown

NOON_S = 100.5 * DAY_S


def answer(*accounts: str, at_s: float = NOON_S, n: int = 20, first: int = 0, platform: str = "shop") -> Answer:
    items = [f"{platform}:{at}" for at in range(first, first + n)]
    return Answer(accounts, platform, at_s, items, [(float(at), 0.5) for at in range(n)])


def clicked(*accounts: str, item: str = "shop:3", at_s: float = NOON_S + 60.0, kind="clicked") -> Feedback:
    return Feedback(accounts, item, kind, at_s)


def remembering(*answers: Answer, bounds: MemoryBounds | None = None) -> ServedLists:
    lists = ServedLists(bounds)
    for each in answers:
        lists.keep(each)
    return lists


@pytest.mark.requirement("K8")
def test_feedback_meets_the_list_that_it_is_about() -> None:
    lesson = remembering(answer("me"), answer("you", first=100)).lesson(clicked("me"))
    assert lesson is not None
    assert (lesson.platform, lesson.place) == ("shop", 3)
    assert lesson.sources[:, 0].tolist() == list(range(PAGE))


@pytest.mark.parametrize(
    "said",
    [
        clicked("somebody else"),
        clicked("me", item="shop:99"),
        clicked("me", at_s=NOON_S - 1.0),
        clicked("me", at_s=NOON_S + 1.1 * DAY_S),
    ],
    ids=["of nobody who asked", "about what was not answered", "before the answer", "a day later"],
)
@pytest.mark.requirement("K8")
def test_other_feedback_teaches_nothing(said) -> None:
    assert remembering(answer("me")).lesson(said) is None


def test_a_person_is_all_their_accounts_whichever_asked() -> None:
    assert remembering(answer("shop-me")).lesson(clicked("video-me", "shop-me")) is not None
    assert remembering(answer("shop-me", "video-me")).lesson(clicked("video-me")) is not None


def test_the_latest_list_that_held_the_item_is_meant() -> None:
    lists = remembering(
        answer("me"), answer("me", at_s=NOON_S + 10.0, first=3), answer("me", at_s=NOON_S + 20.0, first=50)
    )
    lesson = lists.lesson(clicked("me"))
    assert lesson is not None
    assert lesson.place == 0


@pytest.mark.requirement("K8")
def test_what_was_shown_is_compared_and_without_a_word_of_it_a_page() -> None:
    def n_compared(n_shown: int, item: str) -> int:
        lists = remembering(answer("me"))
        assert lists.show(Shown(("me",), "shop", n_shown, NOON_S + 5.0))
        lesson = lists.lesson(clicked("me", item=item))
        assert lesson is not None
        return len(lesson.sources)

    assert n_compared(0, "shop:3") == PAGE
    assert n_compared(5, "shop:3") == 5
    assert n_compared(5, "shop:7") == 8  # it was taken, so it was shown
    assert n_compared(1_000, "shop:3") == 20


def test_what_was_shown_elsewhere_meets_no_list() -> None:
    assert not remembering(answer("me")).show(Shown(("me",), "video", 5, NOON_S + 5.0))
    assert not remembering(answer("me")).show(Shown(("you",), "shop", 5, NOON_S + 5.0))


@pytest.mark.requirement("N6")
def test_a_list_teaches_once_a_kind() -> None:
    lists = remembering(answer("me"))
    said = [clicked("me", item=f"shop:{at}", kind=kind) for kind in KINDS for at in (3, 4, 5)]
    assert sum(lists.lesson(each) is not None for each in said) == len(KINDS)


@pytest.mark.requirement("N6")
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5), st.sampled_from(KINDS)), max_size=60))
def test_an_account_teaches_a_bounded_number_of_times_a_day(flood) -> None:
    bounds = MemoryBounds(lessons_a_day=3)
    lists = remembering(*(answer("me", at_s=NOON_S + at, first=10 * at, n=10) for at in range(6)), bounds=bounds)
    taught = [
        lists.lesson(clicked("me", item=f"shop:{10 * of}", at_s=NOON_S + hours * 1_400.0, kind=kind))
        for hours, of, kind in flood
    ]
    # What a list was told may come within the day that follows: on two days by the clock.
    assert sum(lesson is not None for lesson in taught) <= 2 * bounds.lessons_a_day


@pytest.mark.requirement("N8")
def test_of_forgotten_accounts_nothing_is_left() -> None:
    lists = remembering(answer("me", "mine"), answer("you"))
    lists.forget(["mine", "nobody"])
    assert len(lists) == 1
    assert lists.lesson(clicked("me")) is None
    assert lists.lesson(clicked("you")) is not None
    assert "me" not in lists._of


def test_the_memory_is_bounded_in_lists_places_and_time() -> None:
    lists = remembering(*(answer(f"p{at}") for at in range(9)), bounds=MemoryBounds(max_lists=4, places=6))
    assert len(lists) == 4
    assert list(lists._of) == ["p5", "p6", "p7", "p8"]
    assert lists.lesson(clicked("p8", item="shop:7")) is None
    lists.keep(answer("late", at_s=NOON_S + 2 * DAY_S))
    assert len(lists) == 1
    assert list(lists._of) == ["late"]


@pytest.mark.requirement("N6")
def test_who_asks_again_and_again_pushes_out_their_own_lists_and_nobody_elses() -> None:
    flood = [answer("me", "mine", at_s=NOON_S + at) for at in range(9)]
    lists = remembering(answer("you"), *flood, bounds=MemoryBounds(max_lists=6, lists_an_account=3))
    assert len(lists) == 4
    assert lists.lesson(clicked("you")) is not None
    assert lists.lesson(clicked("mine")) is not None


def test_an_account_that_is_named_twice_is_one() -> None:
    lists = remembering(answer("me", "me"))
    lists.forget(["me"])
    assert len(lists) == 0


def test_a_list_of_one_and_a_list_for_nobody_are_not_kept() -> None:
    assert len(remembering(answer("me", n=1), answer())) == 0
