"""From the traits that a platform sends to those that Braid keeps: a list of names, cleaned values, ages as bands.

A name that is not on the list is left out before anything is stored, so an e-mail or a postal address under whatever
name never passes. A value in which personal data would be masked, and one that is no short text, number or truth, takes
the trait back: what the account said before is not true any more, and what it says now is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from streams.domain import reasons
from streams.domain.cleaning import RAW_PER_KEPT
from streams.domain.envelopes import MAX_LIST_ITEMS, NO_DATA, Envelope
from streams.domain.events import TraitValue
from streams.domain.languages import code_of
from streams.domain.masking import clean_and_mask, mask
from streams.errors import InvalidEvent

USER_TRAITS: Final = "user.traits"
#: Names that are kept unless the operator chooses others: demographics that describe many people.
DEFAULT_TRAITS: Final = frozenset(
    {
        "age_band", "country", "education", "gender", "household_size", "income_band", "language", "occupation",
        "region",
    }
)  # fmt: skip
MAX_VALUE_CHARS: Final = 64
MAX_NUMBER: Final = 1e9
OLDEST_YEARS: Final = 120

_AGE_BAND: Final = "age_band"
_BANDS: Final = (
    (65, "65+"), (55, "55-64"), (45, "45-54"), (35, "35-44"), (25, "25-34"), (18, "18-24"), (13, "13-17"), (0, "0-12"),
)  # fmt: skip
#: Words that make a name one of a person's, not of many people's.
_IDENTIFYING: Final = frozenset(
    {
        "account", "address", "avatar", "birth", "birthdate", "birthday", "dob", "email", "id", "ip", "mail", "mobile",
        "name", "passport", "password", "phone", "photo", "postcode", "ssn", "street", "surname", "tel", "telephone",
        "url", "username", "website", "wechat", "zip",
    }
)  # fmt: skip
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_NAME = re.compile(r"[^a-z0-9]+")
_A_BAND = re.compile(r"\d{1,3}(?:-\d{1,3}|\+)", re.ASCII)
_A_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ].*)?", re.ASCII | re.DOTALL)
#: What the decoders raise for bytes of a platform; anything else would end every worker that reads them.
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeError, RecursionError)
#: A map in MessagePack begins with a byte from here on; a document in JSON is ASCII there.
_FIRST_OF_MSGPACK: Final = 0x80
_json: Final = msgspec.json.Decoder(dict[str, Any] | None).decode
_msgpack: Final = msgspec.msgpack.Decoder(dict[str, Any] | None).decode


def trait_name(raw: str) -> str:
    """The name that Braid knows a trait by. Raises ValueError for one that identifies a person.

    >>> trait_name("Household Size"), trait_name("incomeBand")
    ('household_size', 'income_band')
    """
    name = _spelt(raw)
    if not name or not _IDENTIFYING.isdisjoint(name.split("_")):
        raise ValueError(f"trait {raw!r}: names a person, or nothing; keep traits that many people share")
    return name


def said_traits(envelope: Envelope) -> dict[str, Any]:
    """`data.traits` as it came, at most 256 names. Raises InvalidEvent."""
    raw = bytes((envelope.data or NO_DATA).traits)
    try:
        said = (_msgpack if raw[:1] >= bytes([_FIRST_OF_MSGPACK]) else _json)(raw) if raw else None
    except _UNREADABLE:
        raise InvalidEvent(reasons.WRONG_TYPE, "data.traits: an object, values by name") from None
    if said is not None and len(said) > MAX_LIST_ITEMS:
        raise InvalidEvent(reasons.OUT_OF_RANGE, f"data.traits: at most {MAX_LIST_ITEMS} names")
    return said or {}


def kept_traits(said: Mapping[str, Any], at_s: float, names: Collection[str]) -> dict[str, TraitValue | None]:
    """What is kept of them, None for a trait that is taken back.

    names: those that are kept. at_s: event time, UTC seconds: what an age or a birthday comes to. Neither of these two
    is kept itself.

    >>> kept_traits({"email": "ann@example.org", "Gender": "f", "birthday": "1990-05-01"}, 1.7e9, DEFAULT_TRAITS)
    {'gender': 'f', 'age_band': '25-34'}
    """
    spelt = {_spelt(raw): said[raw] for raw in sorted(said)}
    kept = {name: _kept(value) for name, value in spelt.items() if name in names and name != _AGE_BAND}
    if isinstance(language := kept.get("language"), str):
        kept["language"] = code_of(language) or language
    if _AGE_BAND in names:
        for name, read in _AGES.items():
            if name in spelt:
                kept[_AGE_BAND] = read(spelt[name], at_s)
                break
    return kept


def _spelt(raw: str) -> str:
    return _NO_NAME.sub("_", _WORD_START.sub("_", raw[:MAX_VALUE_CHARS]).lower()).strip("_")


def _kept(value: Any) -> TraitValue | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value if abs(value) <= MAX_NUMBER and not mask(str(value)).counts else None
    if not isinstance(value, str) or len(value) > RAW_PER_KEPT * MAX_VALUE_CHARS:
        return None
    masked = clean_and_mask(value, MAX_VALUE_CHARS + 1)
    return masked.text if 0 < len(masked.text) <= MAX_VALUE_CHARS and not masked.counts else None


def _band(value: Any, _: float) -> str | None:
    return value if isinstance(value, str) and _A_BAND.fullmatch(value) else None


def _band_of_birthday(value: Any, at_s: float) -> str | None:
    found = _A_DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        born = date.fromisoformat(found[1]) if found else None
        today = datetime.fromtimestamp(at_s, UTC).date()
    except (ValueError, OverflowError, OSError):
        return None
    if born is None:
        return None
    return _band_of_age(today.year - born.year - ((today.month, today.day) < (born.month, born.day)), at_s)


def _band_of_age(value: Any, _: float) -> str | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(OLDEST_YEARS)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= OLDEST_YEARS:
        return None
    return next(band for years, band in _BANDS if value >= years)


#: Where an age may stand; the first that is there decides.
_AGES: Final[Mapping[str, Callable[[Any, float], str | None]]] = {
    _AGE_BAND: _band, "birthday": _band_of_birthday, "birth_date": _band_of_birthday, "birthdate": _band_of_birthday,
    "date_of_birth": _band_of_birthday, "age": _band_of_age,
}  # fmt: skip
