"""Which field a refusal is about, read from its detail: details name fields and types, never values."""

from __future__ import annotations

import re
from typing import Final

from streams.domain import reasons

#: As the decoders write it: "... - at `$.data.item.price`", list places as `[...]`.
_PLACE: Final = re.compile(r"`\$\.?([^`]*)`$")
_MISSING: Final = re.compile(r"missing required field `([^`]+)`")
#: As Braid writes it: "data.item or data.text", "time: use RFC 3339 ...".
_NAMED: Final = re.compile(r"([a-z][a-z0-9_.-]*(?:(?: or |, )[a-z][a-z0-9_.-]*)*)(?::|$)")
_LIST_PLACE: Final = re.compile(r"\[[^\]]*\]")
#: Of a mapping file that does not say where the type stands.
_OF_THE_MAPPING: Final = "the mapping's envelope."
#: Refusals of the record as a whole.
_WHOLE: Final = frozenset(
    {
        reasons.BAD_JSON, reasons.BAD_MSGPACK, reasons.BAD_ENCODING, reasons.NULL_VALUE, reasons.TOO_LARGE,
        reasons.TOO_DEEP,
    }
)  # fmt: skip


def field_of(reason: str, detail: str) -> str:
    """The field by its path in the contract, "" for a refusal of the record as a whole.

    >>> field_of("wrong_type", "Expected `float | null`, got `str` - at `$.data.rating`")
    'data.rating'
    >>> field_of("missing_field", "Object missing required field `item_id` - at `$.data.item`")
    'data.item.item_id'
    >>> field_of("bad_time", "sentat: no such date or time of day"), field_of("bad_json", "not one document")
    ('sentat', '')
    """
    if reason in _WHOLE:
        return ""
    place, missing = _PLACE.search(detail), _MISSING.search(detail)
    if place is not None or missing is not None:
        below = _LIST_PLACE.sub("", place[1]) if place else ""
        return ".".join(part for part in (below, missing[1] if missing else "") if part)
    named = _NAMED.match(detail.removeprefix(_OF_THE_MAPPING))
    return named[1] if named else ""
