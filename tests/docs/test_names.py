"""A setting, file, module or metric named in the documentation exists."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from streams.cli.served_methods import WISHES
from streams.evaluation.methods.known import ON_REQUEST, SHARED_CLOCK_METHODS
from streams.settings import OUTSIDE_NAMES, PREFIX, Settings
from streams.telemetry.every import DECLARED
from tests.docs.pages import ROOT, Page, pages

_FOLDERS = "tests|streams|docs|deploy|encoders|index|examples"
#: Files in it are made where Braid is set up.
MADE_THERE = "deploy/compose/secrets/"
#: It tells of what went, too.
HISTORY = "CHANGELOG.md"
_FILE = re.compile(rf"^(?:{_FOLDERS})/[\w./*-]*$")
_MODULE = re.compile(r"^(?:streams|encoders|index)(?:\.\w+)+$")


def settings() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        variable, kind = f"{PREFIX}{name.upper()}", field.annotation
        yield variable
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from (f"{variable}__{inner.upper()}" for inner in kind.model_fields)


KNOWN = frozenset(settings()) | OUTSIDE_NAMES


def unknown_settings(text: str) -> list[str]:
    """`BRAID_X__*` stands for all that begin so."""
    said = set(re.findall(r"\bBRAID_[A-Z0-9_]*[A-Z0-9](?:__?\*)?", text))
    return sorted(
        name for name in said
        if not (any(known.startswith(name[:-1]) for known in KNOWN) if name.endswith("*") else name in KNOWN)
    )  # fmt: skip


def missing_files(page: Page) -> list[str]:
    named = [word for word in page.code_words if _FILE.match(word) and not word.startswith(MADE_THERE)]
    return [name for name in named if not any(ROOT.glob(name.rstrip("/")))]


def missing_scripts(page: Page) -> list[str]:
    """Files ending in `.py` that are named by the end of their path."""
    named = [word for word in page.code_words if re.fullmatch(r"[\w/]+\.py", word)]
    return [name for name in named if not any(_is_file(f"{top}/**/{name}") for top in _FOLDERS.split("|")) and not (ROOT / name).exists()]


def _is_file(pattern: str) -> bool:
    return any(ROOT.glob(pattern))


def missing_modules(page: Page) -> list[str]:
    return [word for word in page.code_words if _MODULE.match(word) and not _imports(word)]


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        module, _, attribute = name.rpartition(".")
        try:
            return hasattr(importlib.import_module(module), attribute)
        except ImportError:
            return False
    return True


@pytest.mark.parametrize("page", [page for page in pages() if page.path != HISTORY], ids=str)
def test_every_setting_exists(page: Page) -> None:
    assert unknown_settings(page.text) == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_file_and_module_exists(page: Page) -> None:
    assert missing_files(page) + missing_scripts(page) + missing_modules(page) == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_metric_is_declared(page: Page) -> None:
    words = {found for word in page.code_words for found in re.findall(r"^braid_\w+", word)}
    families = {re.sub(r"_(bucket|sum|count)$", "", word) for word in words}
    methods = SHARED_CLOCK_METHODS.keys() | ON_REQUEST.keys() | WISHES.keys()
    assert sorted(families - {metric.name for metric in DECLARED} - methods) == []


def test_what_does_not_exist_is_found() -> None:
    page = Page("docs/a-page.md", "`streams/no_such.py`, `no_such.py`, `streams.no_such` and `streams.errors.NoSuch`\n")
    assert missing_files(page) == ["streams/no_such.py"]
    assert missing_scripts(page) == ["streams/no_such.py", "no_such.py"]
    assert missing_modules(page) == ["streams.no_such", "streams.errors.NoSuch"]
    assert unknown_settings("BRAID_NO__SUCH, BRAID_NO__* and BRAID_API__PORT") == ["BRAID_NO__*", "BRAID_NO__SUCH"]
