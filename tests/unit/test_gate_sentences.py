"""D1: an event becomes a sentence."""

from __future__ import annotations

import pytest

from streams.domain.actions import BUILT_IN
from streams.domain.events import Event, Item
from streams.domain.sentences import Language, render_event

pytestmark = pytest.mark.requirement("D1")


def an_event(action: str, item: Item | None = None, text: str = "") -> Event:
    return Event(b"12345678", "a" * 32, "shop", f"shop.{action}", 0.0, 0.0, item=item, text=text)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "reviewed Trail shoe: Great grip"), ("zh", "评价 Trail shoe：Great grip")],
)
def test_a_review_reads_in_both_languages(language: Language, sentence: str) -> None:
    event = an_event("review.posted", Item("i", title="Trail shoe"), "Great grip")
    assert render_event(event, language) == sentence


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_action_of_the_contract_has_a_sentence_of_its_own(language: Language) -> None:
    actions = [name for name, action in BUILT_IN.items() if not action.control]
    sentences = {render_event(an_event(action, Item("i", title="T")), language) for action in actions}
    assert len(sentences) == len(actions)
    assert not any(action.replace(".", " ") in sentences for action in actions)


def test_an_unknown_action_is_called_by_its_name() -> None:
    assert render_event(an_event("exercise.done", Item("plan-1"))) == "exercise done plan-1"


def test_an_event_about_nothing_is_still_a_sentence() -> None:
    assert render_event(an_event("account.followed")) == "followed"
    assert render_event(an_event("product.searched", text="tent")) == "searched for: tent"
