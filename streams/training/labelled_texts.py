"""Reading files of labelled texts: JSON lines with `text` and a label or a number of stars."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from streams.errors import UsageError
from streams.meaning.sentiment import LETTERS_PER_HAN
from streams.meaning.sentiment_ngrams import HAN, LATIN, characters_of

Language = Literal["zh", "en"]

#: Files kept for measuring: nothing is learnt from them.
HELD_BACK: Final = ("dev", "test", "valid")
_LABELS: Final = ("label", "rating", "value")
_GROUPS: Final = ("category", "domain")
_TEXTS_TO_TELL: Final = 200
_UNREADABLE: Final = (OSError, EOFError, zlib.error, UnicodeDecodeError)


@dataclass(frozen=True, slots=True)
class LabelledText:
    """label: 1 positive, 0 negative, None neutral (three stars). group: the kind of thing it is about."""

    text: str
    label: int | None
    group: str


def read_labelled_texts(file: Path) -> list[LabelledText]:
    """Texts of a file of JSON lines, plain or `.gz`; lines with an empty text are left out.

    Fields: `text`; `label` (1 or 0), else `rating` or `value` (1 to 5 stars); `category` or `domain`, else the folder's
    name.

    Raises:
        UsageError: the file or one of its lines is something else; names file, line, field and remedy.
    """
    texts = [_text_of(file, number, record) for number, record in _records(file)]
    return [text for text in texts if text.text.strip()]


def training_files(folder: Path) -> list[Path]:
    """Files of labelled texts under a folder, without those kept for measuring. Raises UsageError."""
    files = (file for file in sorted(folder.rglob("*.jsonl*")) if not file.name.startswith(HELD_BACK))
    found = [file for file in files if _is_labelled(file)]
    if not found:
        raise UsageError(
            f"{folder}: no file of labelled texts (*.jsonl, *.jsonl.gz with text and label); name another folder"
        )
    return found


def language_of(texts: Sequence[LabelledText]) -> Language:
    """By the script of most letters; a group's first texts are enough to tell."""
    characters = characters_of(["\n".join(text.text for text in texts[:_TEXTS_TO_TELL])])
    return "zh" if LETTERS_PER_HAN * int(characters.count(HAN)[0]) >= int(characters.count(LATIN)[0]) else "en"


def of_language(texts: Sequence[LabelledText], language: Language) -> list[LabelledText]:
    """The texts of the groups that are written in a language."""
    groups: dict[str, list[LabelledText]] = {}
    for text in texts:
        groups.setdefault(text.group, []).append(text)
    return [text for own in groups.values() if language_of(own) == language for text in own]


def _is_labelled(file: Path) -> bool:
    first = next(_records(file), None)
    return first is not None and "text" in first[1] and any(name in first[1] for name in _LABELS)


def _text_of(file: Path, number: int, record: dict[str, Any]) -> LabelledText:
    text = "" if record.get("text", "") is None else record.get("text")
    if not isinstance(text, str):
        raise UsageError(f"{file}:{number}: text: {text!r} is no text; give a string")
    group = next((str(record[name]) for name in _GROUPS if record.get(name)), file.parent.name)
    return LabelledText(text, _label_of(file, number, record), group)


def _label_of(file: Path, number: int, record: dict[str, Any]) -> int | None:
    name = next((name for name in _LABELS if record.get(name) is not None), None)
    value = record[name] if name else None
    if name == "label" and value in {0, 1}:
        return int(value)
    if name in {"rating", "value"} and isinstance(value, int | float) and 1 <= value <= 5:
        return None if value == 3 else int(value > 3)
    raise UsageError(f"{file}:{number}: {name or 'label'}: {value!r}; give label 1 or 0, or a rating of 1 to 5")


def _records(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, _object(file, number, line)
    except _UNREADABLE as error:
        raise UsageError(f"{file}: cannot be read ({error}); give JSON lines in UTF-8, plain or .gz") from error


def _object(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        raise UsageError(f"{file}:{number}: not a JSON object; give one object a line")
    return record
