"""Content counts as much as it foretells, measured through the code that serves."""

from __future__ import annotations

import numpy as np
import pytest

from index.factory import build_index
from streams.domain.decay import DAY_S
from streams.domain.events import Item
from streams.domain.folding import FoldRules
from streams.domain.profiles import Model
from streams.domain.publishing import PublishRules
from streams.ranking.online import Touches
from streams.ranking.replays import Items, ranker_over
from streams.ranking.state import Bounds
from streams.training.content_replay import ContentReplay
from streams.training.content_weight import WEIGHTS, Asked, ask, choose, figures_of, requests_of
from streams.training.replayed_profiles import LoggedItems, Space, Worker
from streams.training.touches import TouchLog

MODEL = Model("axes", "1", 4)
#: Items 0-2 mean one thing, 3-5 another; 5 is on another platform.
VECTORS = np.repeat(np.eye(4, dtype=np.float32)[:2], 3, axis=0)
PLATFORMS = ["shop"] * 5 + ["video"]


def a_replay() -> ContentReplay:
    items = LoggedItems([Item(str(row), title=f"t{row}") for row in range(6)], PLATFORMS)
    worker = Worker(VECTORS, FoldRules(dim=4, weight_of=lambda _: 1.0), PublishRules(MODEL, 2 * DAY_S, 60 * DAY_S))
    turned = np.roll(VECTORS, 1, axis=1)
    return ContentReplay(
        items,
        worker,
        {
            "frozen": Space(VECTORS, lambda vectors: vectors, 0.0, build_index("exact", 4)),
            "adapted": Space(turned, lambda vectors: np.roll(vectors, 1, axis=1), 0.0, build_index("exact", 4)),
        },
    )


def touched(*items: int, user: int = 7, day: float = 1.0) -> Touches:
    n = len(items)
    return Touches(np.full(n, user), np.array(items), day * DAY_S, np.ones(n))


def said(replay: ContentReplay, platform: str = "shop", user: int = 7) -> dict[int, float]:
    rows, scores = replay.scores(user, platform, 2.0 * DAY_S)["frozen"]
    return dict(zip(rows.tolist(), scores.tolist(), strict=True))


@pytest.mark.requirement("K1", "K9")
def test_what_is_like_what_somebody_took_to_scores_high_and_what_they_had_is_left_out() -> None:
    replay = a_replay()
    replay.observe(touched(0))
    scores = said(replay)
    assert scores.keys() == {1, 2, 3, 4}
    assert min(scores[1], scores[2]) > 0.8 > 0.3 > max(scores[3], scores[4])


@pytest.mark.requirement("K2")
def test_an_interest_holds_on_another_platform() -> None:
    replay = a_replay()
    replay.observe(touched(3))
    assert said(replay, platform="video")[5] > 0.8


def test_nothing_is_said_of_somebody_unknown() -> None:
    assert said(a_replay(), user=1) == {}


@pytest.mark.requirement("D11")
def test_a_space_that_only_turns_everything_says_the_same() -> None:
    replay = a_replay()
    replay.observe(touched(0, 4))
    found = replay.scores(7, "shop", 2.0 * DAY_S)
    assert found["frozen"][0].tolist() == found["adapted"][0].tolist()
    np.testing.assert_allclose(found["frozen"][1], found["adapted"][1], atol=1e-3)


def test_requests_are_asked_as_of_just_before_what_was_taken() -> None:
    users, items, days = np.array([[0, 0, 1], [1, 1, 2], [0, 1, 3], [0, 2, 3]]).T
    log = TouchLog(users, items, days * DAY_S, np.ones(4))
    ranker = ranker_over(Items([""] * 6, np.array([0] * 5 + [1]), 2), 2, Bounds())
    asked = ask(log, np.array([0, 2]), ranker, a_replay())["frozen"]
    # Nothing had happened before the first, and item 2, taken at the same time, is no candidate of the second.
    assert (asked[0].taken, len(asked[0].scores)) == (-1, 0)
    assert len(asked[1].content) == 3
    assert asked[1].taken >= 0
    assert asked[1].content[asked[1].taken] > 0.8


def test_one_request_a_person_and_time_is_drawn_from_the_later_part() -> None:
    users, days = np.array([0, 0, 1, 0, 0]), np.array([1.0, 2.0, 2.0, 2.0, 3.0])
    log = TouchLog(users, np.arange(5), days * DAY_S, np.ones(5))
    rows = requests_of(log, from_s=2.0 * DAY_S, seed=0)
    assert len(rows) == 3
    assert set(rows.tolist()) in ({1, 2, 4}, {2, 3, 4})


def made_up(n: int, tells: float) -> list[Asked]:
    """Requests in which what was taken has the greatest content score in that share of the cases."""
    random = np.random.default_rng(0)
    requests = []
    for at in range(n):
        content = random.random(40).astype(np.float32)
        taken = int(content.argmax()) if at < tells * n else int(random.integers(0, 40))
        requests.append(Asked(random.normal(size=40).astype(np.float32), content, taken))
    random.shuffle(requests)
    return requests


@pytest.mark.requirement("K9")
def test_content_counts_more_where_it_foretells_more() -> None:
    choices = choose({"telling": made_up(400, 0.9), "idle": made_up(400, 0.0)}, n_items=100)
    assert choices["telling"].weight > 4.0
    assert choices["idle"].weight == min(WEIGHTS)
    telling = choices["telling"]
    assert telling.chosen.hr10 > telling.without.hr10
    assert telling.chosen.loss < telling.without.loss


def test_a_request_whose_item_was_no_candidate_is_a_miss_and_as_good_as_a_guess() -> None:
    hit = Asked(np.array([1.0, 0.0], np.float32), np.zeros(2, np.float32), 0)
    missed = Asked(np.zeros(2, np.float32), np.zeros(2, np.float32), -1)
    alone, both = figures_of([hit], 1.0, n_items=100), figures_of([hit, missed], 1.0, n_items=100)
    assert both.loss == pytest.approx((alone.loss + np.log(100)) / 2, abs=1e-4)
    assert (alone.hr10, both.hr10, both.ndcg10) == (1.0, 0.5, 0.5)


def test_ties_count_against_what_was_taken() -> None:
    flat = Asked(np.zeros(30, np.float32), np.zeros(30, np.float32), 0)
    assert figures_of([flat], 1.0, n_items=100).hr10 == 0.0
