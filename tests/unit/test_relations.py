"""E5: typed edges from a person to things in the world, with time, weight and evidence, in any order of events."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.domain.actions import BUILT_IN
from streams.domain.decay import DAY_S, decayed_sum
from streams.domain.edges import EDGE_KINDS, MAX_EDGES_PER_EVENT, MAX_NAME_CHARS, RELATIONS, Deed, Edge, edges_of
from streams.domain.events import Item
from streams.domain.readings import Mention, Reading, TopicHit
from streams.domain.relations import (
    MAX_EVIDENCE,
    EdgeEvidence,
    RelationRules,
    Relations,
    add,
    keep_heaviest,
    merge,
    split_key,
    strongest,
)
from streams.domain.sensitive import SensitiveTags

pytestmark = pytest.mark.requirement("E5")
RULES = RelationRules(half_life_s=30 * DAY_S, max_edges=64)
START_S = 1_750_000_000.0
ITEM = Item("i1", title="Trail Shoe", brand="Acme", author="Ann Lee")
edges = st.builds(
    Edge,
    st.sampled_from(RELATIONS),
    st.sampled_from(EDGE_KINDS),
    st.sampled_from(["acme", "tea"]),
    st.sampled_from([3.0, -3.0, 0.5]),
)
events = st.lists(st.tuples(st.integers(0, 400 * 86_400), st.lists(edges, min_size=1, max_size=3)), max_size=12)
Events = list[tuple[int, list[Edge]]]


def evidence(number: int, after_s: int) -> EdgeEvidence:
    return EdgeEvidence(START_S + after_s, number.to_bytes(8, "big"))


def folded(numbered: list[tuple[int, tuple[int, list[Edge]]]], rules: RelationRules = RULES) -> Relations:
    relations = Relations()
    for number, (after_s, made) in numbered:
        add(relations, rules.half_life_s, evidence(number, after_s), made)
        keep_heaviest(relations, rules.max_edges)
        relations = msgspec.msgpack.decode(msgspec.msgpack.encode(relations), type=Relations)
    return relations


def assert_same(one: Relations, other: Relations) -> None:
    assert set(one.edges) == set(other.edges)
    if one.edges:
        assert one.reference_s == other.reference_s
    for key, edge in one.edges.items():
        twin = other.edges[key]
        assert edge.weight * one.scale == pytest.approx(twin.weight * other.scale, rel=1e-9, abs=1e-9)
        assert edge.mass * one.scale == pytest.approx(twin.mass * other.scale, rel=1e-9, abs=1e-9)
        assert (edge.support, edge.first_s, edge.last_s, edge.evidence) == (
            twin.support, twin.first_s, twin.last_s, twin.evidence,
        )  # fmt: skip


@pytest.mark.requirement("H5")
@settings(max_examples=150)
@given(events, st.randoms(use_true_random=False))
def test_any_order_of_events_gives_the_same_edges(events: Events, random) -> None:
    shuffled = list(enumerate(events))
    random.shuffle(shuffled)
    assert_same(folded(list(enumerate(events))), folded(shuffled))


@settings(max_examples=100)
@given(events, st.integers(0, 12), st.booleans())
def test_merging_two_accounts_equals_one_that_did_everything(events: Events, cut: int, other_first: bool) -> None:
    numbered = list(enumerate(events))
    one, other = folded(numbered[:cut]), folded(numbered[cut:])
    kept = msgspec.msgpack.encode(other)
    merge(one, RULES, other)
    assert_same(one, folded(numbered))
    assert msgspec.msgpack.encode(other) == kept
    if other_first:
        other, one = folded(numbered[cut:]), folded(numbered[:cut])
        merge(other, RULES, one)
        assert_same(other, folded(numbered))


@settings(max_examples=80)
@given(events)
def test_a_weight_is_the_half_life_law_written_out(events: Events) -> None:
    relations = folded(list(enumerate(events)))
    said: dict[str, list[tuple[float, float]]] = {}
    for after_s, made in events:
        for edge in made:
            said.setdefault(edge.key, []).append((START_S + after_s, edge.weight))
    for key, observations in said.items():
        expected = decayed_sum(observations, RULES.half_life_s).at(relations.reference_s)
        assert relations.edges[key].weight * relations.scale == pytest.approx(expected, rel=1e-9, abs=1e-9)
        latest = sorted(
            {
                (at_s, n)
                for n, (after_s, made) in enumerate(events)
                for at_s in [START_S + after_s]
                if key in {e.key for e in made}
            }
        )
        assert [each.at_s for each in relations.edges[key].evidence] == [at_s for at_s, _ in latest[-MAX_EVIDENCE:]]


def test_edges_outlive_units_that_run_out() -> None:
    relations = Relations()
    for number in range(4):
        add(relations, 1.0, evidence(number, 200 * number), [Edge("likes", "brand", "acme", 1.0)])
    ((key, edge),) = strongest(relations, 5)
    assert (key, edge.support) == ("likes:brand:acme", 4)
    assert edge.weight == pytest.approx(1.0)


def test_an_account_keeps_the_edges_of_the_most_mass() -> None:
    rules = RelationRules(max_edges=2)
    made = [Edge("views", "brand", name, weight) for name, weight in (("a", 1.0), ("b", 3.0), ("c", 2.0))]
    assert set(folded([(0, (0, made))], rules).edges) == {"views:brand:b", "views:brand:c"}


def test_a_share_scales_what_is_merged() -> None:
    relations, other = Relations(), folded([(0, (0, [Edge("likes", "brand", "acme", 4.0)]))])
    merge(relations, RULES, other, share=0.25)
    assert strongest(relations, 1)[0][1].weight == pytest.approx(1.0)
    merge(relations, RULES, Relations())
    assert len(relations.edges) == 1


def test_what_was_taken_back_holds_no_longer() -> None:
    liked, unliked = BUILT_IN["post.liked"], "post.unliked"
    relations = Relations()
    add(relations, RULES.half_life_s, evidence(0, 60), edges_of(Deed(action=unliked, weight=-3.0, item=ITEM)))
    add(relations, RULES.half_life_s, evidence(1, 60), edges_of(Deed(action="post.liked", weight=liked.weight, item=ITEM)))
    assert strongest(relations, 9) == []
    add(relations, RULES.half_life_s, evidence(2, 90), edges_of(Deed(action="post.shared", weight=4.0, item=ITEM)))
    assert strongest(relations, 9)[0][0] == "likes:brand:acme"


@pytest.mark.parametrize(
    ("action", "weight", "relation"),
    [
        ("product.viewed", 1.0, "views"), ("order.completed", 8.0, "buys"), ("order.refunded", -4.0, "buys"),
        ("wishlist.added", 3.0, "likes"), ("review.posted", 4.0, "likes"), ("review.posted", -4.0, "dislikes"),
        ("article.disliked", -3.0, "dislikes"), ("booking.completed", 8.0, "buys"), ("lesson.finished", 2.0, "views"),
        ("comment.created", 3.0, "views"),
    ],
)  # fmt: skip
def test_the_action_says_what_the_item_is_to_the_person(action: str, weight: float, relation: str) -> None:
    made = edges_of(Deed(action=action, weight=weight, item=ITEM))
    assert {(edge.relation, edge.kind, edge.name) for edge in made} == {
        (relation, "product", "trail shoe"), (relation, "brand", "acme"), (relation, "person", "ann lee"),
    }  # fmt: skip
    assert all((edge.weight < 0) == (action == "order.refunded") for edge in made)


def test_words_like_and_dislike_what_they_name() -> None:
    said = Reading(
        0.1,
        (Mention("product", 0, 1, "Phone", 0.9, 0.8), Mention("brand", 2, 3, "acme", 0.5, -0.6),
         Mention("place", 4, 5, "rome", 0.9, 0.0), Mention("aspect", 6, 7, "courier", 0.9, -0.9),
         Mention("color", 8, 9, "red", 0.9, 0.9), Mention("person", 9, 10, "ann", 0.9)),
        (TopicHit("phones", 0.7),),
    )  # fmt: skip
    made = {edge.key: edge.weight for edge in edges_of(Deed(action="comment.created", weight=3.0, said=said))}
    assert made == {
        "likes:product:phone": pytest.approx(3.0 * 0.9 * 0.8),
        "dislikes:brand:acme": pytest.approx(3.0 * 0.5 * 0.6),
        "views:topic:phones": pytest.approx(3.0 * 0.7),
    }


def test_who_searches_looks_at_what_they_name() -> None:
    said = Reading(0.9, (Mention("brand", 0, 1, "acme", 0.9, 0.9),), (TopicHit("phones", 0.5),))
    made = edges_of(Deed(action="product.searched", weight=1.5, said=said))
    assert {edge.relation for edge in made} == {"views"}


def test_praise_turns_looking_into_liking() -> None:
    said = Reading(0.9, (), (TopicHit("phones", 0.5),))
    made = edges_of(Deed(action="comment.created", weight=3.0, item=ITEM, said=said))
    assert {edge.relation for edge in made} == {"likes"}


def test_topics_and_places_of_an_item_come_from_its_reading() -> None:
    about = Reading(
        0.9, (Mention("place", 0, 1, "rome", 0.5), Mention("brand", 2, 3, "zeta", 0.9)), (TopicHit("hotels", 0.5),)
    )
    made = {
        edge.key: edge.weight
        for edge in edges_of(Deed(action="listing.viewed", weight=1.0, item=Item("i"), about=about))
    }
    assert made == {"views:place:rome": 0.5, "views:topic:hotels": 0.5}


@pytest.mark.parametrize("action", ["ad.clicked", "ad.dismissed", "consent.changed", "ad.impression"])
def test_advertisements_and_decisions_make_no_edges(action: str) -> None:
    assert edges_of(Deed(action=action, weight=2.0, item=ITEM)) == ()


@pytest.mark.requirement("N15")
def test_no_edge_bears_a_sensitive_name() -> None:
    item = Item("i1", title="Living with diabetes", brand="Acme")
    made = edges_of(Deed(action="order.completed", weight=8.0, item=item), SensitiveTags(["diabetes"]))
    assert [edge.name for edge in made] == ["acme"]


def test_an_event_makes_a_bounded_number_of_short_names_each_once() -> None:
    mentions = tuple(Mention("product", n, n + 1, f"thing {n}" * 20, 0.9, 0.9) for n in range(40))
    said = Reading(0.9, (*mentions, *mentions))
    made = edges_of(Deed(action="post.created", weight=3.0, item=ITEM, said=said))
    assert len(made) == MAX_EDGES_PER_EVENT
    assert len({edge.key for edge in made}) == len(made)
    assert all(len(edge.name) <= MAX_NAME_CHARS for edge in made)
    assert [split_key(edge.key) for edge in made] == [(edge.relation, edge.kind, edge.name) for edge in made]


def test_nothing_done_makes_no_edges() -> None:
    relations = Relations()
    add(relations, RULES.half_life_s, evidence(0, 0), edges_of(Deed(action="record.ignored", weight=0.0, item=ITEM)))
    assert relations == Relations()
