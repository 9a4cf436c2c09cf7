"""H10: the contributions in an explanation add up to the score, and each is what the half-life law says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.decay import DAY_S, HalfLives
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.profiles import Model, ProfileRecord
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.states import UserState
from streams.domain.tags import item_tags
from streams.service.explained_tags import TagDecay, explained
from tests.support.serving import Did, Town

pytestmark = pytest.mark.requirement("H10")

NOW_S = 1_750_000_000.0
HALF_LIFE_S = 60 * DAY_S
PLATFORMS = {"ads": 0.0, "news": 0.5}
WEIGHTS = {"shop.product.viewed": 1.0, "social.post.liked": 3.0, "news.article.disliked": -3.0, "ads.ad.clicked": 2.0}
ITEMS = (Item("shoe", category="Running", brand="Acme"), Item("pan", category="Cooking", tags=("steel",)), Item("tea", tags=("steel",)))
#: Views fade faster than the rest.
OWN_S = {"product.viewed": 5 * DAY_S}
DECAY = TagDecay(HalfLives(HALF_LIFE_S, OWN_S.get), PLATFORMS)


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    drawn = st.tuples(st.sampled_from(sorted(WEIGHTS)), st.sampled_from(ITEMS), st.floats(0, 90), st.sampled_from([1.0, 0.5]))
    return [
        Event(
            event_id("s", str(number)), f"acc-{kind.partition('.')[0]}", kind.partition(".")[0], kind,
            NOW_S - days * DAY_S, NOW_S, strength, item,
        )
        for number, (kind, item, days, strength) in enumerate(draw(st.lists(drawn, min_size=1, max_size=30)))
    ]  # fmt: skip


def profile_after(events: list[Event]) -> ProfileRecord:
    state = UserState()
    observations = [Observation(number, "user", event, -1) for number, event in enumerate(events)]
    folding = FoldRules(2, WEIGHTS.__getitem__, long_half_life_s=HALF_LIFE_S, own_half_life_of=OWN_S.get)
    fold(folding, {"user": state}, observations, np.zeros((0, 2), np.float32))
    rules = PublishRules(Model("m", "1", 2), 2 * DAY_S, HALF_LIFE_S, platform_weights=PLATFORMS, own_half_life_of=OWN_S.get)
    return profile_of(rules, "user", state, Cause("update", []))


def brought(event: Event, as_of_s: float) -> float:
    weight = WEIGHTS[event.type] * event.strength * PLATFORMS.get(event.platform, 1.0)
    half_life_s = OWN_S.get(event.type.partition(".")[2], HALF_LIFE_S)
    return weight * 2.0 ** (-(as_of_s - event.occurred_at_s) / half_life_s)


@settings(max_examples=200)
@given(lives())
def test_what_is_listed_and_what_was_before_adds_up_to_the_score(events: list[Event]):
    profile = profile_after(events)
    by_id = {event.event_id.hex(): event for event in events}
    for tag in profile.tags:
        said = explained(tag, profile.as_of, DECAY)
        assert sum(each.contribution for each in said.evidence) + said.earlier == pytest.approx(tag.score, abs=1e-6)
        assert sum(said.platforms.values()) == pytest.approx(tag.score, abs=1e-6)
        for each in said.evidence:
            assert each.contribution == pytest.approx(brought(by_id[each.id], profile.as_of), abs=1e-6)
        listed = {each.id for each in said.evidence}
        rest = [
            event for name, event in by_id.items()
            if name not in listed and event.item and f"{tag.kind}:{tag.tag}" in item_tags(event.item)
        ]  # fmt: skip
        assert said.earlier == pytest.approx(sum(brought(event, profile.as_of) for event in rest), abs=1e-6)


def test_a_tag_is_told_in_words_with_its_polarity_and_platforms():
    events = [
        Event(event_id("s", "1"), "a", "shop", "shop.product.viewed", NOW_S, NOW_S, 1.0, ITEMS[0]),
        Event(event_id("s", "2"), "b", "social", "social.post.liked", NOW_S, NOW_S, 1.0, ITEMS[0]),
        Event(event_id("s", "3"), "c", "news", "news.article.disliked", NOW_S, NOW_S, 1.0, ITEMS[1]),
    ]
    profile = profile_after(events)
    words = {tag.tag: explained(tag, profile.as_of, DECAY).words for tag in profile.tags}
    assert words["running"] == "likes the category running, by 2 events on social and shop"
    assert words["cooking"] == "dislikes the category cooking, by 1 event on news"


def test_an_explanation_over_http_adds_up_and_says_that_it_is_contribution_and_no_cause(town: Town):
    deeds = [Did("shop.wishlist.added", f"shop:cooking-{n % 3}", days_ago=3.0 * n) for n in range(7)]
    profile = town.live(*deeds, Did("news.article.disliked", "news:cooking-0", 1.0), Did("ads.ad.clicked", "shop:football-0"))
    with town.api() as api:
        said = api.get(f"/v1/profiles/{profile.profile_id}/explanation").json()
    assert said["tags"]
    for tag in said["tags"]:
        assert sum(event["contribution"] for event in tag["evidence"]) + tag["earlier"] == pytest.approx(tag["score"], abs=1e-6)
    (interest,) = said["interests"]
    listed = sum(event["contribution"] for event in interest["events"])
    assert listed + interest["others"] == pytest.approx(interest["mass"], abs=1e-6)
    assert interest["platforms"].keys() == {"shop"}
    assert 0.0 < interest["polarity"] < 1.0
    assert "Contribution is not cause" in said["note"]
