"""One event field by field: what the gate keeps of each, beside what was said. No verdict repeats a value.

Texts are shown as they would be kept, ids as their hashes, so that what was pasted with raw ids comes back without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal, NamedTuple

import msgspec

from streams.domain import reasons
from streams.domain.actions import Action
from streams.domain.clocks import format_time, parse_time
from streams.domain.envelopes import Data, Envelope, ItemData
from streams.domain.events import Event, Item
from streams.domain.identity_placeholders import is_placeholder
from streams.domain.limits import IngestLimits
from streams.domain.masking import clean_and_mask, mask
from streams.domain.trait_intake import kept_traits
from streams.errors import InvalidEvent
from streams.service.judge_records import Judgement

#: kept: as it was said. changed: `how`. used: the gate reads it, it is not kept itself. dropped: not kept, `how` says
#: why. fine: readable, of an event that is not kept. missing, wrong: what it is refused for. unknown: no field of the
#: contract.
Verdict = Literal["kept", "changed", "used", "dropped", "fine", "missing", "wrong", "unknown"]
#: The most urgent first.
VERDICTS: Final[tuple[Verdict, ...]] = ("wrong", "missing", "dropped", "changed", "unknown", "used", "kept", "fine")

#: What `how` may be beside the details of refusals; pages translate these.
HASHED: Final = "hashed"
LINKS: Final = "hashed, tells who is who"
CORRECTED: Final = "corrected by sentat"
CLAMPED: Final = "set to the time of arrival"
CLEANED: Final = "cleaned"
MASKED: Final = "masked"
CUT: Final = "cut"
SCALED: Final = "as the strength of the event"
CONVERTED: Final = "converted"
NOT_READ: Final = "not read for this type"
NO_RATE: Final = "its currency has no rate"
NOBODY: Final = "stands for nobody"
NOT_LISTED: Final = "not on the list of traits"
DEFAULT: Final = "as without it"
OR_VISITOR: Final = "or anonymousid"
NO_OBJECT: Final = "expected an object"
HOWS: Final = (
    HASHED, LINKS, CORRECTED, CLAMPED, CLEANED, MASKED, CUT, SCALED, CONVERTED, NOT_READ, NO_RATE, NOBODY, NOT_LISTED,
    DEFAULT, OR_VISITOR, NO_OBJECT,
)  # fmt: skip

SHORT_KEY: Final = 8
MAX_SHOWN_CHARS: Final = 200
_USED: Final = frozenset({"specversion", "datacontenttype", "dataschema", "sentat", "data_base64"})
#: Parts of `data` that an action's strength is made of, by what it takes.
_SIGNALS: Final[Mapping[str, frozenset[str]]] = {
    "rating": frozenset({"rating"}), "watch": frozenset({"position_s", "duration_s", "completed"}),
    "dwell": frozenset({"dwell_s"}), "quantity": frozenset({"quantity"}), "none": frozenset(),
}  # fmt: skip
_WILLS: Final = frozenset({"consents", "personalisation", "block_tags", "unblock_tags"})
#: Refusals that name a field whose type alone was looked at here already, or one that is not there.
_SEEN: Final = frozenset({reasons.MISSING_FIELD, reasons.WRONG_TYPE, reasons.MAPPING_FAILED})


class Document(NamedTuple):
    """An event as it was said, in the contract's shape. faults: by path, what a mapping file could not read."""

    fields: dict[str, Any]
    faults: Mapping[str, InvalidEvent]
    is_mapped: bool = False


class FieldVerdict(msgspec.Struct, frozen=True):
    """What becomes of one field. field: its path in the contract. becomes: as it would be kept, "" where it is not."""

    field: str
    verdict: Verdict
    how: str = ""
    becomes: str = ""


def short(key: str) -> str:
    """The head of a key, enough to compare it by."""
    return f"{key[:SHORT_KEY]}…"


