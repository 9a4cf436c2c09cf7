"""Why an item is recommended or which filter keeps it out; why a tag; which clause of a segment holds."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.adapters.segment_files import load_segments
from streams.console.person_evidence import Evidence
from streams.console.person_views import segment_why, tag_why
from streams.domain.decay import HalfLives
from streams.domain.profiles import Consent, ProfileRecord
from streams.domain.segment_clauses import judged
from streams.domain.segments import SegmentRules
from streams.ranking.live import LiveRanker
from streams.ranking.model_files import packaged
from streams.service.recommendations import Ask
from streams.service.why_not import WhyItem, WhyNot
from tests.support.serving import DAY_S, NOON_S, Did, Town, opened, subject_items

changed = msgspec.structs.replace


@pytest.fixture
def ada(town: Town) -> ProfileRecord:
    return town.live(Did("shop.wishlist.added", "shop:cooking-0", 1.0), Did("video.video.liked", "video:football-0"))


def why(town: Town, person: ProfileRecord, key: str, ask: Ask | None = None) -> WhyItem:
    return WhyNot(town.recommender).why(person, key, ask or Ask(), NOON_S)


def total(item: WhyItem) -> float:
    return sum(part.value for part in item.parts)


@given(
    st.lists(
        st.sampled_from(
            [
                f"{platform}:{subject}-{n}"
                for platform in ("shop", "video")
                for subject in ("cooking", "football")
                for n in (0, 1, 2)
            ]
        ),
        min_size=1,
        max_size=5,
    ),
    st.integers(1, 12),
    st.sampled_from([0.0, 0.2, 0.8]),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_contributions_of_what_is_recommended_sum_to_its_score(
    town: Town, liked: list[str], k: int, diversity: float
) -> None:
    town._states.clear()
    kinds = {"shop": "shop.wishlist.added", "video": "video.video.liked"}
    for key in liked:
        person = town.profile_after(Did(kinds[key.partition(":")[0]], key, 1.0))
    ask = Ask(k=k, diversity=diversity)
    for item in town.recommender.recommend(person.profile_id, person, ask, NOON_S).items:
        found = why(town, person, item.key, ask)
        assert found.verdict == "recommended"
        assert found.score == item.score
        assert found.adds_up
        assert total(found) == pytest.approx(item.score, abs=1e-5)
        assert found.reason is not None
        assert found.reason.events


def test_an_item_that_was_seen_names_the_event(town: Town, ada: ProfileRecord) -> None:
    found = why(town, ada, "shop:cooking-0")
    assert found.verdict == "seen"
    assert found.event is not None
    assert found.event.type == "shop.wishlist.added"


@pytest.mark.parametrize(
    ("ask", "verdict", "detail"),
    [(Ask(platform="news"), "other_platform", "shop"), (Ask(category="football"), "other_category", "cooking")],
)
def test_an_item_that_was_not_asked_for_names_what_it_is_of(
    town: Town, ada: ProfileRecord, ask: Ask, verdict: str, detail: str
) -> None:
    found = why(town, ada, "shop:cooking-1", ask)
    assert (found.verdict, found.detail) == (verdict, detail)


def test_an_item_with_a_blocked_tag_names_the_tag(town: Town, ada: ProfileRecord) -> None:
    found = why(town, changed(ada, blocked_tags=["topic:cooking"]), "shop:cooking-1")
    assert (found.verdict, found.detail) == ("blocked_tag", "topic:cooking")


@pytest.mark.parametrize(
    "refusal",
    [{"personalised": False}, {"consents": {"recommend": Consent("denied", NOON_S)}}],
    ids=["choice", "consent"],
)
def test_nothing_is_computed_of_somebody_who_does_not_want_it(
    town: Town, ada: ProfileRecord, refusal: dict[str, object]
) -> None:
    person, asked = changed(ada, **refusal), Ask(k=1)
    shown = {item.key for item in WhyNot(town.recommender).answer(person, asked, NOON_S).items}
    found = why(town, person, next(key for key in ("news:cooking-1", "news:cooking-2") if key not in shown), asked)
    assert (found.verdict, found.parts, found.reason) == ("not_personalised", [], None)
    answer = WhyNot(town.recommender).answer(person, Ask(), NOON_S)
    assert WhyNot(town.recommender).removed(person, Ask(), answer, NOON_S) == []


def test_an_item_that_nobody_published_is_unknown(town: Town, ada: ProfileRecord) -> None:
    assert why(town, ada, "shop:never").verdict == "unknown_item"


def test_an_item_without_a_vector_cannot_be_compared(town: Town, ada: ProfileRecord) -> None:
    town.index.delete(["news:cooking-1"])
    found = why(town, ada, "news:cooking-1")
    assert (found.verdict, found.parts) == ("no_vector", [])


def test_an_item_below_the_cut_tells_its_place_and_score(town: Town, ada: ProfileRecord) -> None:
    ask = Ask(k=2, diversity=0.0)
    best = town.recommender.recommend(ada.profile_id, ada, Ask(k=9, diversity=0.0), NOON_S).items
    found = why(town, ada, best[5].key, ask)
    assert (found.verdict, found.rank, found.score, found.cut) == ("below_the_cut", 6, best[5].score, best[1].score)
    assert total(found) == pytest.approx(best[5].score, abs=1e-5)


def test_an_item_left_out_for_diversity_names_what_is_shown_in_its_place(town: Town, ada: ProfileRecord) -> None:
    ask = Ask(k=4, diversity=0.9)
    plain = [
        item.key for item in town.recommender.recommend(ada.profile_id, ada, changed(ask, diversity=0.0), NOON_S).items
    ]
    shown = {item.key for item in town.recommender.recommend(ada.profile_id, ada, ask, NOON_S).items}
    (left_out, *_) = [key for key in plain if key not in shown]
    found = why(town, ada, left_out, ask)
    assert found.verdict == "diversity"
    assert found.detail in shown
    removed = WhyNot(town.recommender).removed(ada, ask, WhyNot(town.recommender).answer(ada, ask, NOON_S), NOON_S)
    assert left_out in {item.key for item in removed if item.verdict == "diversity"}


def test_what_was_removed_was_shown_nowhere_and_says_why(town: Town, ada: ProfileRecord) -> None:
    why_not = WhyNot(town.recommender)
    answer = why_not.answer(ada, Ask(k=5), NOON_S)
    removed = why_not.removed(ada, Ask(k=5), answer, NOON_S)
    assert {item.key for item in removed if item.verdict == "seen"} == {"shop:cooking-0", "video:football-0"}
    assert not {item.key for item in removed} & {item.key for item in answer.items}


def test_looking_teaches_the_ranking_nothing(tmp_path: Path) -> None:
    ranker = Remembering(packaged().rerankers)
    for town in opened(tmp_path, ranker=ranker):
        town.publish_items(subject_items())
        person = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
        ask = Ask(platform="shop", explain=True)
        shown = town.recommender.recommend(person.profile_id, person, ask, NOON_S)
        assert ranker.n_answers == 1
        assert WhyNot(town.recommender).answer(person, ask, NOON_S) == shown
        found = why(town, person, shown.items[0].key, ask)
        assert ranker.n_answers == 1
        assert not found.adds_up
        assert {part.name for part in found.parts} == set(shown.items[0].reason.signals)  # type: ignore[union-attr]


class Remembering(LiveRanker):
    """Counts what it is told to remember."""

    n_answers = 0

    def answered(self, answer: object) -> None:
        self.n_answers += 1


@pytest.mark.requirement("H10")
def test_a_tag_is_told_by_the_events_that_made_it_and_they_sum_to_its_score(town: Town, ada: ProfileRecord) -> None:
    explanation = town.explainer.explain(ada)
    evidence = Evidence(ada, town.items, HalfLives(60 * DAY_S))
    found = tag_why(ada, explanation, "topic:cooking", evidence, town.items)
    assert found.verdict == "published"
    assert found.shown is not None
    told = sum(event.contribution or 0.0 for event in found.shown.events) + (found.shown.others or 0.0)
    assert told == pytest.approx(found.shown.score, abs=1e-6)
    assert [event.item for event in found.shown.events] == ["shop:cooking-0"]


def test_a_tag_that_is_not_there_says_whether_it_is_weak_blocked_or_unheard_of(town: Town, ada: ProfileRecord) -> None:
    evidence, explanation = Evidence(ada, town.items, HalfLives(60 * DAY_S)), town.explainer.explain(ada)
    assert tag_why(ada, explanation, "topic:tea", evidence, town.items).verdict == "never_seen"
    without = changed(ada, tags=[tag for tag in ada.tags if tag.tag != "cooking"])
    weak = tag_why(without, town.explainer.explain(without), "topic:cooking", evidence, town.items)
    assert (weak.verdict, [event.item for event in weak.events]) == ("too_weak", ["shop:cooking-0"])
    blocked = changed(without, blocked_tags=["topic:cooking"])
    assert tag_why(blocked, town.explainer.explain(blocked), "topic:cooking", evidence, town.items).verdict == "blocked"


def test_every_value_of_the_screen_leads_to_events(town: Town, ada: ProfileRecord) -> None:
    view = Evidence(ada, town.items, HalfLives(60 * DAY_S)).view(town.explainer, town.profiles.revisions.of(ada.profile_id), {})
    shown = [*view.tags, *view.interests, *view.platforms, *view.relations, *view.accounts, view.intent]
    assert all(each is not None and each.events for each in shown)
    for each in [*view.tags, *view.interests, *view.platforms]:
        value = each.score if hasattr(each, "score") else each.mass
        assert sum(event.contribution or 0.0 for event in each.events) + (each.others or 0.0) == pytest.approx(
            value, abs=1e-6
        )
    assert [each.joined_at_revision for each in view.accounts if each.platform == "video"] == [2]


RULES = """
[segments.cooks]
all = [
  { tag = "category:cooking", at_least = 2 },
  { any = [{ field = "platforms.shop.share", above = 0.9 }, { tag = "topic:tea", at_least = 1 }] },
  { not = { field = "events_applied", above = 100 } },
]
"""


@pytest.fixture
def rules(tmp_path: Path) -> SegmentRules:
    file = tmp_path / "segments.toml"
    file.write_text(RULES)
    return load_segments(file)


def test_a_segment_says_which_clause_holds_and_which_fails(ada: ProfileRecord, rules: SegmentRules) -> None:
    found = segment_why(rules, ada, "cooks")
    assert not found.is_in
    assert found.clause is not None
    assert [(part.how, part.holds) for part in found.clause.parts] == [("", True), ("any", False), ("not", True)]
    share, tea = found.clause.parts[1].parts
    assert (share.value, tea.value) == (ada.platforms["shop"].share, None)


def test_a_segment_that_is_not_known_and_a_person_who_is_in_none_say_so(
    ada: ProfileRecord, rules: SegmentRules
) -> None:
    assert segment_why(rules, ada, "others").clause is None
    assert "switched personalisation off" in segment_why(rules, changed(ada, personalised=False), "cooks").refusal


@pytest.mark.parametrize(("n_events", "share"), [(1, 0.95), (200, 0.95), (1, 0.1)])
def test_the_clauses_agree_with_the_rule(ada: ProfileRecord, rules: SegmentRules, n_events: int, share: float) -> None:
    (segment,) = rules.segments
    shop = changed(ada.platforms["shop"], share=share)
    person = changed(ada, events_applied=n_events, platforms={"shop": shop})
    clause = judged(segment.condition, person)
    assert clause.holds == all(part.holds for part in clause.parts)
    assert clause.holds == ("cooks" in rules.of(person)) == (n_events < 100 and share > 0.9)
    assert clause.parts[2].holds != clause.parts[2].parts[0].holds
