"""A platform's own dialect, turned into the contract's envelope by a table: `<platform>.toml`, no code, no expressions.

`docs/platforms.md` explains the file. Files are read and checked once, at start: a fault names file, key and remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, Literal

import msgspec

from streams.adapters.cloudevents import guarded
from streams.adapters.mapping_fields import OTHERWISE, FieldSpec, Kind, compile_field, first_of
from streams.domain import reasons
from streams.domain.actions import IGNORED, Action
from streams.domain.consents import PURPOSES
from streams.domain.envelopes import SPEC_VERSION, Envelope
from streams.domain.letter_owners import Named
from streams.domain.platforms import Platform
from streams.errors import InvalidEvent

Specs = dict[str, str | FieldSpec]

ENVELOPE_KINDS: Final[dict[str, Kind]] = {
    "id": "text", "source": "text", "type": "text", "time": "time", "sentat": "time", "subject": "text",
    "userid": "text", "anonymousid": "text", "sessionid": "text", "experiment": "text",
}  # fmt: skip
DATA_KINDS: Final[dict[str, Kind]] = {
    "text": "text", "query": "text", "reverses_id": "text", "rating": "number", "value": "number",
    "quantity": "number", "position_s": "number", "duration_s": "number", "dwell_s": "number", "completed": "flag",
    "traits": "table",
}  # fmt: skip
ITEM_KINDS: Final[dict[str, Kind]] = {
    "item_id": "text", "title": "text", "description": "text", "category": "text", "brand": "text", "color": "text",
    "tags": "list", "price": "number", "currency": "text", "author": "text", "genre": "list", "duration_s": "number",
    "language": "text",
}  # fmt: skip
CONSENT_KINDS: Final[dict[str, Kind]] = dict.fromkeys(PURPOSES, "flag")
REQUIRED: Final = ("id", "source", "type", "time")


class ActionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a mapping file may say about an action of its own; the names of `streams.domain.actions.Action`."""

    weight: float = 1.0
    takes: str = "none"
    needs: list[str] = msgspec.field(default_factory=lambda: ["item"])
    words: str | None = None
    reverses: str | None = None
    facet: str = "content"
    ignored: bool = False


class MappingSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of a mapping file.

    root: where all paths begin, the first that is there; the whole document where none is. tombstones: whether a record
    without a value is left out, as what deletes a key from a compacted topic, or refused (None: refused).
    """

    dialect: str | None = None
    description: str = ""
    root: str | list[str] | None = None
    tombstones: Literal["ignored", "refused"] | None = None
    envelope: Specs = {}
    consent: Specs = {}
    data: Specs = {}
    item: Specs = {}
    types: dict[str, str] = {}
    actions: dict[str, ActionSpec] = {}


class Mapping:
    """A checked mapping file. actions: those it declares beside the contract's. types: the platform's to actions."""

    def __init__(self, platform: Platform, spec: MappingSpec, actions: dict[str, Action]) -> None:
        """Raises ValueError with the key that is at fault."""
        self.platform = platform
        self.actions = actions
        self.types = dict(spec.types)
        self.ignores_tombstones = spec.tombstones == "ignored"
        self._root = None if spec.root is None else first_of(spec.root, "root")
        self._consent = _compiled(spec.consent, CONSENT_KINDS, "consent")
        fields = _compiled(spec.envelope, ENVELOPE_KINDS, "envelope")
        for name in REQUIRED:
            if name not in fields:
                raise ValueError(f"envelope.{name}: missing; say where it stands")
        self._kind = fields.pop("type")
        self._sections = (
            fields,
            _compiled(spec.data, DATA_KINDS, "data"),
            _compiled(spec.item, ITEM_KINDS, "item"),
        )

    def apply(self, document: dict[str, Any]) -> Envelope:
        """The envelope of a foreign document. Raises InvalidEvent."""
        document = self._rooted(document)
        action = self._action(document)
        if action == IGNORED:
            return self.ignored()
        envelope, data, item = (_values(section, document) for section in self._sections)
        if _is_named(item):
            data["item"] = item
        consent = _values(self._consent, document)
        if consent:
            envelope["consent"] = msgspec.Raw(msgspec.json.encode(consent))
        said = {**envelope, "specversion": SPEC_VERSION, "type": f"{self.platform}.{action}", "data": data}
        return guarded(_to_envelope, said, reasons.MAPPING_FAILED)

    def ignored(self) -> Envelope:
        """What is counted and left out. Nobody reads the rest of such a record, so nothing in it can be wrong."""
        return Envelope(specversion=SPEC_VERSION, id="-", source="-", type=f"{self.platform}.{IGNORED}")

    def fields_of(self, document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, InvalidEvent]]:
        """Each field on its own: those that can be read, in the contract's shape, and what is wrong with the others.

        Faults are by path, `data.rating`. For people who try an event out; `apply` stops at the first fault.
        """
        document = self._rooted(document)
        faults: dict[str, InvalidEvent] = {}
        envelope: dict[str, Any] = {"specversion": SPEC_VERSION}
        data: dict[str, Any] = {}
        item: dict[str, Any] = {}
        consent: dict[str, Any] = {}
        try:
            envelope["type"] = f"{self.platform}.{self._action(document)}"
        except InvalidEvent as error:
            faults["type"] = error
        heads = (("", envelope), ("data.", data), ("data.item.", item), ("consent.", consent))
        for section, (head, into) in zip((*self._sections, self._consent), heads, strict=True):
            for name, value_of in section.items():
                try:
                    value = value_of(document)
                except InvalidEvent as error:
                    faults[head + name] = error
                else:
                    if value is not None:
                        into[name] = value
        if _is_named(item):
            data["item"] = item
        if consent:
            envelope["consent"] = consent
        return {**envelope, "data": data}, faults

    def named(self, document: dict[str, Any]) -> Named:
        """Who and when, of a document that was refused: each field that can be read."""
        return Named(**self.texts(document, Named._fields))

    def texts(self, document: dict[str, Any], names: Iterable[str]) -> dict[str, str]:
        """Those fields of the envelope that can be read, whatever is wrong with the rest."""
        document = self._rooted(document)
        said: dict[str, str] = {}
        for name in names:
            if name in self._sections[0]:
                with suppress(InvalidEvent):
                    value = self._sections[0][name](document)
                    if value is not None:
                        said[name] = value
        return said

    def _rooted(self, document: dict[str, Any]) -> dict[str, Any]:
        found = None if self._root is None else self._root(document)
        return found if isinstance(found, dict) else document

    def _action(self, document: dict[str, Any]) -> str:
        kind = self._kind(document)
        if kind is None:
            raise InvalidEvent(reasons.MISSING_FIELD, "the mapping's envelope.type")
        action = self.types.get(kind) or self.types.get(OTHERWISE)
        if action is None:
            raise InvalidEvent(reasons.UNKNOWN_TYPE, "type: not in the mapping's [types]")
        return action


def _compiled(specs: Specs, kinds: dict[str, Kind], section: str) -> dict[str, Callable[[Any], Any]]:
    fields = {}
    for name, spec in specs.items():
        if name not in kinds:
            raise ValueError(f"{section}.{name}: no such field; use one of {', '.join(kinds)}")
        try:
            fields[name] = compile_field(spec, kinds[name])
        except ValueError as error:
            raise ValueError(f"{section}.{name}: {error}") from error
    return fields


def _values(section: dict[str, Callable[[Any], Any]], document: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for name, value_of in section.items():
        try:
            value = value_of(document)
        except InvalidEvent as error:
            raise InvalidEvent(error.reason, f"{name}: {error.detail}") from None
        if value is not None:
            values[name] = value
    return values


def _is_named(item: dict[str, Any]) -> bool:
    """What describes an item, as a language does, may be there without one; the gate says which action needs one."""
    return "item_id" in item


def _to_envelope(said: dict[str, Any]) -> Envelope:
    return msgspec.convert(said, Envelope)
