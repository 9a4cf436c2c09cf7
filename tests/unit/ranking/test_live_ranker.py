from __future__ import annotations

import pytest

from streams.domain.decay import DAY_S
from streams.ranking.features import FEATURES
from streams.ranking.live import LiveRanker, Question, Touch
from streams.ranking.reranker_files import packaged
from streams.ranking.state import Bounds

NOW_S = 100 * DAY_S


def live(touches, bounds: Bounds | None = None, persons=()) -> LiveRanker:
    ranker = LiveRanker(packaged(), bounds)
    ranker.observe([Touch(account, item, day * DAY_S) for account, item, day in touches])
    ranker.link(persons)
    return ranker


def asked(ranker: LiveRanker, *accounts: str, platform: str = "video", **more) -> list[str]:
    return [scored.item for scored in ranker.rank(Question(accounts, platform, NOW_S, **more), 10)]


# Runners buy shoes and then watch the race; one cook watches the soup. An account acts on one platform.
RUNNERS = [(f"runner-{n}-{item[:4]}", item, 90.0 + n) for n in range(6) for item in ("shop:shoe", "video:race")]
COOKS = [("cook-shop", "shop:pan", 95.0), ("cook-vide", "video:soup", 96.0), ("me-shop", "shop:shoe", 98.0)]
PERSONS = [(f"{who}-shop", f"{who}-vide") for who in ["cook", *(f"runner-{n}" for n in range(6))]]


def parts_of_the_best(ranker: LiveRanker):
    (parts,) = ranker.explained("video", ranker.rank(Question(("me-shop",), "video", NOW_S), 1))
    return parts


@pytest.mark.requirement("K2", "K4")
def test_people_who_share_taste_on_one_platform_recommend_on_another() -> None:
    ranker = live(RUNNERS + COOKS, persons=PERSONS)
    assert transferred(ranker)["video:race"] > transferred(ranker)["video:soup"]
    assert asked(ranker, "me-shop")[0] == "video:race"


@pytest.mark.requirement("B3")
def test_people_whose_accounts_are_not_linked_any_more_carry_nothing_across() -> None:
    ranker = live(RUNNERS + COOKS, persons=PERSONS)
    ranker.link([[account] for person in PERSONS for account in person])
    assert transferred(ranker)["video:race"] == transferred(ranker)["video:soup"]


def transferred(ranker: LiveRanker) -> dict[str, float]:
    """What is said of each item by what others with this person's items took to."""
    at = FEATURES.index("co_visit_transfer")
    scored = ranker.rank(Question(("me-shop",), "video", NOW_S), 10)
    return {each.item: float(each.features[at]) for each in scored}


def test_an_account_that_is_linked_brings_its_history_and_takes_it_away_again() -> None:
    ranker = live([*RUNNERS, *COOKS, ("me-video", "video:race", 99.0)])
    assert "video:race" in asked(ranker, "me-shop")
    # What one's own other account has had does not come again, and links leave no trace.
    assert "video:race" not in asked(ranker, "me-shop", "me-video")
    assert "video:race" in asked(ranker, "me-shop")


def test_ones_own_accounts_are_no_neighbours() -> None:
    ranker = live([("me-shop", "shop:shoe", 98.0), ("me-old", "shop:shoe", 97.0), ("me-old", "video:race", 98.0)])
    parts = parts_of_the_best(ranker)
    assert set(parts) >= {"people who took to the same things took to it"}
    assert asked(ranker, "me-shop", "me-old") == []


@pytest.mark.requirement("N8")
def test_a_forgotten_account_is_as_if_it_had_never_been_a_neighbour() -> None:
    ranker = live([("me-shop", "shop:shoe", 98.0), ("other", "shop:shoe", 97.0), ("other", "video:race", 98.0)])
    known = parts_of_the_best(ranker)
    ranker.forget(["other", "nobody"])
    forgotten = parts_of_the_best(ranker)
    assert (
        known["people who took to the same things took to it"]
        != forgotten["people who took to the same things took to it"]
    )
    assert asked(ranker, "other") == asked(ranker, "somebody new")


@pytest.mark.requirement("K6")
def test_an_item_nobody_took_to_yet_comes_by_its_content() -> None:
    ranker = live(RUNNERS + COOKS)
    ranker.put_items({"video:new": "a new trail race"})
    assert "video:new" not in asked(ranker, "me-shop")
    assert "video:new" in asked(ranker, "me-shop", content={"video:new": 0.8})


def test_closeness_counts_beside_behaviour() -> None:
    ranker = live(RUNNERS + COOKS)
    near = {
        scored.item: scored
        for scored in ranker.rank(Question(("me-shop",), "video", NOW_S, content={"video:soup": 0.5}), 5)
    }
    far = {scored.item: scored for scored in ranker.rank(Question(("me-shop",), "video", NOW_S), 5)}
    (parts,) = ranker.explained("video", [near["video:soup"]])
    said = parts["closeness to the interests of this person"]
    assert near["video:soup"].score - far["video:soup"].score == pytest.approx(said)


def test_what_is_excluded_or_removed_does_not_come() -> None:
    ranker = live(RUNNERS + COOKS)
    assert asked(ranker, "me-shop", exclude={"video:race", "video:unheard-of"}) == ["video:soup"]
    ranker.remove_items(["video:race"])
    assert asked(ranker, "me-shop") == ["video:soup"]


def test_a_platform_without_behaviour_has_nothing_to_recommend() -> None:
    assert asked(live(RUNNERS), "me-shop", platform="music") == []


def test_a_person_of_whom_nothing_is_known_gets_what_runs_hot() -> None:
    assert asked(live(RUNNERS + COOKS), "stranger") == ["video:race", "video:soup"]


def test_memory_is_bounded_and_the_idle_go_first() -> None:
    ranker = live([(f"account-{n}", f"video:{n}", float(n)) for n in range(40)], Bounds(max_items=20, max_users=30))
    for n in range(40, 60):
        ranker.observe([Touch(f"account-{n}", f"video:{n}", n * DAY_S)])
    assert len(ranker._items) <= 20
    assert len(ranker._accounts) <= 30
    assert ranker._items.find("video:59") >= 0
    assert ranker._items.find("video:0") < 0