class FieldVerdicts:
    """Of one event. action: of its type. now_s: when it would arrive, UTC seconds."""

    def __init__(
        self, judged: Judgement, document: Document, action: Action, limits: IngestLimits, now_s: float
    ) -> None:
        self._judged = judged
        self._document = document
        self._action = action
        self._limits = limits
        self._now_s = now_s
        self._data = _object(document.fields.get("data"))
        self._item = _object(self._data.get("item"))

    def all(self) -> list[FieldVerdict]:
        """One a field, the most urgent first."""
        found: dict[str, FieldVerdict] = {}
        for each in self._said():
            found.setdefault(each.field, each)
        judged = self._judged
        if judged.outcome == "rejected" and not any(each.verdict in {"wrong", "missing"} for each in found.values()):
            verdict: Verdict = "missing" if judged.reason == reasons.MISSING_FIELD else "wrong"
            found[judged.field] = FieldVerdict(judged.field, verdict, judged.detail)
        return sorted(found.values(), key=lambda each: VERDICTS.index(each.verdict))

    def _said(self) -> Iterator[FieldVerdict]:
        for path, error in self._document.faults.items():
            yield FieldVerdict(path, "missing" if error.reason == reasons.MISSING_FIELD else "wrong", error.detail)
        if self._judged.outcome == "rejected" and self._judged.reason not in _SEEN:
            yield FieldVerdict(self._judged.field, "wrong", self._judged.detail)
        yield from self._left_out()
        yield from self._section(Envelope, self._document.fields, "", frozenset({"data"}))
        yield from self._section(Data, self._data, "data.", frozenset({"item"}))
        yield from self._section(ItemData, self._item, "data.item.", frozenset())
        for path, value in (("data", self._document.fields.get("data")), ("data.item", self._data.get("item"))):
            if value is not None and not isinstance(value, dict):
                yield FieldVerdict(path, "wrong", NO_OBJECT)

    def _left_out(self) -> Iterator[FieldVerdict]:
        """What the contract requires and nobody said; the gate names the first only."""
        fields = self._document.fields
        for name in ("specversion", "id", "source", "type", "time"):
            if fields.get(name) is None:
                yield FieldVerdict(name, "missing")
        if fields.get("subject") is None and fields.get("anonymousid") is None:
            yield FieldVerdict("subject", "missing", OR_VISITOR)
        if self._item and self._item.get("item_id") is None:
            yield FieldVerdict("data.item.item_id", "missing")
        needs = self._action.needs
        if needs and not any(self._data.get(part) for part in needs):
            yield FieldVerdict(" or ".join(f"data.{part}" for part in needs), "missing")

    def _section(
        self, kind: type[msgspec.Struct], said: Mapping[str, Any], head: str, inner: frozenset[str]
    ) -> Iterator[FieldVerdict]:
        known = _types_of(kind)
        for name, value in said.items():
            if name in inner or (name in known and value is None):
                continue
            if name not in known:
                yield FieldVerdict(head + mask(name[:MAX_SHOWN_CHARS]).text, "unknown")
            elif fault := _fault_of(value, known[name]) or self._fault_of_time(head + name, value):
                yield FieldVerdict(head + name, "wrong", fault)
            elif self._judged.event is None:
                yield FieldVerdict(head + name, "used" if name in _USED else "fine")
            else:
                yield self._fate(head, name, value, self._judged.event)

    def _fault_of_time(self, path: str, value: Any) -> str:
        """Of what the gate refuses anyway: it stops at its first objection, and does not read every time."""
        if path in {"time", "sentat"} and self._judged.outcome == "rejected":
            try:
                parse_time(value, path)
            except InvalidEvent as error:
                return error.detail
        return ""

    def _fate(self, head: str, name: str, value: Any, event: Event) -> FieldVerdict:
        if head == "data.item.":
            return of_item_field(name, value, event.item, self._limits)
        return self._of_data(name, value, event) if head else self._of_envelope(name, value, event)

    def _of_envelope(self, name: str, value: Any, event: Event) -> FieldVerdict:
        if name in _USED:
            return FieldVerdict(name, "used")
        if name == "time":
            return self._of_time(value, event)
        if name == "consent":
            return FieldVerdict(name, "kept") if event.will is not None else FieldVerdict(name, "used", DEFAULT)
        is_account = name == "subject" or (name == "anonymousid" and self._document.fields.get("subject") is None)
        if name in {"userid", "anonymousid"} and not is_account:
            if is_placeholder("userid" if name == "userid" else None, value):
                return FieldVerdict(name, "dropped", NOBODY)
            return FieldVerdict(name, "changed", LINKS)
        identifier = event.event_id.hex()
        hashes = {"id": identifier, "source": identifier, "sessionid": short(event.session)}
        hashed = short(event.account) if is_account else hashes.get(name)
        return FieldVerdict(name, "changed", HASHED, hashed) if hashed else FieldVerdict(name, "kept", "", shown(value))

    def _of_time(self, value: str, event: Event) -> FieldVerdict:
        becomes = format_time(event.occurred_at_s, "time")
        if event.occurred_at_s == parse_time(value, "time"):
            return FieldVerdict("time", "kept", "", becomes)
        return FieldVerdict("time", "changed", CLAMPED if event.occurred_at_s == self._now_s else CORRECTED, becomes)

    def _of_data(self, name: str, value: Any, event: Event) -> FieldVerdict:
        path = f"data.{name}"
        if name == self._words_read():
            return of_words(path, value, event.text, self._limits.max_text_chars)
        if name == "traits" and event.traits is not None:
            return self._of_traits(path, value, event)
        if name == "reverses_id" and event.reverses is not None:
            return FieldVerdict(path, "changed", HASHED, event.reverses.hex())
        if name in _WILLS and event.will is not None:
            return FieldVerdict(path, "kept", "", shown(value))
        if name in _SIGNALS[self._action.takes]:
            return FieldVerdict(path, "changed", SCALED, shown(event.strength))
        return FieldVerdict(path, "dropped", NOT_READ)

    def _words_read(self) -> str | None:
        """Where an action's words come from; a search without a query is read from its text."""
        words = self._action.words
        return "text" if words == "query" and not self._data.get("query") else words

    def _of_traits(self, path: str, said: Any, event: Event) -> FieldVerdict:
        kept = kept_traits(_object(said), event.occurred_at_s, self._limits.traits)
        if not kept:
            return FieldVerdict(path, "dropped", NOT_LISTED)
        is_whole = kept == said
        return FieldVerdict(path, "kept" if is_whole else "changed", "" if is_whole else CLEANED, shown(kept))


