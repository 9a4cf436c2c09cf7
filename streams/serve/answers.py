"""Answers as JSON. msgspec writes them: a profile in tens of microseconds, without a second model of it."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import Response

from streams.domain.profiles import ProfileRecord

JSON: Final = "application/json"
_VECTOR_FIELDS: Final = ("short", "long")


def json_answer(body: object) -> Response:
    """Any msgspec structure; bytes become base64."""
    return Response(msgspec.json.encode(body), media_type=JSON)


def profile_answer(profile: ProfileRecord, with_vectors: bool) -> Response:
    """The published record; without its vectors unless asked, since they are most of its bytes."""
    return json_answer(profile if with_vectors else without_vectors(profile))


def without_vectors(profile: ProfileRecord) -> dict[str, Any]:
    """The published record as plain values."""
    body: dict[str, Any] = msgspec.to_builtins(profile)
    for block in (body["vectors"], *body["platforms"].values()):
        for name in _VECTOR_FIELDS:
            del block[name]
    for interest in body["vectors"]["interests"]:
        del interest["vector"]
    return body
