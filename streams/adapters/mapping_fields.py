"""One field of a mapping file: where its value comes from and what is done to it, by table, never by expression."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import Any, Final, Literal

import msgspec

from streams.adapters.mapping_paths import parse_path
from streams.domain import reasons
from streams.domain.clocks import format_time
from streams.errors import InvalidEvent

Kind = Literal["text", "number", "flag", "list", "time", "table"]
Scalar = str | int | float | bool
OTHERWISE: Final = "*"
MAX_NUMBER_CHARS: Final = 64

NUMBER_UNITS: Final = {
    "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "percent": 0.01, "cents": 0.01, "micros": 1e-6,
}  # fmt: skip
EPOCH_UNITS: Final = {"epoch_s": 1.0, "epoch_ms": 1e-3, "epoch_us": 1e-6, "epoch_ns": 1e-9}
NAIVE_UTC: Final = "utc"


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from", "target": "to"}):
    """A linear change of scale, for example ten points to five stars: from [0, 10] to [1, 5]."""

    source: tuple[float, float]
    target: tuple[float, float]

    def __post_init__(self) -> None:
        """Raises ValueError for a scale without width or without ends."""
        if not all(map(isfinite, (*self.source, *self.target))):
            raise ValueError("from, to: the ends must be finite numbers")
        if not (self.source[1] - self.source[0]):
            raise ValueError("from: the two ends must differ")

    def __call__(self, number: float) -> float:
        """The number on the other scale; beyond the ends it goes on, and the range check decides."""
        share = (number - self.source[0]) / (self.source[1] - self.source[0])
        return self.target[0] + share * (self.target[1] - self.target[0])


class FieldSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a mapping file may say about one field. Exactly one of path, const and join.

    path: one path or several, the first that is there wins. join: paths, all of which must be there, glued by `sep`;
    a list among them is several of which the first that is there is taken. values: the platform's word to ours; `*` for
    all others, else the field is left out. split: separator of a list. glue: what makes one text of a list of texts.
    """

    path: str | list[str] | None = None
    const: Scalar | None = None
    join: list[str | list[str]] | None = None
    sep: str = ":"
    values: dict[str, Scalar] | None = None
    unit: str | None = None
    scale: Scale | None = None
    split: str | None = None
    glue: str | None = None


def compile_field(spec: str | FieldSpec, kind: Kind) -> Callable[[Any], Any]:
    """A function from document to value, None when it is absent. Raises ValueError for a faulty spec.

    What it returns raises InvalidEvent mapping_failed (the caller adds the field's name) or bad_time.
    """
    spec = FieldSpec(path=spec) if isinstance(spec, str) else spec
    if [spec.path, spec.const, spec.join].count(None) != 2:
        raise ValueError("give exactly one of path, const and join")
    find, convert = _source(spec), _conversion(spec, kind)
    values = spec.values
    _check_words(spec, convert)

    def value_of(document: Any) -> Any:
        raw = find(document)
        if values is not None and raw is not None:
            raw = values.get(_text(raw), values.get(OTHERWISE))
        return None if raw is None else convert(raw)

    return value_of


def _check_words(spec: FieldSpec, convert: Callable[[Any], Any]) -> None:
    """What the file itself says must fit, or every record would fail on it. Raises ValueError."""
    if spec.values is not None:
        said = [(f"values.{word}", ours) for word, ours in spec.values.items()]
    else:
        said = [] if spec.const is None else [("const", spec.const)]
    for name, word in said:
        try:
            convert(word)
        except InvalidEvent as error:
            raise ValueError(f"{name} = {word!r}: {error.detail}") from None


def _source(spec: FieldSpec) -> Callable[[Any], Any]:
    if spec.const is not None:
        return lambda _: spec.const
    if spec.join is not None:
        if not spec.join:
            raise ValueError("join: name at least one path")
        parts = [first_of(paths, "join") for paths in spec.join]
        return lambda document: _joined(parts, document, spec.sep)
    return first_of(spec.path or [], "path")


