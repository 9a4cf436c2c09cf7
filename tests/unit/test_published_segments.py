"""H13, E6, N6 through the stages: segments entered and left, the intent of the session, floods that stay within bounds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streams.adapters.segment_files import load_segments
from streams.domain.influence import InfluenceRules
from streams.domain.profiles import decode_profile
from streams.domain.segments import SegmentRules
from tests.support.whole import NAMES, NOON_S, Whole

CART = '[segments.carts]\nall = [{ field = "intent.kind", equals = "buy" }]\n'
VIEWERS = '[segments.viewers]\nall = [{ field = "platforms.video.counts.video.video.liked", at_least = 1 }]\n'


@pytest.fixture
def rules(tmp_path: Path) -> SegmentRules:
    file = tmp_path / "segments.toml"
    file.write_text(CART + VIEWERS, encoding="utf-8")
    return load_segments(file)


def judged_by(rules: SegmentRules) -> Whole:
    whole = Whole()
    updater = whole.stages[NAMES.user_events]._updater
    updater._rules = replace(updater._rules, segments=rules)
    return whole


@pytest.mark.requirement("H13", "E6")
def test_who_fills_a_cart_enters_and_leaves_with_the_session(rules: SegmentRules):
    whole = judged_by(rules)
    whole.say("shop", "ann", "cart.added", at_s=NOON_S - 7_200)
    whole.run()
    first = whole.person("shop", "ann")
    assert (first.intent.kind, [each.id for each in first.segments], first.change.entered) == ("buy", ["carts"], ["carts"])
    whole.say("shop", "ann", "product.viewed", at_s=NOON_S - 7_100)
    whole.run()
    still = whole.person("shop", "ann")
    assert (still.segments, still.change.entered, still.change.left) == (first.segments, [], [])
    whole.say("shop", "ann", "product.viewed", at_s=NOON_S)
    whole.run()
    last = whole.person("shop", "ann")
    assert (last.intent.kind, last.segments, last.change.left) == ("browse", [], ["carts"])


@pytest.mark.requirement("H13")
def test_a_merge_judges_the_joined_person_and_what_is_gone_has_left(rules: SegmentRules):
    whole = judged_by(rules)
    whole.say("shop", "ann", "cart.added", at_s=NOON_S)
    whole.say("video", "ann", "video.liked", at_s=NOON_S)
    whole.run()
    whole.identify("linked", ("shop", "ann"), ("video", "ann"))
    whole.run()
    assert [each.id for each in whole.person("shop", "ann").segments] == ["carts", "viewers"]
    published = [record.value for (topic, _), records in whole.log.items() if topic == NAMES.profiles for record in records]
    gone = [profile for value in published if value and (profile := decode_profile(value)).identity.merged_into]
    assert [profile.change.left for profile in gone] in ([["carts"]], [["viewers"]])
    assert whole.held().count(b"carts") == 1


@pytest.mark.requirement("N6")
def test_a_flood_counts_its_events_and_brings_no_more_than_its_bound():
    whole = Whole()
    updater = whole.stages[NAMES.user_events]._updater
    updater._fold_rules = replace(updater._fold_rules, influence=InfluenceRules(most=30.0, most_alike=12.0))
    updater._rules = replace(updater._rules, fold=updater._fold_rules)
    for _ in range(50):
        whole.say("video", "ann", "video.liked", at_s=NOON_S)
    whole.run()
    profile = whole.person("video", "ann")
    assert (profile.events_applied, profile.platforms["video"].mass, len(profile.recent)) == (50, 12.0, 4)
