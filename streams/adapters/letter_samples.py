"""The original bytes of a dead letter in the form in which they may be shown."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import msgspec

from streams.adapters.cloudevents import decode_document
from streams.domain.dead_letters import DeadLetter, Original
from streams.domain.masked_samples import sample_of
from streams.domain.raw import RawRecord
from streams.errors import InvalidEvent

Form = Literal["document", "array", "unreadable", "sealed", "none", "empty"]
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Sample(msgspec.Struct, frozen=True):
    """form: what the bytes are. n_bytes: of the value. headers: names and sizes. entries: (path, masked value)."""

    form: Form
    n_bytes: int
    headers: list[tuple[str, int]]
    entries: list[tuple[str, str]]


class LetterSamples:
    """mappings_dir: of the mapping files, whose words are names of fields; empty for none."""

    def __init__(self, mappings_dir: str, max_bytes: int) -> None:
        self._mappings_dir = mappings_dir
        self._max_bytes = max_bytes

    def of(self, letter: DeadLetter) -> Sample:
        """Never an id or a text of a person; raises nothing for whatever a platform sent."""
        size = len(letter.value or b"")
        if letter.original != "plain":
            return Sample("sealed" if letter.original == "sealed" else "none", size, [], [])
        headers = [
            (name if name.startswith("ce_") or name == "content-type" else "‹header›", len(value or b""))
            for name, value in letter.headers
        ]
        if not letter.value and not headers:
            return Sample("empty", size, headers, [])
        record = RawRecord(letter.value, letter.headers, letter.at, letter.topic, letter.partition, letter.offset)
        try:
            document: Any = decode_document(record, self._max_bytes)
        except InvalidEvent:
            return Sample(_form_of(letter.value), size, headers, [])
        return Sample("document", size, headers, sample_of(document, letter.key, self._words()))

    def of_line(self, letter: DeadLetter, original: Original) -> Sample:
        """The same of a letter as its topic holds it: one that was opened here is still shown to nobody."""
        return self.of(letter if original == "plain" else msgspec.structs.replace(letter, original=original))

    def _words(self) -> frozenset[str]:
        """Of mapping files as they are now."""
        if not self._mappings_dir:
            return frozenset()
        texts = [file.read_text("utf-8", "replace") for file in Path(self._mappings_dir).glob("*.toml")]
        return frozenset(word for text in texts for word in _WORD.findall(text))


def _form_of(value: bytes | None) -> Form:
    """A MessagePack array is a record of Braid's own."""
    try:
        return "array" if isinstance(msgspec.msgpack.decode(value or b""), list) else "unreadable"
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "unreadable"
