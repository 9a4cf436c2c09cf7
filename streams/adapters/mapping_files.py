"""Reading mapping files from a folder, with the dialects that ship with Braid to start from."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping as MappingOf
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from streams.adapters.cloudevents import DEFAULT_MAX_BYTES, decode, decode_document, is_binary_mode
from streams.adapters.mappings import ActionSpec, Mapping, MappingSpec
from streams.domain.actions import BUILT_IN, Action, ActionTable, Facet, Part
from streams.domain.envelopes import Decode, DecodeFor, Envelope
from streams.domain.platforms import Platform, parse_platform
from streams.domain.raw import RawRecord
from streams.domain.signals import Takes
from streams.errors import UsageError

SHIPPED: Final = "streams.mappings"
MAX_FILE_BYTES: Final = 256 * 1024
#: The TOML reader takes quadratic time for one long dotted key.
MAX_LINE_CHARS: Final = 4_096
_ACTION_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "takes": get_args(Takes), "facet": get_args(Facet), "needs": get_args(Part), "words": ("text", "query"),
}  # fmt: skip


def load_mappings(folder: str | Path) -> dict[Platform, Mapping]:
    """Every `<platform>.toml` of a folder; none for "". Raises UsageError with file, key and remedy."""
    if folder == "":
        return {}
    if not Path(folder).is_dir():
        raise UsageError(f"ingest.mappings_dir = {folder}: no such folder; create it or unset the setting")
    mappings = {}
    for file in sorted(Path(folder).glob("*.toml")):
        try:
            platform = parse_platform(file.stem)
            spec = _based(_parsed(_text_of(file)))
            mappings[platform] = Mapping(platform, spec, _actions(spec))
        except msgspec.ValidationError as error:
            raise UsageError(f"{file}: {error}; docs/platforms.md says what each key takes") from error
        except (ValueError, OSError) as error:
            raise UsageError(f"{file}: {error}") from error
    return mappings


def mapped_platforms(folder: str) -> list[str]:
    """Names of the platforms that have a mapping file, which bears its platform's name; none for no folder."""
    return sorted(file.stem for file in Path(folder).glob("*.toml")) if folder else []


def shipped_dialects() -> list[str]:
    """Names that a mapping file may start from with `dialect = "<name>"`."""
    files = resources.files(SHIPPED).iterdir()
    return sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml"))


def decoder_for(mappings: MappingOf[Platform, Mapping], max_bytes: int = DEFAULT_MAX_BYTES) -> DecodeFor:
    """How each platform speaks: by its mapping, or the contract's CloudEvents."""
    plain: Decode = partial(decode, max_bytes=max_bytes)

    def of(platform: Platform) -> Decode:
        mapping = mappings.get(platform)
        return plain if mapping is None else partial(_mapped, mapping, max_bytes)

    return of


def action_table(mappings: MappingOf[Platform, Mapping]) -> ActionTable:
    """The contract's actions and those that the mappings declare. Raises UsageError when two disagree."""
    table = ActionTable()
    for mapping in mappings.values():
        table = table.with_actions(mapping.actions)
    return table


def _mapped(mapping: Mapping, max_bytes: int, record: RawRecord) -> Envelope:
    if record.value is None and mapping.ignores_tombstones and not is_binary_mode(record.headers):
        return mapping.ignored()
    return mapping.apply(decode_document(record, max_bytes))


def _text_of(file: Path) -> str:
    n_bytes = file.stat().st_size
    if n_bytes > MAX_FILE_BYTES:
        raise ValueError(f"{n_bytes} bytes, at most {MAX_FILE_BYTES}; declare less in one file")
    text = file.read_text(encoding="utf-8")
    longest = max(map(len, text.splitlines()), default=0)
    if longest > MAX_LINE_CHARS:
        raise ValueError(f"a line of {longest} characters, at most {MAX_LINE_CHARS}; break it")
    return text


def _parsed(text: str) -> MappingSpec:
    try:
        return msgspec.convert(tomllib.loads(text), MappingSpec)
    except RecursionError:
        raise ValueError("nested too deeply; a mapping file needs three levels") from None


def _based(spec: MappingSpec) -> MappingSpec:
    """The file's tables laid over those of its dialect, key by key."""
    if spec.dialect is None:
        return spec
    if spec.dialect not in shipped_dialects():
        raise ValueError(f"dialect = {spec.dialect!r}: use one of {', '.join(shipped_dialects())}")
    base = _parsed(resources.files(SHIPPED).joinpath(f"{spec.dialect}.toml").read_text(encoding="utf-8"))
    tables: dict[str, Any] = {
        name: getattr(base, name) | getattr(spec, name)
        for name in ("envelope", "consent", "data", "item", "types", "actions")
    }
    root = base.root if spec.root is None else spec.root
    tombstones = base.tombstones if spec.tombstones is None else spec.tombstones
    return msgspec.structs.replace(spec, dialect=None, root=root, tombstones=tombstones, **tables)


def _actions(spec: MappingSpec) -> dict[str, Action]:
    actions = {}
    for name, declared in spec.actions.items():
        if not _ACTION_NAME.fullmatch(name):
            raise ValueError(f"actions.{name}: name it <object>.<action> in a-z 0-9 _")
        if name in BUILT_IN:
            raise ValueError(f"actions.{name}: the contract declares it; set its weight in profile.action_weights")
        if declared.reverses is not None and declared.reverses not in {*BUILT_IN, *spec.actions}:
            raise ValueError(f"actions.{name}.reverses = {declared.reverses!r}: no such action; declare it")
        actions[name] = _action(name, declared)
    for kind, action in spec.types.items():
        if action not in BUILT_IN and action not in actions:
            raise ValueError(f"types.{kind} = {action!r}: no such action; declare it under [actions]")
    return actions


def _action(name: str, declared: ActionSpec) -> Action:
    chosen = [("takes", declared.takes), ("facet", declared.facet), ("words", declared.words)]
    for key, value in [*chosen, *(("needs", part) for part in declared.needs)]:
        if value is not None and value not in _CHOICES[key]:
            raise ValueError(f"actions.{name}.{key} = {value!r}: use one of {', '.join(_CHOICES[key])}")
    return Action(
        weight=0.0 if declared.ignored else declared.weight,
        takes=declared.takes,  # type: ignore[arg-type]  # checked above
        facet=declared.facet,  # type: ignore[arg-type]  # checked above
        needs=tuple(declared.needs),  # type: ignore[arg-type]  # checked above
        words=declared.words,  # type: ignore[arg-type]  # checked above
        reverses=declared.reverses,
        control=declared.ignored,
    )
