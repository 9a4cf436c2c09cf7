"""What was done, told as CloudEvents 1.0 in the names of the contract."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streams.simulation.people import Person
from streams.simulation.records import JSON, SCHEMA, CloudEvent, rfc3339
from streams.simulation.visits import Step


@dataclass(frozen=True, slots=True)
class Deed:
    """One step of one person on one platform; without a session when it is about the person."""

    person: Person
    platform: str
    step: Step
    session: str = ""


def tell(deeds: Sequence[Deed], now_s: float) -> list[CloudEvent]:
    """One event a deed, in their order, oldest first. A step and what it undoes are of one visit, so of one source.

    now_s is part of the ids: a later run of the same seed tells other events, not repetitions.
    """
    identifiers = {id(deed.step): f"{int(now_s):x}-{number:06x}" for number, deed in enumerate(deeds)}
    events = []
    for deed in deeds:
        undone = deed.step.undoes
        reversal = {} if undone is None else {"reverses_id": identifiers[id(undone)]}
        events.append(cloud_event(identifiers[id(deed.step)], deed, deed.step.data | reversal))
    return events


def cloud_event(identifier: str, deed: Deed, data: Mapping[str, Any]) -> CloudEvent:
    """One event. Raises KeyError when the person has no account on the platform."""
    region = "cn" if deed.person.language == "zh" else "eu"
    event: CloudEvent = {
        "specversion": "1.0",
        "id": identifier,
        "source": f"/platforms/{deed.platform}-{region}",
        "type": f"{deed.platform}.{deed.step.action}",
        "subject": deed.person.accounts[deed.platform],
        "time": rfc3339(deed.step.at_s),
        "datacontenttype": JSON,
        "dataschema": SCHEMA,
    }
    if deed.person.userid:
        event["userid"] = deed.person.userid
    if deed.session:
        event["sessionid"] = deed.session
    if deed.step.action.startswith("recommendation."):
        event["experiment"] = f"ranking:{_variant(deed.person)}"
    return event | {"data": dict(data)}


def _variant(person: Person) -> str:
    """Half of the people see the one ranking, half the other, on whatever platform."""
    return "ab"[zlib.crc32(person.name.encode()) % 2]
