"""Pushes each changed profile to a Feast feature server: `POST /push` for a `PushSource`.

    pip install confluent-kafka msgpack httpx
    python -m docs.examples.push_to_feast 127.0.0.1:9092 http://127.0.0.1:6566

The feature repository needs an entity and a source of this shape:

    person = Entity(name="person", join_keys=["profile_id"])
    profiles = PushSource(name="braid_profiles", batch_source=...)   # with profile_id, event_timestamp and the features
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import httpx

from docs.examples.consume_profiles import changes, interests

PUSH_SOURCE = "braid_profiles"
TIMEOUT_S = 10


def features(profile: dict[str, Any]) -> dict[str, Any]:
    """One row: the entity's key, the time that it is true for, and the features. Plain values: Feast has no maps."""
    intent = profile["intent"] or {"kind": "none", "confidence": 0.0}
    return {
        "profile_id": profile["profile_id"],
        "event_timestamp": datetime.fromtimestamp(profile["as_of"], UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "interests": interests(profile, most=12),
        "intent": intent["kind"],
        "intent_confidence": float(intent["confidence"]),
        "n_events": profile["events_applied"],
        "confidence": float(profile["quality"]["confidence"]),
        "segments": [segment["id"] for segment in profile["segments"]],
    }


def push_body(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the feature server takes: a data frame by columns, and where it is to go."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    return {"push_source_name": PUSH_SOURCE, "df": columns, "to": "online"}


def push(feast: httpx.Client, profile: dict[str, Any]) -> None:
    """Raises httpx.HTTPError when Feast did not take it: then the change is not committed, and comes again."""
    feast.post("/push", json=push_body([features(profile)])).raise_for_status()


def may_be_shared(profile: dict[str, Any]) -> bool:
    """Whether the person's consents let others use the profile. Where nobody said anything, your own rule decides."""
    return profile["consents"].get("share", {}).get("status") == "granted"


if __name__ == "__main__":
    with httpx.Client(base_url=sys.argv[2], timeout=TIMEOUT_S) as client:
        for _, changed in changes(sys.argv[1], group="feast"):
            # Feast has no way to delete a row by push: let rows expire there by the feature view's ttl.
            if changed is not None and may_be_shared(changed):
                push(client, changed)
