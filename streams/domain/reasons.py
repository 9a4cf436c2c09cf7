"""Why a record becomes a dead letter: the closed set of words that `InvalidEvent.reason` takes at the gate.

The words are metric labels and part of the `dead-letters` contract: add, never rename.
"""

from __future__ import annotations

from typing import Final

BAD_JSON: Final = "bad_json"
BAD_MSGPACK: Final = "bad_msgpack"
BAD_ENCODING: Final = "bad_encoding"
BAD_TIME: Final = "bad_time"
BAD_BASE64: Final = "bad_base64"
UNSUPPORTED_CONTENT_TYPE: Final = "unsupported_content_type"
NULL_VALUE: Final = "null_value"
TOO_LARGE: Final = "too_large"
TOO_DEEP: Final = "too_deep"
MISSING_FIELD: Final = "missing_field"
WRONG_TYPE: Final = "wrong_type"
OUT_OF_RANGE: Final = "out_of_range"
TIME_IN_FUTURE: Final = "time_in_future"
UNKNOWN_TYPE: Final = "unknown_type"
UNKNOWN_VERSION: Final = "unknown_version"
WRONG_PLATFORM: Final = "wrong_platform"
WRONG_KEY: Final = "wrong_key"
MAPPING_FAILED: Final = "mapping_failed"
TOO_FEW_NODES: Final = "too_few_nodes"
PLACEHOLDER: Final = "placeholder"
BLOCKED_IDENTIFIER: Final = "blocked_identifier"
SHARED_IDENTIFIER: Final = "shared_identifier"
UNIQUE_CONFLICT: Final = "unique_conflict"
PERSON_TOO_LARGE: Final = "person_too_large"
STILL_LINKED: Final = "still_linked"

#: Every reason with what an operator makes of it; `docs/platforms.md` prints this table.
MEANING: Final[dict[str, str]] = {
    BAD_JSON: "the bytes are not one JSON document",
    BAD_MSGPACK: "the bytes are not one MessagePack document",
    BAD_ENCODING: "a text is not valid UTF-8",
    BAD_TIME: "a time is not RFC 3339 with an offset",
    BAD_BASE64: "`data_base64` is not base64",
    UNSUPPORTED_CONTENT_TYPE: "the content type is neither JSON nor MessagePack (batches included)",
    NULL_VALUE: "the record has no value",
    TOO_LARGE: "the record is larger than `ingest.max_event_bytes`",
    TOO_DEEP: "the document is nested too deeply",
    MISSING_FIELD: "a required field is absent",
    WRONG_TYPE: "a field has another type than the contract's",
    OUT_OF_RANGE: "a number or a length is outside its range",
    TIME_IN_FUTURE: "the event lies further ahead than `ingest.max_future_days`",
    UNKNOWN_TYPE: "no action of this name; a mapping file may declare it",
    UNKNOWN_VERSION: "neither CloudEvents 1.0 nor a known schema version",
    WRONG_PLATFORM: "the first part of `type` is not the platform of the topic",
    WRONG_KEY: "the key of an item record is not `<platform>:<item_id>`",
    MAPPING_FAILED: "the platform's mapping file does not fit the record",
    TOO_FEW_NODES: "a link needs two different nodes, an account among them; an unlink needs one",
    PLACEHOLDER: "an account or identifier stands for none: `null`, `unknown`, zeros, `test@test.com` …",
    BLOCKED_IDENTIFIER: "the identifier is on the list of those that link nobody",
    SHARED_IDENTIFIER: "the identifier would join more accounts than one person has: several people use it",
    UNIQUE_CONFLICT: "the person would have two different ids of a kind that is unique",
    PERSON_TOO_LARGE: "the person would have more accounts or identifiers than allowed",
    STILL_LINKED: "nothing links the nodes directly, yet others make them one person: unlink a single account",
}