def first_of(paths: str | list[str], name: str) -> Callable[[Any], Any]:
    """Finds what stands at the first of the paths that is there. Raises ValueError, with the name, for a faulty one."""
    parsed = [parse_path(text) for text in ([paths] if isinstance(paths, str) else paths)]
    if not parsed:
        raise ValueError(f"{name}: name at least one path")
    if len(parsed) == 1:
        return parsed[0].find
    return lambda document: next((found for path in parsed if (found := path.find(document)) is not None), None)


def _joined(parts: list[Callable[[Any], Any]], document: Any, sep: str) -> str | None:
    found = [part(document) for part in parts]
    return None if None in found else sep.join(map(_text, found))


def _conversion(spec: FieldSpec, kind: Kind) -> Callable[[Any], Any]:
    if spec.split is not None and kind != "list":
        raise ValueError("split: only for tags and genre")
    if spec.glue is not None and kind != "text":
        raise ValueError("glue: only for texts")
    if spec.scale is not None and kind != "number":
        raise ValueError("scale: only for numbers")
    if kind == "number":
        return _number_conversion(spec)
    if kind == "time":
        return _time_conversion(spec.unit)
    if spec.unit is not None:
        raise ValueError("unit: only for numbers and times")
    if kind == "list":
        return lambda raw: _texts(raw, spec.split)
    if kind == "table":
        return _table
    if kind == "text" and spec.glue is not None:
        glue = spec.glue
        return lambda raw: glue.join(_texts(raw, None))
    return _flag if kind == "flag" else _text


def _number_conversion(spec: FieldSpec) -> Callable[[Any], float]:
    if spec.unit is not None and spec.unit not in NUMBER_UNITS:
        raise ValueError(f"unit {spec.unit!r}: use one of {', '.join(NUMBER_UNITS)}")
    factor, scale = NUMBER_UNITS[spec.unit or "s"], spec.scale

    def convert(raw: Any) -> float:
        number = _number(raw) * factor
        return number if scale is None else scale(number)

    return convert


def _time_conversion(unit: str | None) -> Callable[[Any], str]:
    if unit is None:
        return _text
    if unit == NAIVE_UTC:
        return lambda raw: f"{_text(raw)}Z"
    if unit not in EPOCH_UNITS:
        raise ValueError(f"unit {unit!r}: use one of {', '.join(EPOCH_UNITS)}, {NAIVE_UTC}, or none for RFC 3339")
    factor = EPOCH_UNITS[unit]
    return lambda raw: format_time(_number(raw) * factor, "time")


def _text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int):
        return str(raw)
    if isinstance(raw, float) and isfinite(raw):
        return str(int(raw)) if raw.is_integer() and abs(raw) < 2**53 else repr(raw)
    raise _unfit("a text or a number", raw)


def _number(raw: Any) -> float:
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        try:
            return float(raw)
        except OverflowError:
            raise InvalidEvent(reasons.OUT_OF_RANGE, "a number of more than 308 digits") from None
    if isinstance(raw, str) and len(raw) <= MAX_NUMBER_CHARS:
        try:
            return float(raw)
        except ValueError:
            pass
    raise _unfit("a number", raw)


def _flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw in (0, "0", "false"):
        return False
    if raw in (1, "1", "true"):
        return True
    raise _unfit("true or false", raw)


def _texts(raw: Any, split: str | None) -> list[str]:
    if isinstance(raw, str):
        return [part for part in raw.split(split) if part.strip()] if split else [raw]
    if isinstance(raw, list):
        return [_text(part) for part in raw]
    raise _unfit("a list of texts", raw)


def _table(raw: Any) -> msgspec.Raw:
    """A table as the contract's envelope carries it, undecoded."""
    if not isinstance(raw, dict):
        raise _unfit("a table", raw)
    try:
        return msgspec.Raw(msgspec.json.encode(raw))
    except (TypeError, ValueError, RecursionError):
        raise InvalidEvent(reasons.MAPPING_FAILED, "a table that cannot be written down") from None


def _unfit(expected: str, raw: Any) -> InvalidEvent:
    return InvalidEvent(reasons.MAPPING_FAILED, f"expected {expected}, got {type(raw).__name__}")
