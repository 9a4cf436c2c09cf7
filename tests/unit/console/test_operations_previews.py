"""What a preview says of a merge or split is what the fold makes of the same accounts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.profiles import Model, ProfileRecord
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.states import UserState
from streams.service.people_preview import MixedPlatformError, PreviewRules, ProfilePreview, merged, split

DIM = 4
NOW_S = 1_750_000_000.0
WEIGHTS = {"shop.product.viewed": 1.0, "social.post.liked": 2.0, "news.article.disliked": -3.0, "ads.ad.clicked": 2.0}
FOLD = FoldRules(DIM, WEIGHTS.__getitem__)
RULES = PublishRules(Model("m", "1", DIM), 2 * DAY_S, 60 * DAY_S, n_tags=4, platform_weights={"ads": 0.0, "news": 0.5})
PREVIEW = PreviewRules(60 * DAY_S, RULES.platform_weights, RULES.n_tags)
ONE, OTHER = "one", "other"


@st.composite
def deeds(draw: st.DrawFn) -> list[Observation]:
    """Of two people, one account on each platform."""
    made = []
    for number in range(draw(st.integers(2, 30))):
        kind, row = draw(st.sampled_from(sorted(WEIGHTS))), draw(st.integers(-1, 7))
        platform, user = kind.partition(".")[0], draw(st.sampled_from([ONE, OTHER]))
        item = Item(f"i{row}", category=f"c{row % 4}", tags=("t", f"t{row % 3}")) if row >= 0 else None
        at_s = NOW_S + draw(st.integers(0, 400)) * DAY_S / 4
        event = Event(event_id("s", str(number)), f"{user}@{platform}", platform, kind, at_s, at_s, 1.0, item)
        made.append(Observation(number, user, event, -1))
    return made


def states_of(observations: list[Observation]) -> dict[str, UserState]:
    states = {observation.user: UserState() for observation in observations}
    fold(FOLD, states, observations, np.zeros((0, DIM), np.float32))
    return states


def published(user: str, *states: UserState, without: str = "", only: str = "") -> ProfileRecord:
    accounts = {name: account for state in states for name, account in state.accounts.items()}
    kept = {name: account for name, account in accounts.items() if name != without and only in {"", name}}
    return profile_of(RULES, user, UserState(accounts=kept), Cause("merge", []))


def is_what_came(preview: ProfilePreview, result: ProfileRecord) -> None:
    assert preview.accounts == result.identity.accounts
    assert preview.events_applied == result.events_applied
    assert {each.platform: each.counts for each in preview.platforms} == {
        name: block.counts for name, block in result.platforms.items()
    }
    for each in preview.platforms:
        assert each.share == pytest.approx(result.platforms[each.platform].share, abs=1e-6)
    scores = {(tag.kind, tag.tag): tag.score for tag in result.tags}
    for tag in preview.tags:
        if tag.is_exact and (tag.kind, tag.tag) in scores:
            assert tag.score == pytest.approx(scores[tag.kind, tag.tag], abs=1e-6, rel=1e-6)


@settings(max_examples=150, deadline=None)
@given(deeds())
def test_the_preview_of_a_merge_is_the_merged_profile(observations: list[Observation]) -> None:
    states = states_of(observations)
    assume(len(states) == 2)
    profiles = [published(user, states[user]) for user in (ONE, OTHER)]
    is_what_came(merged(PREVIEW, profiles), published(ONE, states[ONE], states[OTHER]))


@settings(max_examples=150, deadline=None)
@given(deeds(), st.sampled_from(["shop", "social", "news", "ads"]))
def test_the_previews_of_a_split_are_the_two_profiles(observations: list[Observation], platform: str) -> None:
    state = states_of(observations).get(ONE)
    assume(state is not None and len(state.accounts) > 1 and f"{ONE}@{platform}" in state.accounts)
    assert state is not None
    account = f"{ONE}@{platform}"
    stays, leaves = split(PREVIEW, published(ONE, state), account)
    is_what_came(stays, published(ONE, state, without=account))
    is_what_came(leaves, published(account, state, only=account))


def test_two_accounts_of_one_platform_cannot_be_told_apart() -> None:
    item = Item("i", category="c")
    events = [Event(event_id("s", name), name, "shop", "shop.product.viewed", NOW_S, NOW_S, 1.0, item) for name in "ab"]
    state = states_of([Observation(n, ONE, event, -1) for n, event in enumerate(events)])[ONE]
    with pytest.raises(MixedPlatformError):
        split(PREVIEW, published(ONE, state), "a")
    with pytest.raises(KeyError):
        split(PREVIEW, published(ONE, state), "nobody's")
