"""The ranker that answered learns from what became of it."""

from __future__ import annotations

import pytest

from streams.ranking.feedback import Answer, Feedback, Shown
from streams.ranking.live import BEHAVIOUR, CLOSENESS, LiveRanker, Question, Touch
from streams.ranking.model_files import PACKAGED_CONTENT_WEIGHT
from streams.ranking.reranker_files import packaged
from tests.support.takers import NOW_S, START, Taking

N_LEARNING, N_AFTER = 300, 400


@pytest.mark.requirement("K8")
@pytest.mark.parametrize(("reason", "gain"), [("closeness", 0.15), ("crowd", 0.04)])
def test_what_people_want_is_shown_more_often_than_with_frozen_weights(reason, gain) -> None:
    learning, frozen = Taking("shop", reason), Taking("shop", reason, learns=False)
    for people in (learning, frozen):
        people.hit_rate(N_LEARNING)
    assert learning.hit_rate(N_AFTER) > frozen.hit_rate(N_AFTER) + gain
    assert frozen.ranker.weights() == {}


@pytest.mark.requirement("K8")
def test_two_crowds_on_two_platforms_pull_their_own_way_on_one_ranker() -> None:
    near = Taking("shop", "closeness")
    crowd = Taking("video", "crowd", ranker=near.ranker)
    for _ in range(20):
        near.hit_rate(15)
        crowd.hit_rate(15)
    shop, video = (near.ranker.weights()[platform] for platform in ("shop", "video"))
    assert shop[CLOSENESS] > 1.3 * START > 1.3 * 1.3 * video[CLOSENESS]
    assert shop[BEHAVIOUR] < 1.0 < video[BEHAVIOUR]


def ranked(ranker: LiveRanker, account: str = "me"):
    question = Question((account,), "video", NOW_S, content={"video:b": 0.1, "video:c": 0.9})
    return ranker.rank(question, 10)


def started() -> LiveRanker:
    ranker = LiveRanker(packaged())
    ranker.put_items({f"video:{name}": name for name in "abc"})
    ranker.observe([Touch(f"p{n}", f"video:{name}", NOW_S - 9_000.0 + n) for n in range(4) for name in "ab"])
    return ranker


def answer_to(ranker: LiveRanker, account: str = "me") -> None:
    found = ranked(ranker, account)
    ranker.answered(Answer((account,), "video", NOW_S, [each.item for each in found], [each.sources for each in found]))


def take(ranker: LiveRanker, account: str = "me", item: str = "video:c", kind="clicked") -> list[Feedback]:
    return ranker.feedback([Feedback((account,), item, kind, NOW_S + 5.0)])


def test_a_score_is_its_sources_times_their_weights_and_the_reason_says_so() -> None:
    ranker = started()
    answer_to(ranker)
    take(ranker)
    weights = ranker.weights()["video"]
    found = ranked(ranker)
    for each, parts in zip(found, ranker.explained("video", found), strict=True):
        behaviour, closeness = each.sources
        assert each.score == pytest.approx(weights[BEHAVIOUR] * behaviour + weights[CLOSENESS] * closeness)
        told = parts["closeness to the interests of this person"]
        assert told == pytest.approx(weights[CLOSENESS] * closeness)


@pytest.mark.requirement("K8")
def test_feedback_of_nobody_who_was_answered_changes_nothing() -> None:
    ranker = started()
    answer_to(ranker)
    before = ranked(ranker)
    assert take(ranker, "somebody else") == []
    assert ranker.shown([Shown(("somebody else",), "video", 3, NOW_S + 1.0)]) == []
    assert ranked(ranker) == before
    assert ranker.weights() == {}


@pytest.mark.requirement("N8")
@pytest.mark.parametrize(
    "forget", [lambda ranker: ranker.forget(["me"]), lambda ranker: ranker.clear()], ids=["erased", "cleared"]
)
def test_the_erased_teach_nothing_more(forget) -> None:
    ranker = started()
    answer_to(ranker)
    forget(ranker)
    assert take(ranker) == []


def test_a_cleared_ranker_keeps_its_items_and_takes_behaviour_in_anew() -> None:
    ranker, empty, fresh = started(), started(), started()
    empty.clear()
    assert {each.item for each in ranked(empty)} == {"video:b", "video:c"}  # by content: nobody did anything
    ranker.clear()
    ranker.observe([Touch(f"p{n}", f"video:{name}", NOW_S - 9_000.0 + n) for n in range(4) for name in "ab"])
    assert ranked(ranker) == ranked(fresh)


@pytest.mark.requirement("K8")
def test_what_was_learnt_outlives_the_process_but_not_the_space() -> None:
    ranker, again, elsewhere = started(), started(), started()
    ranker.use(packaged(), PACKAGED_CONTENT_WEIGHT, "this")
    again.use(packaged(), PACKAGED_CONTENT_WEIGHT, "this")
    elsewhere.use(packaged(), PACKAGED_CONTENT_WEIGHT, "other")
    answer_to(ranker)
    take(ranker)
    assert again.restore(ranker.learnt())
    assert again.weights() == ranker.weights()
    assert not elsewhere.restore(ranker.learnt())
    assert elsewhere.weights() == {}


@pytest.mark.requirement("D11")
def test_another_model_begins_anew_with_its_own_content_weight() -> None:
    ranker = started()
    answer_to(ranker)
    take(ranker)
    ranker.use(packaged()[:1], 2.0, "other")
    assert ranker.weights() == {}
    assert take(ranker, kind="bought") == []  # the answer was another model's
    found = ranked(ranker)
    by_item = {each.item: parts for each, parts in zip(found, ranker.explained("video", found), strict=True)}
    assert by_item["video:c"]["closeness to the interests of this person"] == pytest.approx(2.0 * 0.9)


def test_a_dismissed_item_pulls_the_other_way_than_a_taken_one() -> None:
    took, refused = started(), started()
    for ranker, kind in ((took, "clicked"), (refused, "dismissed")):
        answer_to(ranker)
        take(ranker, kind=kind)
    assert refused.weights()["video"][CLOSENESS] < PACKAGED_CONTENT_WEIGHT < took.weights()["video"][CLOSENESS]
