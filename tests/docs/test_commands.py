"""A command in the documentation exists and takes what it is given there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from streams.cli.commands import app
from tests.docs.pages import ROOT, SHELL, blocks, pages, shell_lines

BRAID = typer.main.get_command(app)
#: With settings before it, from any folder, or as a module.
_CALLS = re.compile(r"(?:[A-Z_]+=\S* )*(?:\S*/)?(?:braid|python3? -m streams)(?= |$)")
#: Files and folders, which need not be there.
_PLACE = re.compile(r"^(?!-)(?:.*/.*|.*\.[a-z]\w*|DATA|FILE)$")
#: What ends a command's own arguments in a shell.
_ENDS = frozenset({"|", "||", "&&", "&", ";", ">", ">>", "<", "2>", "2>&1"})


def words_of(line: str) -> list[str]:
    """The arguments of `braid` in a shell line; empty where it is another command."""
    called = _CALLS.match(line)
    if called is None:
        return []
    words = shlex.split(line[called.end() :], comments=True)
    return words[: next((place for place, word in enumerate(words) if word in _ENDS), None)]


def leaf_of(words: list[str]) -> tuple[Any, list[str]]:
    """(the command, its own arguments). Capitals stand for any command. Raises KeyError for a name that is none."""
    command: Any = BRAID
    while words and hasattr(command, "commands") and not words[0].startswith("-") and not words[0].isupper():
        command, words = command.commands[words[0]], words[1:]
    return command, words


def refusal(words: list[str], folder: Path) -> str:
    """What the command line says against these arguments, before it does anything."""
    try:
        command, own = leaf_of(words)
    except KeyError as error:
        return f"no command {error}"
    if "--help" in own:
        return ""
    try:
        command.make_context("braid", [str(folder) if _PLACE.search(word) else word for word in own])
    except Exception as error:  # noqa: BLE001 - whatever it says is the finding
        return f"{type(error).__name__}: {error}"
    return ""


LINES = [(str(block), line) for block in blocks(*SHELL) for line in shell_lines(block.shell) if _CALLS.match(line)]
NAMED = [(str(page), word) for page in pages() for word in page.code_words if word.startswith("braid ")]


@pytest.mark.parametrize(("place", "line"), LINES)
def test_a_command_of_a_block_parses(place: str, line: str, tmp_path: Path) -> None:
    assert refusal(words_of(line), tmp_path) == ""


@pytest.mark.parametrize(("place", "named"), NAMED)
def test_a_command_named_in_a_sentence_exists_with_its_options(place: str, named: str) -> None:
    command, own = leaf_of(named.partition("|")[0].split()[1:])
    options = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    assert {word.partition("=")[0] for word in own if word.startswith("-")} <= {*options, "--help"}


@pytest.mark.parametrize(
    "line",
    ["braid nosuch", "braid tail profiles --nope", "braid rights", "braid recommend shop", "braid recommend shop me -k 1000"],
)
def test_a_command_that_the_command_line_refuses_is_found(line: str, tmp_path: Path) -> None:
    assert refusal(words_of(line), tmp_path) != ""


def test_every_make_target_and_benchmark_in_the_documentation_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    said = [word for page in pages() for word in page.code_words]
    said += [line for block in blocks(*SHELL) for line in shell_lines(block.shell)]
    made = [line for line in said if re.match(r"make [a-z]", line)]
    assert made
    assert [line for line in made if line.split()[1] not in targets] == []
    benchmarks = {name for line in (*made, *(page.text for page in pages())) for name in re.findall(r"bench NAME=(\w+)", line)}
    listed = set(re.findall(r"NAME=([\w|]+)", makefile)[0].split("|"))
    assert benchmarks <= listed
    assert all((ROOT / "tests" / "bench" / f"{name}.py").exists() for name in listed)


def test_every_module_that_is_run_in_the_documentation_exists() -> None:
    run = {name for page in pages() for name in re.findall(r"python -m ((?:streams|tests|docs|examples)[\w.]*)", page.text)}
    places = [ROOT.joinpath(*name.split(".")) for name in run]
    assert [place for place in places if not place.with_suffix(".py").exists() and not (place / "__main__.py").exists()] == []
