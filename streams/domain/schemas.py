"""What Braid reads and writes as JSON Schemas, made from the types that decode and encode it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from streams.domain.audit_records import AuditRecord
from streams.domain.consents import PURPOSES, Purpose
from streams.domain.envelopes import SPEC_VERSION, Data, Envelope
from streams.domain.field_classes import with_classes
from streams.domain.identity_envelopes import IdentityEnvelope
from streams.domain.profiles import PROFILE_SCHEMA_VERSION, ProfileRecord

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
EVENT_SCHEMA_VERSION: Final = 1
AUDIT_SCHEMA_VERSION: Final = 1
_WHO: Final = ({"required": ["subject"]}, {"required": ["anonymousid"]})

Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """By name: values of `events.<platform>`, `items`, `identity`, `profiles` and `audit`."""
    return {
        "event": _named("event", EVENT_SCHEMA_VERSION, _event() | {"anyOf": list(_WHO)}),
        "item": _named("item", EVENT_SCHEMA_VERSION, _event()),
        "identity": _named("identity", EVENT_SCHEMA_VERSION, _identity()),
        "profile": _named("profile", PROFILE_SCHEMA_VERSION, with_classes(msgspec.json.schema(ProfileRecord))),
        "audit": _named("audit", AUDIT_SCHEMA_VERSION, msgspec.json.schema(AuditRecord)),
    }


def _named(name: str, version: int, schema: Schema) -> Schema:
    return {"$schema": DIALECT, "$id": f"urn:braid:{name}:{version}"} | schema


def _event() -> Schema:
    data = _with(Data, {"traits": dict[str, Any] | None})
    consent = Literal["granted", "denied"] | dict[Purpose, bool] | None
    envelope = _with(Envelope, {"consent": consent, "data": data | None}, {"time": str})
    schema = _as_cloud_event(msgspec.json.schema(envelope), "Envelope")
    fields = schema["$defs"]["Envelope"]["properties"]
    (by_purpose,) = (kind for kind in fields["consent"]["anyOf"] if kind.get("type") == "object")
    by_purpose["propertyNames"] = {"enum": list(PURPOSES)}
    # The end of a text is `\\Z` to Python and `$` to JSON Schema.
    text = fields["experiment"]["anyOf"][0]
    text["pattern"] = text["pattern"].replace("\\Z", "$")
    return schema


def _identity() -> Schema:
    return _as_cloud_event(msgspec.json.schema(IdentityEnvelope), "IdentityEnvelope")


def _as_cloud_event(schema: Schema, name: str) -> Schema:
    fields = schema["$defs"][name]["properties"]
    fields["specversion"] = {"const": SPEC_VERSION}
    for moment in {"time", "sentat"} & fields.keys():
        fields[moment]["description"] = "RFC 3339 with an offset."
    return schema


def _with(
    kind: type[msgspec.Struct], instead: Mapping[str, Any], required: Mapping[str, Any] = MappingProxyType({})
) -> type[msgspec.Struct]:
    """The same structure with other types for some fields: what is kept undecoded says itself what it may hold.

    instead: their types; they may be absent. required: types of fields that a decoder leaves to a later check.
    """
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(kind):
        if field.name in instead:
            fields.append((field.name, instead[field.name], None))
        elif field.name in required:
            fields.append((field.name, required[field.name]))
        elif field.default is msgspec.NODEFAULT:
            fields.append((field.name, field.type))
        else:
            fields.append((field.name, field.type, field.default))
    described = msgspec.defstruct(kind.__name__, fields, kw_only=True)
    described.__doc__ = kind.__doc__
    return described
