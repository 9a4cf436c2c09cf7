"""Dead letters, and what the gate says of them now."""

from __future__ import annotations

import json
from typing import Any

from streams.adapters.cloudevents import decode
from streams.adapters.identity_events import decode_identity
from streams.adapters.mapping_files import decoder_for
from streams.domain import reasons
from streams.domain.dead_letters import DeadLetter
from streams.domain.identity_guards import IdentityRules
from streams.domain.limits import IngestLimits
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.errors import InvalidEvent
from streams.service.identity_gate import IdentityGate
from streams.service.letter_trials import LetterTrials
from streams.service.normalise import Normaliser
from tests.support.serving import NOON_S, SECRET, ManualClock


def a_letter(value: bytes | None, topic: str = "events.shop", key: bytes | None = b"ann") -> DeadLetter:
    record = RawRecord(value, topic=topic, offset=7, timestamp_s=NOON_S, key=key)
    return DeadLetter.of(record, "normalise", InvalidEvent(reasons.UNKNOWN_TYPE, "type"))


def an_event(**changes: Any) -> bytes:
    event = {
        "specversion": "1.0", "id": "1", "source": "/shop", "type": "shop.product.viewed", "subject": "ann",
        "time": "2023-11-14T22:00:00Z", "data": {"item": {"item_id": "shoe"}},
    }  # fmt: skip
    return json.dumps(event | changes).encode()


def trials() -> LetterTrials:
    limits = IngestLimits()
    return LetterTrials(
        TopicNames(),
        lambda: Normaliser(SECRET, decoder_for({})),
        lambda: IdentityGate(SECRET, decode_identity, IdentityRules(), limits),
        (limits, decode),
        ManualClock(),
    )
