"""Feedback comes back on a topic, through profiles, and moves the ranking that answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace as replaced

from streams.domain.profiles import Change, Consent, ProfileRecord
from streams.ranking.feedback import Answer, Feedback, Shown
from streams.ranking.live import CLOSENESS, LiveRanker, Question
from streams.ranking.model_files import PACKAGED_CONTENT_WEIGHT
from streams.ranking.reranker_files import packaged
from streams.serve.feedback_feed import FeedbackFeed
from streams.service.recommendations import Ask
from streams.telemetry import metrics
from tests.support.serving import NOON_S, Did, Town, opened, subject_items


class Told:
    """A ranker that remembers and learns from everything."""

    def __init__(self) -> None:
        self.views: list[Shown] = []
        self.said: list[Feedback] = []

    def shown(self, told: Sequence[Shown]) -> Sequence[Shown]:
        self.views += told
        return told

    def feedback(self, told: Sequence[Feedback]) -> Sequence[Feedback]:
        self.said += told
        return told

    def weights(self) -> Mapping[str, Mapping[str, float]]:
        return {"shop": {"behaviour": 0.5, "closeness": 6.0}}


def changes_of(town: Town, *deeds: Did) -> list[tuple[ProfileRecord | None, ProfileRecord]]:
    """What the profile stage publishes, pair by pair; the first deed only makes the person known."""
    profiles: list[ProfileRecord | None] = [None, *(town.live(deed) for deed in deeds)]
    return list(zip(profiles[:-1], (profile for profile in profiles[1:] if profile), strict=True))


def heard(changes, **defaults: bool) -> Told:
    told = Told()
    FeedbackFeed(told, **defaults).profiles_changed(changes)
    return told


@pytest.mark.requirement("K8")
@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("recommendation.clicked", "clicked"),
        ("wishlist.added", "liked"),
        ("order.completed", "bought"),
        ("recommendation.dismissed", "dismissed"),
    ],
)
def test_what_somebody_newly_did_with_an_item_is_feedback_of_its_kind(town: Town, what, kind) -> None:
    known, new = changes_of(
        town, Did("shop.wishlist.added", "shop:cooking-0", 1.0), Did(f"shop.{what}", "shop:cooking-1")
    )
    (said,) = heard([new]).said
    assert (said.kind, said.item, said.at_s) == (kind, "shop:cooking-1", NOON_S)
    assert said.accounts == (new[1].identity.accounts[0].account,)
    assert 0.0 < said.weight <= 1.0
    assert [said.item for said in heard([known]).said] == ["shop:cooking-0"]


@pytest.mark.requirement("K8")
def test_what_was_shown_is_told_as_a_number_of_places(town: Town) -> None:
    first = Did("shop.wishlist.added", "shop:cooking-0", 1.0)
    shown = [Did("shop.recommendation.shown", f"shop:cooking-{at}") for at in range(3)]
    before, _, _, after = changes_of(town, first, *shown)
    told = heard([(before[1], after[1])])
    assert [(each.platform, each.n) for each in told.views] == [("shop", 3)]
    assert told.said == []


@pytest.mark.requirement("N7", "K8")
@pytest.mark.parametrize(
    "refused",
    [
        {"personalised": False},
        {"consents": {"recommend": Consent("denied", NOON_S)}},
        {"consents": {"train": Consent("denied", NOON_S)}},
    ],
    ids=["personalisation", "recommend", "train"],
)
def test_who_does_not_want_to_be_chosen_for_or_learnt_from_teaches_nothing(town: Town, refused) -> None:
    ((before, after),) = changes_of(town, Did("shop.recommendation.clicked", "shop:cooking-1"))
    told = heard([(before, replaced(after, **refused))])
    assert (told.said, told.views) == ([], [])


def test_what_holds_while_nobody_said_anything_is_the_operators_choice(town: Town) -> None:
    changes = changes_of(town, Did("shop.recommendation.clicked", "shop:cooking-1"))
    assert heard(changes, train_default=False).said == []
    assert heard(changes, recommend_default=False).said == []


@pytest.mark.requirement("B3")
@pytest.mark.parametrize("kind", ["merge", "split", "erase", "expire", "reencode"])
def test_only_new_deeds_are_feedback_not_profiles_that_are_joined_parted_or_erased(town: Town, kind) -> None:
    ((_, after),) = changes_of(town, Did("shop.recommendation.clicked", "shop:cooking-1"))
    assert heard([(None, replaced(after, change=Change(kind, []))), (after, None)]).said == []


@pytest.mark.requirement("K8")
def test_a_click_on_an_answer_moves_the_weights_and_is_counted(town: Town) -> None:
    ranker = LiveRanker(packaged())
    feed = FeedbackFeed(ranker)
    keys = [f"shop:{subject}-{at}" for subject in ("cooking", "football") for at in range(3)]
    ranker.put_items(dict.fromkeys(keys, "item"))
    known = town.live(Did("shop.wishlist.added", "shop:gardening-0", days_ago=1.0))
    accounts = [account.account for account in known.identity.accounts]
    content = dict.fromkeys(keys, 0.1) | {"shop:cooking-2": 0.9}
    found = ranker.rank(Question(accounts, "shop", NOON_S - 60.0, content=content), 6)
    # Somebody whom the network puts elsewhere than the content does.
    sources = [(float(at), each.sources[1]) for at, each in enumerate(found)]
    ranker.answered(Answer(accounts, "shop", NOON_S - 60.0, [each.item for each in found], sources))
    counted = metrics.FEEDBACK.labels("clicked")._value.get()
    feed.profiles_changed([(known, town.live(Did("shop.recommendation.clicked", "shop:cooking-2")))])
    assert ranker.weights()["shop"][CLOSENESS] > PACKAGED_CONTENT_WEIGHT
    assert metrics.FEEDBACK.labels("clicked")._value.get() == counted + 1


def test_weights_can_be_read_as_metrics() -> None:
    FeedbackFeed(Told()).refresh_gauges()
    samples = next(iter(metrics.RANKING_WEIGHT.collect())).samples
    assert {(each.labels["platform"], each.labels["source"]): each.value for each in samples} == {
        ("shop", "behaviour"): 0.5,
        ("shop", "closeness"): 6.0,
    }


@pytest.mark.requirement("K8")
def test_a_click_on_what_was_recommended_moves_what_is_recommended_next(tmp_path: Path) -> None:
    for town in opened(tmp_path, ranker=LiveRanker(packaged())):
        town.publish_items(subject_items())
        for number in range(8):  # many take to football; ada cooks
            town.live(*(Did("shop.wishlist.added", f"shop:football-{at}", 1.0, person=f"p{number}") for at in range(3)))
        profile = town.live(Did("news.article.shared", "news:cooking-0", days_ago=1.0))
        asked_s = NOON_S - 60.0
        before = town.recommender.recommend("p", profile, Ask(platform="shop", k=6, diversity=0.0, explain=True), asked_s)
        closest = next(item for item in before.items if item.item_id.startswith("cooking"))
        town.live(Did("shop.recommendation.clicked", closest.key))
        assert town.ranker is not None
        assert set(town.ranker.weights()) == {"shop"}


@pytest.mark.requirement("K8", "N7")
def test_who_refuses_recommendations_is_no_neighbour_either(tmp_path: Path) -> None:
    for town in opened(tmp_path, ranker=LiveRanker(packaged())):
        town.publish_items(subject_items())
        other = town.live(*(Did("shop.wishlist.added", f"shop:{subject}-0", person="other") for subject in ("cooking", "football")))
        accounts = [account.account for account in other.identity.accounts]
        assert town.ranker is not None
        assert town.ranker._accounts.find(accounts[0]) >= 0
        denied = replaced(other, revision=other.revision + 1, consents={"recommend": Consent("denied", NOON_S)})
        town.publish_profile(denied)
        assert town.ranker._accounts.find(accounts[0]) < 0
        allowed = replaced(denied, revision=denied.revision + 1, consents={"recommend": Consent("granted", NOON_S)})
        town.publish_profile(allowed)
        assert town.ranker._accounts.find(accounts[0]) >= 0


def test_a_topic_that_was_made_anew_leaves_nobody_in_the_ranker(tmp_path: Path) -> None:
    for town in opened(tmp_path, ranker=LiveRanker(packaged())):
        town.publish_items(subject_items())
        town.live(Did("shop.wishlist.added", "shop:cooking-0"))
        town.profiles.clear()
        assert town.ranker is not None
        assert len(town.ranker._accounts) == 1  # the row of whoever asks
