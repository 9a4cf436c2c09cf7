"""The published profile: the accounts' sums seen together, with evidence, and nothing that depends on how they arrived."""

from __future__ import annotations

import numpy as np
import pytest

from encoders.hashed import HashedEncoder
from streams.domain.actions import Action, ActionTable, action_of
from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.profiles import Model, ProfileRecord, decode_profile, encode_profile
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.states import UserState
from streams.settings import Profile, Settings
from streams.wiring import actions_of, fold_rules_of, publish_rules_of

DIM = 4
WEIGHTS = {"product.viewed": 1.0, "post.liked": 2.0, "ad.clicked": 2.0, "article.disliked": -3.0, "order.refunded": -8.0}
FOLD = FoldRules(DIM, lambda kind: WEIGHTS[kind.partition(".")[2]])
RULES = PublishRules(Model("m", "1", DIM), 2 * DAY_S, 60 * DAY_S, platform_weights={"ads": 0.0})
AXES = np.eye(DIM, dtype=np.float32)
NOW_S = 1_750_000_000.0


def event(number: int, kind: str, item: Item | None, at_s: float = NOW_S, reverses: bytes | None = None) -> Event:
    platform = kind.partition(".")[0]
    return Event(event_id("s", str(number)), f"acc-{platform}", platform, kind, at_s, at_s + 1, 1.0, item, reverses=reverses)


def published(
    *events: tuple[Event, int], batches: int = 1, items: dict[str, np.ndarray] | None = None, rules: FoldRules = FOLD,
    publish: PublishRules = RULES,
) -> ProfileRecord:
    states, triggers = {"user": UserState()}, []
    observations = [Observation(offset, "user", made, row) for offset, (made, row) in enumerate(events)]
    for batch in np.array_split(np.arange(len(observations)), batches):
        report = fold(rules, states, [observations[n] for n in batch], AXES)
        triggers = report.touched.get("user", triggers)
    record = profile_of(publish, "user", states["user"], Cause("update", triggers), items or {})
    return decode_profile(encode_profile(record))


SHOE = Item("shoe", title="Trail shoe", category="running", brand="Acme")
PAN = Item("pan", title="Iron pan", category="cooking", tags=("steel",))
AD = Item("ad", title="Car", category="cars")


@pytest.mark.requirement("H2", "B2")
def test_platforms_keep_their_own_vectors_and_the_unified_one_is_their_weighted_sum():
    profile = published((event(1, "shop.product.viewed", SHOE), 0), (event(2, "social.post.liked", PAN), 1))
    assert {name: round(block.share, 6) for name, block in profile.platforms.items()} == {
        "shop": round(1 / 3, 6), "social": round(2 / 3, 6),
    }  # fmt: skip
    unified = np.frombuffer(profile.vectors.long, np.float16)
    np.testing.assert_allclose(unified, np.array([1, 2, 0, 0]) / np.sqrt(5), atol=1e-3)
    np.testing.assert_allclose(np.frombuffer(profile.platforms["shop"].long, np.float16), AXES[0], atol=1e-3)
    assert profile.platforms["social"].counts == {"social.post.liked": 1}


@pytest.mark.requirement("H3")
def test_what_fades_with_a_half_life_of_its_own_is_part_of_every_sum_that_is_published():
    """A like of 10 days ago that fades in 5, beside a view of today and one of 60 days ago, which fades in 60."""
    settings = Settings(profile=Profile(action_half_lives_days={"post.liked": 5}))
    actions = actions_of(settings, {})
    ages = {"shop.product.viewed": (0, PAN), "social.post.liked": (10, SHOE), "social.product.viewed": (60, SHOE)}
    events = [(event(n, kind, item, NOW_S - days * DAY_S), n) for n, (kind, (days, item)) in enumerate(ages.items())]
    profile = published(
        *events, rules=fold_rules_of(settings, actions, RULES.model), publish=publish_rules_of(settings, HashedEncoder(), actions)
    )
    viewed, liked, viewed_long_ago = 1.0, 3.0 / 4, 1.0 / 2
    unified = np.array([viewed, liked, viewed_long_ago, 0])
    np.testing.assert_allclose(np.frombuffer(profile.vectors.long, np.float16), unified / np.linalg.norm(unified), atol=1e-3)
    social = np.array([0, liked, viewed_long_ago, 0])
    np.testing.assert_allclose(np.frombuffer(profile.platforms["social"].long, np.float16), social / np.linalg.norm(social), atol=1e-3)
    # The block is of the whole profile's time.
    assert profile.platforms["social"].mass == pytest.approx(liked + viewed_long_ago)
    assert profile.platforms["social"].share == pytest.approx(1.25 / 2.25)
    (running,) = [tag for tag in profile.tags if tag.tag == "running"]
    assert (running.score, running.support) == (pytest.approx(liked + viewed_long_ago), 2)
    assert running.platforms == {"social": pytest.approx(running.score)}


@pytest.mark.requirement("A9")
def test_clicks_on_ads_move_the_ads_block_and_not_the_unified_view():
    profile = published((event(1, "shop.product.viewed", SHOE), 0), (event(2, "ads.ad.clicked", AD), 2))
    np.testing.assert_allclose(np.frombuffer(profile.vectors.long, np.float16), AXES[0], atol=1e-3)
    np.testing.assert_allclose(np.frombuffer(profile.platforms["ads"].long, np.float16), AXES[2], atol=1e-3)
    assert profile.platforms["ads"].share == 0.0
    assert "cars" not in {tag.tag for tag in profile.tags}


