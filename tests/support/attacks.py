"""Attempts to bend a profile, through the real gate and the real fold, and how far they get.

The worst case for vectors: everything honest points one way, everything of the attack at right angles to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from streams.adapters.mapping_files import decoder_for
from streams.domain.actions import Action, ActionTable, action_of
from streams.domain.decay import DAY_S
from streams.domain.events import Event
from streams.domain.folding import FoldRules, Observation, fold
from streams.domain.influence import InfluenceRules
from streams.domain.profiles import Model, ProfileRecord
from streams.domain.publishing import Cause, PublishRules, profile_of
from streams.domain.raw import RawRecord
from streams.domain.states import UserState
from streams.service.normalise import Normaliser

NOON_S = 20_250.5 * DAY_S
HONEST_DAYS = 60
MANY = 10_000
#: An action as a careless mapping file might declare it, with the largest weight that is allowed.
ACTIONS = ActionTable().with_actions({"deal.pushed": Action(weight=100.0)})
GATE = Normaliser(b"0123456789abcdef", decoder_for({}), ACTIONS)
AXES = np.eye(2, dtype=np.float32)
HONEST, ATTACK = 0, 1
VICTIM = "victim"


def a_record(name: str, kind: str, data: Mapping[str, Any], at_s: float) -> RawRecord:
    at = datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")
    event = {"specversion": "1.0", "id": name, "source": "/social", "type": f"social.{kind}",
             "subject": VICTIM, "time": at, "data": data}  # fmt: skip
    return RawRecord(json.dumps(event).encode(), (), NOON_S + DAY_S, "events.social")


def through_the_gate(records: Sequence[RawRecord]) -> list[Event]:
    batch = GATE.normalise(records, "social")  # type: ignore[arg-type]
    assert not batch.dead, batch.dead[0]
    return [event for _, event in batch.events]


def honest_life(per_day: int = 5) -> list[Event]:
    """Five likes a day for two months, all about tea."""
    return [
        msgspec.structs.replace(event, occurred_at_s=NOON_S - (HONEST_DAYS - number // per_day) * DAY_S)
        for number, event in enumerate(
            through_the_gate(
                [
                    a_record(f"honest-{n}", "post.liked", {"item": {"item_id": f"tea-{n}", "category": "tea"}}, NOON_S)
                    for n in range(HONEST_DAYS * per_day)
                ]
            )
        )
    ]


@dataclass(frozen=True)
class Attack:
    """events: within one day. about: the tag that it is meant to make, empty for texts, which make none."""

    name: str
    events: list[Event]
    about: str = ""


def attacks() -> Iterator[Attack]:
    """Each within a minute of noon."""
    same = [{"text": "buy gold now"}] * MANY
    alike = [{"text": _varied("buy gold now", n)} for n in range(MANY)]
    distinct = [{"text": f"{_word(n)} {_word(7 * n + 1)} gold"} for n in range(MANY)]
    burst = [{"item": {"item_id": f"gold-{n}", "category": "gold"}} for n in range(MANY)]
    one = [{"item": {"item_id": "gold", "category": "gold"}}] * MANY
    tagged = [{"item": {"item_id": "gold", "tags": [_varied("gold", n)]}} for n in range(MANY)]
    yield Attack("one text, 10,000 times", _posted("post.created", same))
    yield Attack("10,000 texts alike", _posted("post.created", alike))
    yield Attack("10,000 different texts", _posted("post.created", distinct))
    yield Attack("10,000 likes in a minute", _posted("post.liked", burst), "category:gold")
    yield Attack("10,000 likes of one item", _posted("post.liked", one), "category:gold")
    yield Attack("one tag in 10,000 disguises", _posted("post.liked", tagged), "topic:gold")
    yield Attack("1,000 events of weight 100", _posted("deal.pushed", burst[:1_000]), "category:gold")


def _posted(kind: str, datas: Sequence[Mapping[str, Any]]) -> list[Event]:
    return through_the_gate([a_record(f"bad-{n}", kind, data, NOON_S + n * 60.0 / MANY) for n, data in enumerate(datas)])


def _varied(text: str, number: int) -> str:
    """The text with other letters, widths, invisible characters, case and, where it has spaces, digits."""
    letters = list(text)
    for bit, (latin, other) in enumerate((("o", "о"), ("g", "ｇ"), ("d", "\u200bd"), ("l", "L"))):
        if number >> bit & 1:
            letters = [other if letter == latin else letter for letter in letters]
    return "".join(letters) + (f" {number}!" if " " in text else "")


def _word(number: int) -> str:
    return "".join(chr(ord("a") + number // 26**place % 26) for place in range(4))


def profile_after(events: Sequence[Event], influence: InfluenceRules | None, row_of: Mapping[int, int]) -> ProfileRecord:
    """The victim's profile. row_of: the axis of an event by its place, HONEST where it is not named."""
    state = UserState()
    rules = FoldRules(2, lambda kind: ACTIONS.weight_of(action_of(kind)), influence=influence)
    observations = [Observation(n, "user", event, row_of.get(n, HONEST)) for n, event in enumerate(events)]
    fold(rules, {"user": state}, observations, AXES)
    return profile_of(PublishRules(Model("m", "1", 2), 2 * DAY_S, 60 * DAY_S), "user", state, Cause("update", []))


@dataclass(frozen=True)
class Moved:
    """How far. degrees: of the long and the short vector. share: of the tag among the positive scores."""

    long_degrees: float
    short_degrees: float
    score: float
    share: float
    brought: float


def moved(attack: Attack, influence: InfluenceRules | None, honest: Sequence[Event]) -> Moved:
    before = profile_after(honest, influence, {})
    rows = {len(honest) + n: ATTACK for n in range(len(attack.events))}
    after = profile_after([*honest, *attack.events], influence, rows)
    liked = {f"{tag.kind}:{tag.tag}": tag.score for tag in after.tags if tag.score > 0.0}
    score = liked.get(attack.about, 0.0)
    aged = 2.0 ** (-(after.as_of - before.as_of) / (60 * DAY_S))
    brought = after.platforms["social"].mass - before.platforms["social"].mass * aged
    return Moved(_degrees(after.vectors.long), _degrees(after.vectors.short), score, score / sum(liked.values()), brought)


def _degrees(vector: bytes) -> float:
    honest, attack = np.frombuffer(vector, np.float16).astype(float)
    return float(np.degrees(np.arctan2(attack, honest)))
