"""Bodies of requests, taken apart into records of the log: CloudEvents and documents of a platform's own dialect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from streams.adapters.cloudevents import CONTENT_TYPE, PREFIX
from streams.domain.raw import Headers
from streams.serve.problems import Problem

EVENT: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON: Final = "application/json"
#: How the HTTP binding of CloudEvents names attributes in headers.
_HTTP_PREFIX: Final = "ce-"
_SPACE: Final = b" \t\r\n"
_QUOTED_PAIR: Final = re.compile(r"\\(.)")
_list: Final = msgspec.json.Decoder(list[msgspec.Raw])

Records = list[tuple[bytes, Headers]]
"""Value and headers of each event, in the order of the body."""


def media_type_of(content_type: str) -> str:
    """Without parameters. Raises Problem 415 for a charset that is not UTF-8."""
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.lower().partition("charset=")[2].strip().strip('"').partition(";")[0]
    if charset not in {"", "utf-8", "utf8", "us-ascii"}:
        raise unsupported("this charset is not read", "send UTF-8")
    return media_type.strip().lower()


def records_of(body: bytes, content_type: str, headers: Iterable[tuple[str, str]], max_events: int) -> Records:
    """The events of a body of `POST /v1/events`, as they came. Raises Problem 400, 413 and 415."""
    media_type = media_type_of(content_type)
    attributes = _binary_attributes(headers) if not media_type.startswith("application/cloudevents") else ()
    if attributes:
        return [(body, (*attributes, (CONTENT_TYPE, content_type.encode("latin-1"))))]
    if media_type not in {EVENT, BATCH, JSON}:
        raise unsupported("this content type is not read", f"send {EVENT}, {BATCH} or {JSON}")
    said: Headers = ((CONTENT_TYPE, (JSON if media_type == JSON else EVENT).encode()),)
    if media_type == BATCH or (media_type == JSON and body.lstrip(_SPACE)[:1] == b"["):
        return [(bytes(each), said) for each in elements(body, max_events)]
    require_json(body)
    return [(body, said)]


def elements(body: bytes, max_events: int) -> Sequence[msgspec.Raw]:
    """Of a JSON array, undecoded. Raises Problem 400 and 413."""
    try:
        found = _list.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        found = written_anew(with_halves(body, "a JSON array of events"), "a JSON array of events")
    return bounded(found, max_events)


def with_halves(body: bytes, expected: str) -> Any:
    """A document with halves of surrogate pairs, which a cut emoji leaves: JSON all the same. Raises Problem 400.

    The fast decoder refuses it as a whole, and the good events of a batch must not go with the bad one.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise unreadable(expected) from None


def written_anew(events: Any, expected: str) -> list[msgspec.Raw]:
    """Each event of such a document as JSON of its own, for the gate to judge. Raises Problem 400 for no list."""
    if not isinstance(events, list):
        raise unreadable(expected)
    return [msgspec.Raw(json.dumps(event).encode()) for event in events]


def bounded(found: list[msgspec.Raw], max_events: int) -> list[msgspec.Raw]:
    """The same. Raises Problem 400 for none, 413 for too many."""
    if not found:
        raise unreadable("a batch with at least one event")
    if len(found) > max_events:
        raise Problem(413, "too_many_events", f"a batch has at most {max_events} events", "send several batches")
    return found


def require_json(body: bytes) -> None:
    """Raises Problem 400 for what is no JSON object at all; what stands in it the gate judges."""
    try:
        msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise unreadable("one JSON object") from None


def unreadable(expected: str) -> Problem:
    """The refusal of a body that cannot be taken apart."""
    return Problem(400, "unreadable_body", f"the body is not {expected}", "docs/ingest.md shows whole requests")


def unsupported(message: str, remedy: str) -> Problem:
    """The refusal of a body whose form is not read."""
    return Problem(415, "unsupported_content_type", message, remedy)


def _binary_attributes(headers: Iterable[tuple[str, str]]) -> Headers:
    """Attributes of the binary mode as the Kafka binding writes them; none in the other modes."""
    said = {name: value for name, value in headers if name.startswith(_HTTP_PREFIX)}
    if f"{_HTTP_PREFIX}specversion" not in said:
        return ()
    return tuple((PREFIX + name.removeprefix(_HTTP_PREFIX), _unescaped(value)) for name, value in said.items())


def _unescaped(value: str) -> bytes:
    """The HTTP binding percent-encodes what is not ASCII, and lets a sender put the whole in quotes."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = _QUOTED_PAIR.sub(r"\1", value[1:-1])
    return unquote(value).encode("utf-8", "surrogatepass")
