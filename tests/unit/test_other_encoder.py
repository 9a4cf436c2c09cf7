"""D11: after the encoder was exchanged, vectors of the two are never added, compared or published under one name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders import EncoderSpec, build_encoder
from streams.adapters.clock import SystemClock
from streams.adapters.encoded_anew import STANDSTILL_S, CatalogueEncoded
from streams.agents.profiles import ProfileStage
from streams.domain.actions import ActionTable, action_of
from streams.domain.consents import Will
from streams.domain.decay import DAY_S, HalfLives
from streams.domain.events import Event
from streams.domain.folding import FoldRules
from streams.domain.profiles import Model, ProfileRecord
from streams.domain.publishing import PublishRules
from streams.domain.spaces import begin_again, is_foreign, space_of
from streams.domain.states import AccountState, Fading, Recent, unpack_state
from streams.service.hand_over import PersonRules
from streams.service.update_profiles import ProfileUpdater, Sources
from streams.sweeps import foreign_users
from streams.wiring import model_of
from tests.support.whole import NAMES, Whole

pytestmark = pytest.mark.requirement("D11")
OLD, NEW = Model("m", "1", 8), Model("m", "2", 4)


class Texts:
    """Every text points along one axis."""

    def __init__(self, axis: int, dim: int) -> None:
        self._row = np.eye(dim, dtype=np.float32)[axis]

    def vectors(self, texts: Sequence[str], role: str = "passage") -> Any:
        return np.tile(self._row, (len(texts), 1))


class Items:
    """Every item points along one axis; unknown ones are absent."""

    def __init__(self, axis: int, dim: int, known: Sequence[str]) -> None:
        self._row, self._known = np.eye(dim, dtype=np.float32)[axis], set(known)

    def vectors_of(self, keys: Sequence[str]) -> tuple[Any, Any]:
        found = np.array([key in self._known for key in keys], bool)
        return found[:, None] * np.tile(self._row, (len(keys), 1)), found


def use(whole: Whole, model: Model, items: Items, axis: int = 0) -> None:
    """The profile stage begins anew with this encoder, over what it had stored."""
    actions = ActionTable()
    rules = FoldRules(
        model.dim, lambda kind: actions.weight_of(action_of(kind)), max_edges=0, space=space_of(model.label)
    )
    updater = ProfileUpdater(
        PersonRules(rules, {}),
        PublishRules(model, 2 * DAY_S, 60 * DAY_S),
        Sources(items, Texts(axis, model.dim), peek=whole._peek),
    )
    whole.stages[NAMES.user_events] = ProfileStage(updater, NAMES, SystemClock())


def long_of(profile: ProfileRecord | None) -> list[float]:
    assert profile is not None
    return np.frombuffer(profile.vectors.long, np.float16).astype(float).round(3).tolist()


def test_what_a_person_does_next_is_not_added_to_vectors_of_the_encoder_before() -> None:
    whole = Whole()
    use(whole, OLD, Items(0, 8, ["shop:i1"]))
    whole.say("shop", "ann")
    whole.run()
    assert long_of(whole.person("shop", "ann"))[0] == 1.0
    use(whole, NEW, Items(1, 4, ["shop:i1", "shop:i2"]))
    whole.say("shop", "ann", data={"item": {"item_id": "i2"}})
    whole.run()
    profile = whole.person("shop", "ann")
    assert profile is not None
    assert (profile.model, profile.events_applied) == (NEW, 2)
    assert long_of(profile) == [0.0, 1.0, 0.0, 0.0]


def test_of_items_that_the_new_encoder_has_not_seen_nothing_is_left() -> None:
    whole = Whole()
    use(whole, OLD, Items(0, 8, ["shop:i1"]))
    whole.say("shop", "ann")
    whole.run()
    use(whole, NEW, Items(1, 4, []), axis=2)
    whole.say("shop", "ann", data={"item": {"item_id": "i2", "title": "kettle"}})
    whole.run()
    assert long_of(whole.person("shop", "ann")) == [0.0, 0.0, 1.0, 0.0]


def test_an_account_that_arrives_from_the_encoder_before_leaves_its_vectors_behind() -> None:
    whole = Whole()
    use(whole, OLD, Items(0, 8, ["shop:i1"]))
    whole.say("shop", "ann")
    whole.say("video", "ann2", "video.played")
    whole.run()
    whole.identify("linked", ("shop", "ann"), ("video", "ann2"))
    whole.step((NAMES.identity, 0))
    sources = [source for source in whole.pending() if source[0] == NAMES.user_events]
    for source in sources:  # the old home lets go
        whole.step(source, 1)
    use(whole, NEW, Items(1, 4, ["shop:i1", "video:i1"]))
    whole.run()
    profile = whole.person("shop", "ann")
    assert profile is not None
    assert {account.platform for account in profile.identity.accounts} == {"shop", "video"}
    assert long_of(profile) == [0.0, 1.0, 0.0, 0.0]


def test_who_does_nothing_is_asked_and_published_in_the_new_space() -> None:
    whole = Whole()
    use(whole, OLD, Items(0, 8, ["shop:i1"]))
    whole.say("shop", "ann")
    whole.run()
    use(whole, NEW, Items(3, 4, ["shop:i1"]))
    tables = [table for (topic, _), table in whole.tables.items() if topic == NAMES.user_events]
    asked = [user for table in tables for user in foreign_users(table, space_of(NEW.label))]
    assert len(asked) == 1
    will = Will(reencode=True)
    event = Event(b"12345678", asked[0], "braid", "braid.profile.reencoded", whole.now_s, whole.now_s, 0.0, will=will)
    whole.tell_user(asked[0], msgspec.msgpack.encode(event))
    whole.run()
    profile = whole.person("shop", "ann")
    assert profile is not None
    assert (profile.change.kind, profile.model, profile.events_applied, profile.revision) == ("reencode", NEW, 1, 2)
    assert long_of(profile) == [0.0, 0.0, 0.0, 1.0]
    assert [user for table in tables for user in foreign_users(table, space_of(NEW.label))] == []


def test_states_from_before_spaces_were_marked_go_on_as_they_are() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.run()
    (state,) = [unpack_state(raw) for table in whole.tables.values() for raw in table.values() if raw[:1] >= b"\x90"]
    (account,) = state.accounts.values()
    assert not is_foreign(account, space_of(NEW.label))


@given(
    st.lists(st.tuples(st.floats(0, 10 * DAY_S), st.sampled_from([1.0, 2.0, -3.0]), st.booleans()), max_size=8),
)
def test_sums_begin_again_as_if_only_the_latest_events_had_come(events: list[tuple[float, float, bool]]) -> None:
    reference_s = 10 * DAY_S
    account = AccountState("shop", reference_s, 0.0, reference_s, b"old", b"old", space=b"old")
    account.recent = [
        Recent(at_s, bytes([place]) * 8, "shop.product.viewed", "shop:1" if known else "", weight)
        for place, (at_s, weight, known) in enumerate(events)
    ]
    vector = np.array([0.6, 0.8], np.float32)
    begin_again(account, b"new", 2 * DAY_S, HalfLives(60 * DAY_S), {"shop:1": vector})
    for raw, half_life_s in ((account.short, 2 * DAY_S), (account.long, 60 * DAY_S)):
        expected = sum(weight * 2 ** (-(reference_s - at_s) / half_life_s) for at_s, weight, known in events if known)
        found = np.frombuffer(raw, np.float32) if raw else np.zeros(2)
        np.testing.assert_allclose(found, expected * vector, atol=1e-5)


def test_sums_that_fade_otherwise_begin_again_each_for_itself() -> None:
    old = Fading(5 * DAY_S, b"old", 1.0)
    account = AccountState("shop", 10 * DAY_S, 0.0, 10 * DAY_S, space=b"old", fadings=[old])
    account.recent = [
        Recent(5 * DAY_S, b"1" * 8, "shop.product.viewed", "shop:1", 1.0),
        Recent(10 * DAY_S, b"2" * 8, "shop.order.completed", "shop:1", 8.0),
    ]
    assert is_foreign(account, b"new")
    half_lives = HalfLives(60 * DAY_S, {"product.viewed": 5 * DAY_S}.get)
    begin_again(account, b"new", 2 * DAY_S, half_lives, {"shop:1": np.array([0.6, 0.8], np.float32)})
    np.testing.assert_allclose(np.frombuffer(old.long, np.float32), [0.3, 0.4], atol=1e-6)
    np.testing.assert_allclose(np.frombuffer(account.long, np.float32), [4.8, 6.4], atol=1e-6)


def test_an_event_from_before_its_action_had_a_half_life_of_its_own_stays_in_the_common_sum() -> None:
    account = AccountState("shop", 120 * DAY_S, 0.0, 120 * DAY_S, b"old", b"old", space=b"old")
    account.recent = [Recent(60 * DAY_S, b"1" * 8, "shop.product.viewed", "shop:1", 1.0)]
    half_lives = HalfLives(60 * DAY_S, {"product.viewed": 5 * DAY_S}.get)
    begin_again(account, b"new", 2 * DAY_S, half_lives, {"shop:1": np.array([0.6, 0.8], np.float32)})
    np.testing.assert_allclose(np.frombuffer(account.long, np.float32), [0.3, 0.4], atol=1e-6)


def test_profiles_wait_while_the_catalogue_is_being_encoded_anew_and_not_longer() -> None:
    left, clock = [30, 20, 0], [0.0]

    def step(seconds: float) -> None:
        clock[0] += seconds

    CatalogueEncoded(lambda: left.pop(0), step, lambda: clock[0]).wait()
    assert left == []

    clock[0] = 0.0
    CatalogueEncoded(lambda: 5, step, lambda: clock[0]).wait()
    assert clock[0] == STANDSTILL_S


def test_items_put_into_other_words_are_in_another_space():
    encoder = build_encoder(EncoderSpec("hashed"))
    assert model_of(encoder, render_version=1) == Model(encoder.name, encoder.version, encoder.dim)
    assert space_of(model_of(encoder, render_version=2).label) != space_of(model_of(encoder, render_version=1).label)
