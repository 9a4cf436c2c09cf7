"""H6, D10: the interests of a person and what they are called follow from the events, not from how they arrived."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.factory import build_index
from streams.domain.decay import DAY_S
from streams.domain.events import Event, Item, event_id, item_key
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.interests import InterestRules
from streams.domain.item_entries import ItemEntry, ItemNumbers, all_numbers_of
from streams.domain.profiles import Model, ProfileRecord
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.states import UserState, pack_state, unpack_state
from streams.service.tastes import TasteReader

pytestmark = pytest.mark.requirement("H6", "D10", "Q7")

DIM, NOW_S = 4, 1_750_000_000.0
WEIGHTS = {"shop.product.viewed": 1.0, "social.post.liked": 3.0, "news.article.disliked": -3.0}
MODEL = Model("m", "1", DIM)
ITEMS = [
    Item(f"i{n}", title=f"thing number {n}", category=("Cooking", "Football", "")[n % 3], tags=(("steel", "league", "x")[n % 3],))
    for n in range(9)
]
VECTORS = {
    item_key(platform, item.item_id): np.eye(DIM, dtype=np.float32)[number % 3]
    for number, item in enumerate(ITEMS)
    for platform in ("shop", "social", "news")
}


class Shelf:
    """The items as a catalogue has them."""

    def entries_of(self, keys: Sequence[str]) -> list[ItemEntry | None]:
        items = {item.item_id: item for item in ITEMS}
        return [ItemEntry(key.partition(":")[0], items[key.partition(":")[2]], NOW_S) for key in keys]

    def numbers_of(self, keys: Sequence[str]) -> ItemNumbers:
        return all_numbers_of(self.entries_of(keys))


INDEX = build_index("exact", DIM)
INDEX.upsert(list(VECTORS), np.stack(list(VECTORS.values())), [""] * len(VECTORS), [""] * len(VECTORS))
READER = TasteReader(INDEX, Shelf(), (MODEL.name, MODEL.version), InterestRules(threshold=0.5))


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    drawn = st.tuples(st.sampled_from(sorted(WEIGHTS)), st.sampled_from(ITEMS), st.integers(0, 20))
    return [
        Event(
            event_id("s", str(number)), f"acc-{kind.partition('.')[0]}", kind.partition(".")[0], kind,
            NOW_S - days * DAY_S, NOW_S, 1.0, item,
        )
        for number, (kind, item, days) in enumerate(draw(st.lists(drawn, min_size=1, max_size=40)))
    ]  # fmt: skip


def profile_after(events: Sequence[Event], batch_size: int) -> ProfileRecord:
    states = {"user": UserState()}
    rules = FoldRules(DIM, WEIGHTS.__getitem__)
    for start in range(0, len(events), batch_size):
        batch = [Observation(start + n, "user", event, -1) for n, event in enumerate(events[start : start + batch_size])]
        fold(rules, states, batch, np.zeros((0, DIM), np.float32))
        states["user"] = unpack_state(pack_state(states["user"]))
    return profile_of(PublishRules(MODEL, 2 * DAY_S, 60 * DAY_S), "user", states["user"], Cause("update", []), VECTORS)


@settings(max_examples=150)
@given(lives(), st.randoms(use_true_random=False), st.integers(1, 7))
def test_any_order_and_any_batching_of_the_same_events_give_the_same_names(events, random, batch_size):
    one = profile_after(events, len(events))
    other = profile_after(random.sample(events, len(events)), batch_size)
    assert [each.label for each in one.vectors.interests] == [each.label for each in other.vectors.interests]
    mine, theirs = READER.read(one).interests, READER.read(other).interests
    assert [(each.label, each.events) for each in mine] == [(each.label, each.events) for each in theirs]
    assert [each.mass for each in mine] == pytest.approx([each.mass for each in theirs])
