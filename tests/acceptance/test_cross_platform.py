"""What a person does on two platforms decides what a platform that shows a bit of everything recommends to them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest

from streams.domain.profiles import ProfileRecord
from streams.ranking.live import LiveRanker
from streams.ranking.reranker_files import packaged
from streams.service.recommendations import Ask, Recommended
from tests.support.cross_platform import GOODS_ON_SOCIAL, SCENARIOS, SHOWN, VIDEO_ON_NEWS, Scenario, mixed_items
from tests.support.serving import NOON_S, SUBJECTS, Did, Town, opened

pytestmark = pytest.mark.requirement("K2")
EVERYTHING = 50
N_OF_A_KIND = 3  # about one subject, on one platform
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
every_subject = pytest.mark.parametrize("subject", SUBJECTS)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Content alone decides."""
    for town in opened(tmp_path):
        town.publish_items(mixed_items())
        yield town


@pytest.fixture
def busy_town(tmp_path: Path) -> Iterator[Town]:
    """What others did decides, too, by the learnt networks that Braid comes with."""
    for town in opened(tmp_path, ranker=LiveRanker(packaged())):
        town.publish_items(mixed_items())
        yield town


def recommended(town: Town, profile: ProfileRecord, platform: str, kind: str | None = None) -> list[Recommended]:
    answer = town.recommender.recommend("p", profile, Ask(platform, kind, EVERYTHING, diversity=0.0), NOON_S)
    assert not answer.cold_start
    return list(answer.items)


def subjects_of(items: list[Recommended]) -> list[str]:
    return [item.item_id.split("-")[1] for item in items]


@every_scenario
@every_subject
def test_the_related_ones_of_the_kind_lead(town: Town, scenario: Scenario, subject: str) -> None:
    profile = town.live(*scenario.done(subject))
    listed = recommended(town, profile, scenario.platform, scenario.kind)
    assert {(item.platform, item.category) for item in listed} == {(scenario.platform, scenario.kind)}
    assert subjects_of(listed)[:N_OF_A_KIND] == [subject] * N_OF_A_KIND
    assert len(listed) == N_OF_A_KIND * len(SUBJECTS)


@every_scenario
@every_subject
def test_in_the_whole_feed_nothing_unrelated_stands_before_them(town: Town, scenario: Scenario, subject: str) -> None:
    listed = recommended(town, town.live(*scenario.done(subject)), scenario.platform)
    is_related = [about == subject for about in subjects_of(listed)]
    assert is_related == sorted(is_related, reverse=True)
    related = [item.category for item in listed[: sum(is_related)]]
    assert related.count(scenario.kind) == N_OF_A_KIND
    assert set(related) == set(SHOWN[scenario.platform])


@pytest.mark.parametrize("scenario", [GOODS_ON_SOCIAL, VIDEO_ON_NEWS], ids=["goods-on-social", "video-on-news"])
@pytest.mark.parametrize(("one", "other", "neither"), list(permutations(SUBJECTS)))
def test_a_subject_on_each_platform_brings_both_before_a_third(
    town: Town, scenario: Scenario, one: str, other: str, neither: str
) -> None:
    profile = town.live(*scenario.done(one, other))
    listed = subjects_of(recommended(town, profile, scenario.platform, scenario.kind))
    assert max(listed.index(one), listed.index(other)) < listed.index(neither)


@pytest.mark.requirement("A9")
def test_ads_clicked_among_videos_lead_nobody_away_from_what_they_like(town: Town) -> None:
    likes = Did("social.post.liked", "social:posts-cooking-1")
    clicks = [Did("video.ad.clicked", f"video:ads-football-{number}") for number in range(N_OF_A_KIND)]
    before = recommended(town, town.live(likes), "social")
    assert recommended(town, town.live(*clicks), "social") == before


@pytest.mark.requirement("K4")
@every_scenario
@every_subject
def test_where_others_did_the_same_the_related_ones_lead_too(busy_town: Town, scenario: Scenario, subject: str) -> None:
    for about in SUBJECTS:  # all as popular as each other
        for number in range(3 * N_OF_A_KIND):
            person = f"{about}-{number}"
            busy_town.live(
                *scenario.done(about, person=person, days_ago=2.0), scenario.takes_to(about, number % N_OF_A_KIND, person)
            )
    profile = busy_town.live(*scenario.done(subject))
    of_the_kind = recommended(busy_town, profile, scenario.platform, scenario.kind)
    assert subjects_of(of_the_kind)[:N_OF_A_KIND] == [subject] * N_OF_A_KIND
    assert {item.category for item in of_the_kind} == {scenario.kind}
    leading = recommended(busy_town, profile, scenario.platform)[:N_OF_A_KIND]
    assert {(item.category, about) for item, about in zip(leading, subjects_of(leading), strict=True)} == {
        (scenario.kind, subject)
    }