def of_item_field(name: str, said: Any, item: Item | None, limits: IngestLimits) -> FieldVerdict:
    """A field of the item, beside the item as it would be kept."""
    path = f"data.item.{name}"
    if item is None:
        return FieldVerdict(path, "dropped", NOT_READ)
    becomes = getattr(item, name)
    if name in {"price", "currency"}:
        if not becomes and item.price is None:
            return FieldVerdict(path, "dropped", NO_RATE)
        return _compared(path, said, becomes, CONVERTED)
    if isinstance(said, str) and name not in {"item_id", "language"}:
        return of_words(path, said, becomes, limits.max_text_chars)
    return _compared(path, said, list(becomes) if isinstance(becomes, tuple) else becomes, CLEANED)


def of_words(path: str, said: str, becomes: str, max_chars: int) -> FieldVerdict:
    """A text beside what would be kept of it. max_chars: the most that is kept of any."""
    if becomes == said:
        return FieldVerdict(path, "kept", "", shown(becomes))
    if not becomes:
        return FieldVerdict(path, "dropped", CLEANED)
    whole = clean_and_mask(said, max_chars)
    is_cut = len(whole.text) > len(becomes) or len(said) > max_chars
    return FieldVerdict(path, "changed", MASKED if whole.counts else CUT if is_cut else CLEANED, shown(becomes))


def shown(value: Any) -> str:
    """A value that is kept, for people: digits that conversion leaves behind are left out."""
    value = round(value, 4) if isinstance(value, float) else value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]}…"


def _compared(path: str, said: Any, becomes: Any, how: str) -> FieldVerdict:
    if becomes == said:
        return FieldVerdict(path, "kept", "", shown(becomes))
    return FieldVerdict(path, "changed", how, shown(becomes)) if becomes else FieldVerdict(path, "dropped", how)


@cache
def _types_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


def _fault_of(value: Any, kind: Any) -> str:
    """What the contract objects to in a value of a field, "" for nothing: types and bounds, never the value."""
    if kind is msgspec.Raw:
        return ""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
