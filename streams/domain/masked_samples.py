"""A record as it may be shown to who looks for a fault: its form, and of its values only those that name nobody.

What may be shown is a list, not what must be hidden: a platform's own fields can hold anything. Everything else becomes
its type and length. Shown texts are masked as texts of events are, and none of them repeats an id of the same record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from streams.domain.masking import clean_and_mask

MAX_ENTRIES: Final = 60
MAX_TEXT_CHARS: Final = 120
MAX_DEPTH: Final = 12
#: Fields of the contract that describe the event or its item.
SHOWN: Final = frozenset({
    "specversion", "type", "time", "sentat", "source", "dataschema", "datacontenttype", "experiment",
    "data.item.item_id", "data.item.title", "data.item.category", "data.item.brand", "data.item.color",
    "data.item.tags[]", "data.item.price", "data.item.currency", "data.item.genre[]", "data.item.duration_s",
    "data.item.language", "data.rating", "data.value", "data.quantity", "data.position_s", "data.duration_s",
    "data.completed", "data.dwell_s", "consent", "data.personalisation",
})  # fmt: skip
#: Fields that name somebody; what they hold is hidden wherever it stands.
IDS: Final = frozenset({"subject", "userid", "anonymousid", "sessionid", "user_id", "anonymous_id"})
#: Names of fields that the contract knows.
CONTRACT: Final = IDS | {"[]", "id", "data", "item", "author", "description", "text", "query", "reverses_id", "traits",
                         "consents", "block_tags", "unblock_tags", "accounts", "account", "platform", "nodes", "email",
                         "phone", "device", "email_sha256", "phone_sha256", "device_sha256", "reason", "confidence",
                         "data_base64", "profile", "recommend", "train", "share"} | {
    name for path in SHOWN for name in path.replace("[]", "").split(".")
}  # fmt: skip
HIDDEN: Final = "‹…›"
#: An id of two characters would hide half of all words.
_MIN_ID_CHARS: Final = 3


def sample_of(document: Any, key: bytes | None = None, names: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """(path, what may be shown) of a decoded record, at most MAX_ENTRIES. key: of the record, hidden where it stands.

    names: of fields, beside the contract's, that may be shown.

    >>> sample_of({"type": "shop.product.viewed", "subject": "ann", "data": {"rating": 9, "note": "of ann"}})
    [('type', 'shop.product.viewed'), ('subject', '‹text, 3 characters›'), ('data.rating', '9'), \
('data.‹name, 4 characters›', '‹text, 6 characters›')]
    """
    ids = sorted(set(_ids_of(document, key)), key=len, reverse=True)
    entries: list[tuple[str, str]] = []
    for path, value in _leaves(document, ()):
        if len(entries) == MAX_ENTRIES:
            entries.append(("…", HIDDEN))
            break
        said = ".".join(name if _is_known(name, names) else _name_form(name) for name in path).replace(".[]", "[]")
        entries.append((said, _shown(said, value, ids)))
    return entries


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Of a list the first three entries."""
    if len(path) < MAX_DEPTH and isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*path, str(name)))
    elif len(path) < MAX_DEPTH and isinstance(value, list | tuple) and value:
        for inner in value[:3]:
            yield from _leaves(inner, (*path, "[]"))
    else:
        yield path, value


def _is_known(name: str, names: frozenset[str]) -> bool:
    return name in CONTRACT or name in names


def _name_form(name: str) -> str:
    """Names of fields may be data: a table by user is one."""
    return f"‹name, {len(name)} characters›"


def _shown(path: str, value: Any, ids: list[str]) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower() if value is not None else "null"
    if path not in SHOWN:
        return _form(value)
    if isinstance(value, int | float):
        return f"{value:.10g}"
    if isinstance(value, str):
        return _without(clean_and_mask(value, MAX_TEXT_CHARS).text, ids)
    return _form(value)


def _form(value: Any) -> str:
    if isinstance(value, str):
        return f"‹text, {len(value)} characters›"
    if isinstance(value, bytes):
        return f"‹{len(value)} bytes›"
    if isinstance(value, int | float):
        return "‹number›"
    return "‹empty›" if not value else "‹nested›"


def _ids_of(document: Any, key: bytes | None) -> Iterator[str]:
    if key is not None:
        yield from _id(key.decode("utf-8", "replace"))
    for path, value in _leaves(document, ()):
        if path and path[-1] in IDS and isinstance(value, str | int):
            yield from _id(str(value))


def _id(text: str) -> Iterator[str]:
    if len(text) >= _MIN_ID_CHARS:
        yield text


def _without(text: str, ids: list[str]) -> str:
    for each in ids:
        text = text.replace(each, HIDDEN)
    return text
