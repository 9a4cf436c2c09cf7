"""A block of code in the documentation is code."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.docs.pages import SHELL, Block, blocks, here_documents, pages

CHECKED = {*SHELL, "python", "toml", "json", "yaml"}
#: Nothing here could say whether they are right.
UNCHECKED = {"text", "http", "promql", "sql", "xml", "diff", "java", "javascript", "dockerfile", "ini", "properties"}


def documents(text: str) -> Iterator[Any]:
    """JSON documents that stand one after the other. Raises ValueError for anything else."""
    decoder, text = json.JSONDecoder(), text.strip()
    while text:
        document, end = decoder.raw_decode(text)
        text = text[end:].strip()
        yield document


@pytest.mark.parametrize("block", blocks(*SHELL), ids=str)
def test_a_shell_block_is_shell(block: Block) -> None:
    done = subprocess.run(["bash", "-n"], input=block.shell, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_python_block_is_python(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", blocks("toml"), ids=str)
def test_a_toml_block_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", blocks("json"), ids=str)
def test_a_json_block_is_json_or_lines_of_it(block: Block) -> None:
    assert list(documents(block.text))


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_yaml_block_is_yaml(block: Block) -> None:
    assert all(document is not None for document in yaml.safe_load_all(block.text))


def test_what_shell_blocks_write_into_json_files_is_json() -> None:
    written = [body for block in blocks(*SHELL) for command, body in here_documents(block.text) if ".json" in command]
    assert written, "the quickstart writes events"
    assert all(isinstance(json.loads(line), dict) for body in written for line in body.splitlines())


def test_every_block_names_a_language_that_is_known_or_none() -> None:
    assert {block.language for page in pages() for block in page.blocks} - {""} <= CHECKED | UNCHECKED
