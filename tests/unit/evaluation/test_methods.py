"""The simple methods: known answers by hand, and each against its slow obvious twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from streams.evaluation.logs import Log
from streams.evaluation.methods.blend import Blend
from streams.evaluation.methods.histories import Fading
from streams.evaluation.methods.item_knn import ItemKnn
from streams.evaluation.methods.popularity import AtRandom, FadingPopularity, Popularity
from streams.evaluation.methods.port import Method, Ranking
from streams.evaluation.methods.same_platform import SamePlatform
from streams.evaluation.methods.title_words import TitleWords
from streams.evaluation.methods.transitions import Transitions
from streams.evaluation.words import item_words
from tests.support.small_logs import DAY_S, a_catalogue, a_request, a_setting, a_step, logs

FOOD = a_catalogue(["food"] * 4 + ["kitchen"])


def scores_of(ranking: Ranking) -> dict[int, float]:
    assert ranking.scores is not None
    return dict(zip(ranking.items.tolist(), ranking.scores.tolist(), strict=True))


def told(method: Method, log: Log) -> Method:
    for row in range(len(log)):
        method.learn(log.step(slice(row, row + 1)))
    return method


def test_popularity_counts_events_of_the_platform_asked():
    method = Popularity(a_setting(FOOD), "popularity")
    method.learn(a_step((0, 1), (1, 1), (2, 3), (3, 4)))
    assert scores_of(method.rank(a_request(platform=0))[0]) == {1: 2.0, 3: 1.0}
    assert scores_of(method.rank(a_request(platform=1))[0]) == {4: 1.0}


def test_recent_popularity_forgets_what_is_older_than_its_window():
    method = Popularity(a_setting(FOOD), "recent", window_s=7 * DAY_S)
    method.learn(a_step((0, 1), day=0))
    method.learn(a_step((0, 2), day=1))
    assert scores_of(method.rank(a_request(day=7))[0]) == {1: 1.0, 2: 1.0}
    assert scores_of(method.rank(a_request(day=8))[0]) == {2: 1.0}


def test_fading_popularity_halves_after_a_half_life():
    method = FadingPopularity(a_setting(FOOD), "fading", half_life_s=7 * DAY_S)
    method.learn(a_step((0, 1), (1, 1), (2, 1), day=0))
    method.learn(a_step((0, 2), (1, 2), day=7))
    assert scores_of(method.rank(a_request(day=9))[0]) == pytest.approx({1: 1.5, 2: 2.0})


def test_nothing_is_known_at_random():
    assert len(AtRandom(a_setting(FOOD), "random").rank(a_request())[0].items) == 0


@given(log=logs())
def test_item_knn_is_the_cosine_of_the_columns_of_the_user_item_matrix(log):
    n_items = len(log.catalogue)
    taken = np.zeros((len(log.user_names), n_items))
    taken[log.users, log.items] = 1.0
    lengths = np.linalg.norm(taken, axis=0)
    lengths[lengths == 0] = 1.0
    cosines = (taken.T @ taken) / np.outer(lengths, lengths)
    np.fill_diagonal(cosines, 0.0)
    method = told(ItemKnn(a_setting(log.catalogue, 5), "item_knn", Fading()), log)
    for user in range(len(log.user_names)):
        expected = taken[user] @ cosines
        found = scores_of(method.rank(a_request(user, day=9))[0])
        assert found == pytest.approx({row: expected[row] for row in (0, 2, 4, 6) if expected[row] > 0})


def test_item_knn_pairs_only_what_lies_close_in_time():
    method = ItemKnn(a_setting(FOOD), "item_knn", Fading(), within_s=60 * DAY_S)
    for item, day in ((0, 0), (1, 60), (2, 121)):
        method.learn(a_step((0, item), day=day))
    method.learn(a_step((1, 1), day=121))
    assert set(scores_of(method.rank(a_request(1, day=122))[0])) == {0}


def test_a_history_fades_by_age_or_by_place():
    times_s = np.array([0.0, 90 * DAY_S])
    assert Fading(half_life_s=90 * DAY_S).weights(times_s, 90 * DAY_S).tolist() == [0.5, 1.0]
    assert Fading(per_step=0.8).weights(times_s, 0.0).tolist() == [0.8, 1.0]


def test_title_words_find_items_that_share_a_rare_word():
    titles = ["black tea", "green tea", "tea kettle", "rice", "tea pot"]
    method = TitleWords(a_setting(a_catalogue(["food"] * 4 + ["kitchen"], titles)), "tfidf", Fading())
    method.learn(a_step((0, 1)))
    found = scores_of(method.rank(a_request())[0])
    assert set(found) == {0, 1, 2}
    assert found[1] == pytest.approx(1.0)
    assert set(scores_of(method.rank(a_request(platform=1))[0])) == {4}


def test_a_word_counts_more_the_fewer_items_have_it():
    words = item_words(a_catalogue(["food"] * 3, ["tea rice", "tea rye", "tea oat"])).toarray()
    tea = np.flatnonzero((words > 0).all(axis=0))[0]
    assert words[0].max() > words[0, tea] > 0
    assert np.linalg.norm(words, axis=1) == pytest.approx(1.0)


def test_transitions_look_ahead_more_than_back():
    method = Transitions(a_setting(FOOD), "transitions")
    for item in (0, 1, 2):
        method.learn(a_step((0, item)))
    method.learn(a_step((1, 1)))
    assert scores_of(method.rank(a_request(1))[0]) == pytest.approx({2: 1.0, 0: 0.3})


def test_a_blend_adds_what_each_method_gives_relative_to_its_best():
    setting = a_setting(FOOD)
    method = Blend(setting, "blend", (Popularity(setting, "a"), FadingPopularity(setting, "b", 7 * DAY_S)))
    method.learn(a_step((0, 1), (1, 1), (2, 3), (3, 3), day=0))
    method.learn(a_step((0, 3), day=7))
    assert scores_of(method.rank(a_request(day=8))[0]) == pytest.approx({1: 2 / 3 + 1 / 2, 3: 2.0})


@pytest.mark.parametrize("make", [Popularity, AtRandom, Transitions])
def test_events_that_count_nothing_teach_nothing(make):
    method = make(a_setting(FOOD), "any")
    step = a_step((0, 1), (0, 2))
    method.learn(type(step)(step.users, step.items, step.times_s, np.array([-1.0, 0.0])))
    assert len(method.rank(a_request())[0].items) == 0


@pytest.mark.requirement("N1")
def test_a_single_platform_method_knows_nothing_of_the_other_platforms():
    two = a_catalogue(["food", "food", "kitchen", "kitchen"], ["tea", "rice", "tea pot", "tea cup"])
    method = SamePlatform(a_setting(two), "tfidf_same_platform", lambda setting: TitleWords(setting, "tfidf", Fading()))
    method.learn(a_step((0, 0)))
    assert len(method.rank(a_request(platform=1))[0].items) == 0
    method.learn(a_step((0, 2)))
    assert set(scores_of(method.rank(a_request(platform=1))[0])) == {2, 3}
    assert set(scores_of(method.rank(a_request(platform=0))[0])) == {0}
