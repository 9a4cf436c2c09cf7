"""A published profile as JSON, for readers that know no MessagePack: connectors, warehouses, `jq`."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

#: Vectors are of unit norm and float16: six decimals keep each component to half a millionth.
DECIMALS: Final = 6

_decode: Final = msgspec.msgpack.Decoder().decode
_encode: Final = msgspec.json.Encoder().encode


def profile_as_json(value: bytes, *, with_vectors: bool) -> bytes:
    r"""The same fields, those of newer releases too; bytes, which only vectors are, as numbers or left out.

    Raises msgspec.DecodeError for what is not one MessagePack map.

    >>> profile_as_json(msgspec.msgpack.encode({"revision": 3, "vectors": {"long": b"\x00<"}}), with_vectors=True)
    b'{"revision":3,"vectors":{"long":[1.0]}}'
    >>> profile_as_json(msgspec.msgpack.encode({"revision": 3, "vectors": {"long": b"\x00<"}}), with_vectors=False)
    b'{"revision":3,"vectors":{}}'
    """
    try:
        profile = _decode(value)
        if not isinstance(profile, dict):
            raise msgspec.DecodeError("expected a map")
        return _encode(_plain(profile, with_vectors=with_vectors))
    except (UnicodeError, RecursionError, TypeError) as error:
        raise msgspec.DecodeError(f"no profile: {type(error).__name__}") from None


def _plain(value: Any, *, with_vectors: bool) -> Any:
    if isinstance(value, dict):
        return {
            name: _plain(inner, with_vectors=with_vectors)
            for name, inner in value.items()
            if with_vectors or not isinstance(inner, bytes)
        }
    if isinstance(value, list):
        return [_plain(inner, with_vectors=with_vectors) for inner in value]
    return _numbers(value) if isinstance(value, bytes) else value


def _numbers(raw: bytes) -> list[float]:
    if len(raw) % 2:
        raise msgspec.DecodeError("bytes that are no float16 vector")
    vector: list[float] = np.frombuffer(raw, "<f2").astype(np.float64).round(DECIMALS).tolist()
    return vector
