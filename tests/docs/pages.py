"""README and the pages of docs as documents: links, anchors, blocks of code, words in code style."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
SHELL = ("sh", "bash", "console")
_MARKDOWN = MarkdownIt("commonmark").enable("table")


def braid_in(folder: Path) -> None:
    """A command `braid` in the folder, with these sources behind it; needs them on PYTHONPATH."""
    folder.mkdir(parents=True)
    command = folder / "braid"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m streams "$@"\n', encoding="utf-8")
    command.chmod(0o755)


@dataclass(frozen=True)
class Block:
    """A fenced block. line: of its fence, from 1. language: the first word behind the fence, empty where there is none."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def shell(self) -> str:
        """What a shell would be given: of a console, what stands behind its prompts."""
        if self.language != "console":
            return self.text
        return "".join(line.removeprefix("$ ") for line in self.text.splitlines(keepends=True) if line.startswith("$ "))


class Page:
    """path: from the root of the repository."""

    def __init__(self, path: str, text: str | None = None) -> None:
        self.path = path
        self.text = (ROOT / path).read_text(encoding="utf-8") if text is None else text

    def __str__(self) -> str:
        return self.path

    @cached_property
    def links(self) -> list[str]:
        """Targets of links and pictures, as they are written."""
        inline = [child for token in self._tokens for child in token.children or ()]
        targets = [str(token.attrs.get("href", token.attrs.get("src", ""))) for token in inline]
        return [target for target in targets if target]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may say behind `#`, as GitHub makes it of headings."""
        seen: Counter[str] = Counter()
        found: set[str] = set()
        for opened, inline in zip(self._tokens, self._tokens[1:], strict=False):
            if opened.type == "heading_open":
                plain = "".join(child.content for child in inline.children or ())
                slug = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
                found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
                seen[slug] += 1
        return found

    @cached_property
    def blocks(self) -> list[Block]:
        return [
            Block(self.path, (token.map or [0])[0] + 1, token.info.partition(" ")[0], token.content)
            for token in self._tokens
            if token.type == "fence"
        ]

    @cached_property
    def code_words(self) -> list[str]:
        """What stands in code style within sentences and tables; a line break counts as a space."""
        inline = [child for token in self._tokens for child in token.children or ()]
        return [re.sub(r"\s+", " ", token.content) for token in inline if token.type == "code_inline"]

    @cached_property
    def _tokens(self) -> list[Token]:
        return _MARKDOWN.parse(self.text)


def pages() -> list[Page]:
    found = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
    return [Page("README.md"), Page("CHANGELOG.md"), *map(Page, found)]


def blocks(*languages: str) -> list[Block]:
    return [block for page in pages() for block in page.blocks if block.language in languages]


def shell_lines(text: str) -> Iterator[str]:
    """The commands of a shell block, joined where a line ends with a backslash, without what stands in here-documents."""
    end, joined = "", ""
    for line in text.splitlines():
        if end:
            end = "" if line.strip() == end else end
            continue
        opened = re.search(r"<<-?\s*['\"]?(\w+)", line)
        end = opened[1] if opened else ""
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        command, joined = joined + line, ""
        if command.strip() and not command.lstrip().startswith("#"):
            yield command.strip()


def here_documents(text: str) -> Iterator[tuple[str, str]]:
    """(the command, what is fed to it)."""
    for found in re.finditer(r"^(.*<<\s*'?(\w+)'?.*)\n((?:.*\n)*?)\2$", text, re.MULTILINE):
        yield found[1], found[3]
