"""Word lists that ship with Braid and that an operator may extend: `lexicons/*.toml`, and `ordinary.txt`.

A file has a `kind`, `decoys` (what looks like a name and is none) and groups of names. A line of `names` is a thing:
`name | form | form`, or `name: form | form` where the name itself is no form. A group with `after`, `before`, `beside`
or `against` holds forms that mean several things (`contexts`). Plurals of English common nouns are added.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Literal

import msgspec

from streams.domain.readings import MentionKind
from streams.errors import UsageError
from streams.meaning.contexts import Context, context_of
from streams.meaning.names import fold, start_of

#: Kinds whose names are common nouns: written small, with a plural, and no name of anybody.
COMMON: Final = frozenset({"product", "color", "aspect"})
_PLURAL: Final = frozenset({"product", "aspect"})
DECOY: Final = "decoy"


class GroupSpec(msgspec.Struct, forbid_unknown_fields=True):
    """Names of one kind, and the words that must be around them, as a file has them."""

    names: list[str]
    after: list[str] = []
    before: list[str] = []
    beside: list[str] = []
    against: list[str] = []


class ContextSpec(msgspec.Struct, forbid_unknown_fields=True):
    """What tells that a person is named. first_names: words; surnames_zh, given_zh: characters; white space is none."""

    roles_en: list[str] = []
    titles_en: list[str] = []
    roles_zh: list[str] = []
    titles_zh: list[str] = []
    first_names: str = ""
    surnames_zh: str = ""
    given_zh: str = ""


class LexiconSpec(msgspec.Struct, forbid_unknown_fields=True):
    """One file. from_catalogue: items are called so, and nobody looked the names over."""

    kind: MentionKind
    group: list[GroupSpec]
    from_catalogue: bool = False
    decoys: list[str] = []
    context: ContextSpec = msgspec.field(default_factory=ContextSpec)


@dataclass(frozen=True, slots=True)
class Form:
    """One spelling of one thing. kind "decoy": what is spelt so is nothing. context: None where the form is sure.

    in_catalogue: items are called so, which says less than a list that somebody wrote.
    """

    form: str
    kind: MentionKind | Literal["decoy"]
    name: str
    context: Context | None = None
    in_catalogue: bool = False


@dataclass(frozen=True, slots=True)
class Lexicons:
    """forms: everything that is looked for. ordinary: English words that are no names unless written as such."""

    forms: tuple[Form, ...]
    people: ContextSpec
    ordinary: frozenset[str]


def load_lexicons(folder: str | Path = "") -> Lexicons:
    """The packaged lists, and those of an operator's folder. Raises UsageError with file, entry and remedy."""
    packaged = resources.files("streams.meaning") / "lexicons"
    sources: list[Traversable] = sorted(_tomls(packaged.iterdir()), key=lambda file: file.name)
    if folder:
        if not Path(folder).is_dir():
            raise UsageError(f"lexicons = {folder}: no such folder; create it or unset the setting")
        sources += sorted(Path(folder).glob("*.toml"))
    forms: list[Form] = []
    people = ContextSpec()
    for file in sources:
        spec = _read(file)
        forms += forms_of(spec, file.name)
        if spec.kind == "person":
            people = _joined(people, spec.context)
    return Lexicons(tuple(dict.fromkeys(forms)), people, _ordinary((packaged / "ordinary.txt").read_text("utf-8")))


def forms_of(spec: LexiconSpec, file: str) -> Iterator[Form]:
    """Every form of a file. Raises UsageError for a line without a form, or a form that cannot be found."""
    for decoy in spec.decoys:
        yield Form(_checked(decoy, file, decoy), DECOY, decoy)
    for group in spec.group:
        context = context_of(group.after, group.before, group.beside, group.against)
        for line in group.names:
            name, forms = _line(line)
            if not name or not forms:
                raise UsageError(f"{file}: {line!r}: write `name | form` or `name: form`")
            for form in forms:
                checked = _checked(form, file, line)
                spellings = (checked,) if spec.from_catalogue else _spellings(checked, spec.kind)
                yield from (Form(each, spec.kind, name.lower(), context, spec.from_catalogue) for each in spellings)


def _tomls(files: Iterable[Traversable]) -> Iterator[Traversable]:
    return (file for file in files if file.name.endswith(".toml"))


def _read(file: Traversable) -> LexiconSpec:
    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8")), LexiconSpec)
    except (ValueError, OSError, msgspec.ValidationError) as error:
        raise UsageError(f"{file}: {error}; compare it with a packaged list") from error


def _line(line: str) -> tuple[str, list[str]]:
    name, colon, rest = line.partition(": ")
    parts = [part.strip() for part in (rest if colon else line).split("|") if part.strip()]
    return (name.strip() if colon else parts[0] if parts else ""), parts


def _checked(form: str, file: str, line: str) -> str:
    # One character alone, or one before a space, is part of hundreds of words.
    if len(form) < 2 or start_of(fold(form)) is None:
        raise UsageError(
            f"{file}: {line!r}: form {form!r} is too short to be told from other words; write a longer one"
        )
    return form


def _spellings(form: str, kind: str) -> Sequence[str]:
    """The form, and its plural where it is an English common noun."""
    last = form[-1]
    if kind not in _PLURAL or not form.isascii() or not last.isalpha() or last == "s" or not form.islower():
        return (form,)
    if last == "y" and form[-2:-1] not in "aeiou":
        return form, f"{form[:-1]}ies"
    return form, f"{form}es" if form.endswith(("ch", "sh", "x", "z")) else f"{form}s"


def _joined(one: ContextSpec, other: ContextSpec) -> ContextSpec:
    return ContextSpec(
        roles_en=one.roles_en + other.roles_en,
        titles_en=one.titles_en + other.titles_en,
        roles_zh=one.roles_zh + other.roles_zh,
        titles_zh=one.titles_zh + other.titles_zh,
        first_names=f"{one.first_names} {other.first_names}",
        surnames_zh=one.surnames_zh + other.surnames_zh,
        given_zh=one.given_zh + other.given_zh,
    )


def _ordinary(text: str) -> frozenset[str]:
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(fold(word) for line in lines for word in line.split())
