"""Valid inputs, bent: bytes, texts and whole values of documents. The same seed bends the same way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

import msgpack

Part = bytes | None
Parts = tuple[Part, ...]

MAX_BYTES = 200_000
DEPTH = 1_500
ODD_BYTES = (
    b"", b"\x00", b"\xff", b"\xc1", b"\xd9\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"null", b"NaN", b"1e999", b"-0",
    b"[" * DEPTH, b'{"a":' * DEPTH, b"\x91" * DEPTH, b"\x81\xa1a" * DEPTH, b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff",
    b"\xc7\x0c\xff" + b"\xff" * 12, b"\xd6\xff\xff\xff\xff\xff", b"9" * 400, b"9" * 5_000, b"1.0", b"\\ud800", b"\\u0000",
    b"<" + b"a" * 16_000, b"&amp;" * 50, "\u0301\u0316".encode() * 3_000, "\ufdfa".encode() * 800, b"://", b"'", b'"', b"\n",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**53 + 1, 2**63, 2**64 - 1, -(2**63), 10**40, 10**400, 1e308, -1e308, 5e-324,
    float("nan"), float("inf"), float("-inf"), "", " ", "\x00", "\u200b", "x" * 5_000, "\ud800", "\ufdfa" * 900,
    "<" + "a" * 16_000, "<script>" * 500, "&#38;lt;" * 300, "a" + "\u0301\u0316" * 4_000, "http://" * 500, [], {}, [[]],
    ["x"] * 300, {"a": {"a": {"a": 1}}}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "0000-00-00T00:00:00Z",
    "2016-12-31T23:59:60Z", "1970-01-01", "1", "1.0", "nan", "true", "shop.", "..", "shop.order.refunded",
    "shop.record.ignored", "item.deleted", "urn:braid:event:2", b"\xff", b"", "anonymous:", "e" * 1_025, "e" * 1_024,
)  # fmt: skip


class Mutator:
    """Bends cases; `seeds` also gives the pieces that are spliced in."""

    def __init__(self, rng: random.Random, seeds: Sequence[Parts]) -> None:
        self._rng = rng
        self._seeds = seeds
        self._bends: tuple[Callable[[bytes], bytes], ...] = (
            self._flipped, self._set, self._cut, self._without, self._doubled, self._with_odd, self._spliced, self._noisy,
            self._renumbered, self._other_json, self._other_json, self._other_msgpack, self._other_msgpack,
        )  # fmt: skip

    def case(self) -> Parts:
        """A seed with one to four of its parts bent."""
        rng = self._rng
        parts = list(rng.choice(self._seeds))
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
            at = rng.randrange(len(parts))
            parts[at] = self.bent(parts[at])
        if rng.random() < 0.02 and len(parts) > 1:
            del parts[rng.randrange(1, len(parts))]
        return tuple(parts)

    def bent(self, part: Part) -> Part:
        """The part, bent once; now and then none at all, or anything."""
        chance = self._rng.random()
        if part is None or chance < 0.01:
            return self._rng.randbytes(self._rng.randrange(40))
        if chance < 0.015:
            return None
        return self._rng.choice(self._bends)(part)[:MAX_BYTES]

    def _place(self, part: bytes) -> int:
        return self._rng.randrange(len(part) + 1)

    def _span(self, part: bytes) -> tuple[int, int]:
        start = self._place(part)
        return start, min(len(part), start + self._rng.randrange(1, 17))

    def _flipped(self, part: bytes) -> bytes:
        if not part:
            return b"\x01"
        at, bent = self._rng.randrange(len(part)), bytearray(part)
        bent[at] ^= 1 << self._rng.randrange(8)
        return bytes(bent)

    def _set(self, part: bytes) -> bytes:
        if not part:
            return b"\xff"
        at, bent = self._rng.randrange(len(part)), bytearray(part)
        bent[at] = self._rng.choice((0, 0x7F, 0x80, 0xFF, 0xC0, 0xDC, 0xDF, self._rng.randrange(256)))
        return bytes(bent)

    def _cut(self, part: bytes) -> bytes:
        return part[: self._place(part)]

    def _without(self, part: bytes) -> bytes:
        start, end = self._span(part)
        return part[:start] + part[end:]

    def _doubled(self, part: bytes) -> bytes:
        start, end = self._span(part)
        return part[:end] + part[start:end] * self._rng.choice((1, 1, 2, 50, 3_000)) + part[end:]

    def _with_odd(self, part: bytes) -> bytes:
        at = self._place(part)
        return part[:at] + self._rng.choice(ODD_BYTES) + part[at + self._rng.randrange(3) :]

    def _spliced(self, part: bytes) -> bytes:
        other = self._rng.choice(self._rng.choice(self._seeds)) or b""
        return part[: self._place(part)] + other[self._place(other) :]

    def _noisy(self, part: bytes) -> bytes:
        start, end = self._span(part)
        return part[:start] + self._rng.randbytes(end - start) + part[end:]

    def _renumbered(self, part: bytes) -> bytes:
        digits = [at for at, byte in enumerate(part[:4_000]) if 0x30 <= byte <= 0x39]
        if not digits:
            return self._with_odd(part)
        at = self._rng.choice(digits)
        return (
            part[:at]
            + self._rng.choice((b"9" * 400, b"9" * 20, b"-1", b"0", b"1e308", b"nan", b"1.5"))
            + part[at + 1 :]
        )

    def _other_json(self, part: bytes) -> bytes:
        try:
            return json.dumps(self._other(json.loads(part)), default=repr).encode()
        except (ValueError, RecursionError):
            return self._flipped(part)

    def _other_msgpack(self, part: bytes) -> bytes:
        try:
            document = msgpack.unpackb(part, strict_map_key=False)
            return msgpack.packb(self._other(document), default=repr, unicode_errors="surrogatepass")
        except (ValueError, RecursionError, OverflowError, TypeError, msgpack.UnpackException):
            return self._flipped(part)

    def _other(self, document: Any) -> Any:
        """The document with one value replaced, taken out or put in, somewhere inside."""
        rng = self._rng
        if isinstance(document, dict) and document and rng.random() < 0.85:
            name = rng.choice(list(document))
            chance = rng.random()
            if chance < 0.1:
                return {key: value for key, value in document.items() if key != name}
            if chance < 0.15:
                return document | {
                    rng.choice(("x", "", "\x00", name + "s" if isinstance(name, str) else "y")): self._odd()
                }
            return document | {name: self._other(document[name])}
        if isinstance(document, list) and document and rng.random() < 0.85:
            at = rng.randrange(len(document))
            if rng.random() < 0.1:
                return document[:at] + document[at + 1 :]
            return [*document[:at], self._other(document[at]), *document[at + 1 :]]
        return self._odd()

    def _odd(self) -> Any:
        return self._rng.choice(ODD_VALUES)