@pytest.mark.requirement("A9")
def test_ads_clicked_among_videos_are_in_the_counts_and_in_nothing_else():
    items = {"shop:shoe": AXES[0], "video:ad": AXES[2]}
    bought, clicked = event(1, "shop.product.viewed", SHOE), event(2, "video.ad.clicked", AD)
    without, profile = published((bought, 0), items=items), published((bought, 0), (clicked, 2), items=items)
    assert profile.platforms["video"].counts == {"video.ad.clicked": 1}
    assert (profile.platforms["video"].mass, profile.platforms["video"].tags) == (0.0, [])
    assert profile.events_applied == 2
    for part in ("vectors", "tags", "recent", "relations", "sentiment", "intent"):
        assert getattr(profile, part) == getattr(without, part), part


@pytest.mark.requirement("A9")
def test_an_ad_that_is_taken_back_leaves_what_the_other_videos_made():
    liked, clicked = event(1, "video.post.liked", SHOE), event(2, "video.ad.clicked", AD)
    taken_back = event(3, "video.ad.unclicked", AD, reverses=clicked.event_id)
    table = ActionTable().with_actions({"ad.unclicked": Action(reverses="ad.clicked")})
    rules = FoldRules(
        DIM,
        lambda kind: table.weight_of(action_of(kind)),
        declared=lambda kind: table.get(action_of(kind)),
    )
    profile = published((liked, 0), (clicked, 2), (taken_back, 2), rules=rules)
    np.testing.assert_allclose(np.frombuffer(profile.vectors.long, np.float16), AXES[0], atol=1e-3)
    assert [tag.tag for tag in profile.tags] == [tag.tag for tag in published((liked, 0), rules=rules).tags]
    assert profile.platforms["video"].counts == {
        "video.post.liked": 1, "video.ad.clicked": 1, "video.ad.unclicked": 1,
    }  # fmt: skip


@pytest.mark.requirement("H10")
def test_a_tag_names_the_events_that_made_it_and_its_polarity():
    liked, disliked = event(1, "shop.product.viewed", SHOE), event(2, "news.article.disliked", SHOE)
    tag = next(tag for tag in published((liked, 0), (disliked, 0)).tags if tag.tag == "running")
    assert tag.score == pytest.approx(1.0 - 3.0)
    assert tag.polarity == pytest.approx(-0.5)
    assert {evidence.id: evidence.weight for evidence in tag.evidence} == {
        liked.event_id.hex(): 1.0, disliked.event_id.hex(): -3.0,
    }  # fmt: skip
    assert tag.platforms == {"shop": 1.0, "news": -3.0}


@pytest.mark.requirement("H7")
def test_where_there_are_many_tags_none_takes_a_place_to_say_a_word_again():
    things = [Item(f"i{n}", title="x", category=f"thing {n:02}", tags=(f"thing {n:02}",)) for n in range(14)]
    record = published(*((event(n, "shop.product.viewed", item), -1) for n, item in enumerate(things)))
    assert len(record.tags) == RULES.n_tags == len({tag.tag for tag in record.tags})
    (few,) = (published((event(0, "shop.product.viewed", things[0]), -1)),)
    assert [(tag.kind, tag.tag) for tag in few.tags] == [("category", "thing 00"), ("topic", "thing 00")]


@pytest.mark.requirement("H7", "A14")
def test_tags_that_weigh_next_to_nothing_are_not_published_but_counted():
    often = [(event(n, "social.post.liked", SHOE), -1) for n in range(120)]
    record = published(*often, (event(200, "social.product.viewed", PAN), -1))
    assert {tag.tag for tag in record.tags} == {"running", "acme"}
    assert record.quality.tags_filtered == 2


@pytest.mark.requirement("H6")
def test_cooking_and_running_stay_two_interests():
    events = [(event(n, "shop.product.viewed", SHOE if n % 2 else PAN), n % 2) for n in range(6)]
    vectors = {"shop:pan": AXES[0], "shop:shoe": AXES[1]}
    interests = published(*events, items=vectors).vectors.interests
    assert [interest.label for interest in interests] == ["cooking", "running"]
    for interest, axis in zip(interests, AXES, strict=False):
        np.testing.assert_allclose(np.frombuffer(interest.vector, np.float16), axis, atol=1e-3)
    assert interests[0].mass == pytest.approx(3.0)
    assert len(interests[0].evidence) == 3


def test_what_was_taken_back_is_no_evidence_and_no_interest_any_more():
    bought = event(1, "shop.product.viewed", SHOE)
    refunded = event(2, "shop.order.refunded", SHOE, reverses=bought.event_id)
    profile = published((bought, 0), (refunded, 0), (event(3, "shop.product.viewed", PAN), 1))
    assert [recent.item for recent in profile.recent] == ["shop:pan"]


@pytest.mark.requirement("H9")
def test_a_first_event_gives_a_profile_that_says_how_little_it_knows():
    profile = published((event(1, "shop.product.viewed", SHOE), 0))
    assert profile.quality.cold_start
    assert 0 < profile.quality.confidence < 0.2
    assert len(profile.vectors.short) == 2 * DIM


@pytest.mark.requirement("D10", "Q7")
def test_the_same_events_in_the_same_batches_give_the_same_bytes():
    events = [(event(n, "shop.product.viewed", SHOE if n % 2 else PAN, NOW_S + n), n % 2) for n in range(7)]
    assert encode_profile(published(*events, batches=3)) == encode_profile(published(*events, batches=3))


@pytest.mark.requirement("B5")
def test_a_profile_holds_no_text_and_no_field_that_its_schema_does_not_name():
    raw = encode_profile(published((event(1, "shop.product.viewed", SHOE), 0)))
    assert b"Trail shoe" not in raw
