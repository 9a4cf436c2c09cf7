"""N3: which variant of an experiment somebody was given, from the event to the profile, in any order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.adapters.cloudevents import decode
from streams.domain.events import Event, event_id
from streams.domain.experiment_view import experiments_of
from streams.domain.experiments import MAX_EXPERIMENTS, Assigned, assign
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.profiles import Experiment, Model, decode_profile, encode_profile
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.states import UserState, pack_state, unpack_state
from streams.service.normalise import NormalisedBatch, Normaliser
from tests.support.cloud_events import FORMS, NOON_S, Form, a_cloud_event, a_record

pytestmark = pytest.mark.requirement("N3")
DIM = 2
FOLD = FoldRules(DIM, lambda _: 0.0)
PUBLISH = PublishRules(Model("m", "1", DIM), 1.0, 1.0)


def normalised(form: Form = "json", **said: Any) -> NormalisedBatch:
    gate = Normaliser(b"0123456789abcdef", lambda _: decode)
    return gate.normalise([a_record(a_cloud_event(**said), form)], "shop")


def folded(events: list[Event]) -> UserState:
    states = {"user": UserState()}
    for offset, event in enumerate(events):
        fold(FOLD, states, [Observation(offset, "user", event, -1)], np.zeros((0, DIM), np.float32))
        states["user"] = unpack_state(pack_state(states["user"]))
    return states["user"]


def under(number: int, experiment: str, at_s: float, account: str = "shop-1") -> Event:
    platform = account.partition("-")[0]
    kind = f"{platform}.recommendation.shown"
    return Event(event_id("s", str(number)), account, platform, kind, at_s, at_s, experiment=experiment)


def published(events: list[Event]) -> list[Experiment]:
    record = profile_of(PUBLISH, "user", folded(events), Cause("update", []))
    return decode_profile(encode_profile(record)).experiments


@pytest.mark.parametrize("form", FORMS)
def test_an_event_carries_its_assignment_through_the_gate(form: Form) -> None:
    ((_, event),) = normalised(form, experiment="ranking-7.b_2:Variant-B").events
    assert event.experiment == "ranking-7.b_2:Variant-B"
    ((_, without),) = normalised(form).events
    assert without.experiment == ""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "wrong", ["", "ranking", "ranking:", ":b", "a:b:c", "a b:c", "ranking:é", "a:b\n", f"{'a' * 65}:b", "ann@x.org:b"]
)
def test_what_is_no_assignment_is_refused_like_every_wrong_extension(wrong: str, form: Form) -> None:
    (letter,) = normalised(form, experiment=wrong).dead
    assert letter.reason == "out_of_range"
    assert "ann@" not in letter.detail


def test_the_newest_assignment_of_each_experiment_is_published_newest_first() -> None:
    events = [
        under(1, "ranking:a", NOON_S), under(2, "layout:x", NOON_S + 5), under(3, "ranking:b", NOON_S + 9, "video-1"),
        under(4, "ranking:c", NOON_S - 9), under(5, "", NOON_S + 20),
    ]  # fmt: skip
    assert published(events) == [Experiment("ranking", "b", NOON_S + 9), Experiment("layout", "x", NOON_S + 5)]


@pytest.mark.requirement("H5")
@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, MAX_EXPERIMENTS + 3), st.sampled_from("ab"), st.integers(0, 4), st.sampled_from("12")),
        min_size=1,
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
def test_any_order_and_any_repeats_give_the_same_assignments(said: list[Any], random: Any) -> None:
    events = [
        under(n, f"e{name}:{variant}", NOON_S + at_s, f"shop-{who}")
        for n, (name, variant, at_s, who) in enumerate(said)
    ]
    other = events + events[:5]
    random.shuffle(other)
    one, two = folded(events), folded(other)
    for name, account in one.accounts.items():
        assert account.experiments == two.accounts[name].experiments
        assert len(account.experiments) <= MAX_EXPERIMENTS
    assert published(events) == published(other)


def test_the_bound_keeps_the_latest() -> None:
    held: dict[str, Assigned] = {}
    for number in range(MAX_EXPERIMENTS + 4):
        held = assign(held, f"e{number}:a", float(number))
    assert set(held) == {f"e{number}" for number in range(4, MAX_EXPERIMENTS + 4)}
    assert len(experiments_of([held, {"other": Assigned(0.5, "a")}])) == MAX_EXPERIMENTS
