from __future__ import annotations

from math import log1p

import numpy as np
import pytest

from streams.domain.decay import DAY_S
from streams.ranking.behaviour import BehaviourLog
from streams.ranking.candidates import CandidateFinder
from streams.ranking.features import FEATURES, N_FEATURES
from streams.ranking.online import OnlineRanker, OnlineRules, Touches
from streams.ranking.ranker import Ranker
from streams.ranking.replays import PersonRanker
from streams.ranking.request_log import N_KEPT, RequestLog
from streams.ranking.titles import Titles

N_ITEMS, N_USERS = 12, 30
EAGER = OnlineRules(every_days=5, least_examples=20, n_learners=2)


def online(rules: OnlineRules = EAGER) -> OnlineRanker:
    log = BehaviourLog(1)
    log.place_items(np.arange(N_ITEMS), np.zeros(N_ITEMS, np.int32))
    return OnlineRanker(PersonRanker(Ranker(log, CandidateFinder(Titles())), N_USERS, 1), rules, seed=3)


def touches(day: float, *pairs: tuple[int, int]) -> Touches:
    users, items = (np.array(column) for column in zip(*pairs, strict=True))
    return Touches(users, items, day * DAY_S, np.ones(len(pairs)))


def days_of_random_touches(n_days: int, seed: int = 0) -> list[Touches]:
    random = np.random.default_rng(seed)
    return [
        touches(day, *zip(random.choice(N_USERS, 6, replace=False), random.integers(0, N_ITEMS, 6), strict=True))
        for day in range(n_days)
    ]


def test_an_example_is_described_as_of_before_it() -> None:
    ranker = online()
    ranker.take_in(touches(1, (0, 0), (1, 1)))
    # Three people take to item 0 on one day: none of the examples may know of the other two.
    ranker.take_in(touches(2, (2, 0), (3, 0), (4, 0)))
    examples = ranker.examples.latest(10)
    assert len(examples) == 3
    heat = examples[:, 0, FEATURES.index("touches")].astype(float)
    np.testing.assert_allclose(heat, log1p(1), rtol=1e-3)


def test_what_was_taken_together_is_no_alternative() -> None:
    ranker = online()
    ranker.take_in(touches(1, (0, 0), (1, 1), (2, 2)))
    ranker.take_in(touches(2, (5, 0), (5, 1)))
    [example] = ranker.examples.latest(10)
    # Of three hot items two were taken; what is left beside the one is the third.
    assert {row.tobytes() for row in example[1:]} == {example[1].tobytes()}


def test_it_begins_with_popularity_and_learns_when_it_is_due() -> None:
    ranker = online()
    for step in days_of_random_touches(4):
        ranker.take_in(step)
    assert ranker.ranker.rerankers == ()
    for step in days_of_random_touches(20):
        ranker.take_in(step)
    assert len(ranker.ranker.rerankers) == EAGER.n_learners


def test_the_same_calls_rank_the_same() -> None:
    scores = []
    for _ in range(2):
        ranker = online()
        for step in days_of_random_touches(15):
            ranker.take_in(step)
        scores.append(ranker.ranker.score(np.ones((3, N_FEATURES), np.float32)))
    np.testing.assert_array_equal(*scores)


def test_it_goes_on_from_the_rerankers_it_is_given() -> None:
    taught = online()
    for step in days_of_random_touches(20):
        taught.take_in(step)
    known = taught.ranker.rerankers
    again = online()
    again.ranker.rerankers = known
    going_on = OnlineRanker(again.people, EAGER)
    for at, reranker in enumerate(going_on.rerankers()):
        np.testing.assert_array_equal(reranker.weights[0], known[at].weights[0])


def test_the_log_keeps_the_latest_requests() -> None:
    log = RequestLog(max_requests=300)
    for n in range(700):
        log.add(np.full((5, N_FEATURES), float(n % 500), np.float32), taken=2)
    assert len(log) == 300
    assert log.latest(2)[:, 0, 0].tolist() == [198.0, 199.0]
    assert log.latest(1_000).shape == (300, N_KEPT, N_FEATURES)


def test_a_logged_request_holds_what_was_taken_first() -> None:
    log = RequestLog()
    log.add(np.arange(4)[:, None] * np.ones((4, N_FEATURES)), taken=2)
    places = log.latest(1)[0, :, 0]
    assert places[0] == 2
    assert set(places[1:].tolist()) == {0.0, 1.0, 3.0}


@pytest.mark.parametrize("text", ["", "…"])
def test_an_item_without_words_has_no_words(text) -> None:
    titles = Titles()
    titles.put([0], [text])
    assert titles.state.lengths[0] == 0
