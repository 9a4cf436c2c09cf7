"""A link in the documentation leads somewhere."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.pages import ROOT, Page, pages


def broken_links(page: Page) -> list[str]:
    """Links of a page to files or headings of the repository that are not there."""
    folder = PurePosixPath(page.path).parent
    return [link for link in page.links if not urlsplit(link).scheme and not _leads_somewhere(folder, link, page)]


def _leads_somewhere(folder: PurePosixPath, link: str, page: Page) -> bool:
    path, _, anchor = link.partition("#")
    target = (ROOT / folder / unquote(path)).resolve() if path else (ROOT / page.path)
    if not target.exists() or ROOT not in target.parents:
        return False
    if not anchor:
        return True
    there = page if not path else Page(target.relative_to(ROOT).as_posix())
    return target.suffix == ".md" and anchor in there.anchors


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_link_within_the_repository_resolves_heading_included(page: Page) -> None:
    assert broken_links(page) == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    known = {page.path: page for page in pages()}
    reached, waiting = set(), ["README.md"]
    while waiting:
        page = known[waiting.pop()]
        reached.add(page.path)
        targets = [(ROOT / page.path).parent / link.partition("#")[0] for link in page.links if not urlsplit(link).scheme]
        inside = {target.resolve().relative_to(ROOT).as_posix() for target in targets}
        waiting += sorted((inside & known.keys()) - reached)
    assert sorted(known.keys() - reached) == []


@pytest.mark.parametrize(
    "link", ["no-such.md", "models.md#no-such-heading", "#no-such-heading", "../outside.md", "pictures/none.png"]
)
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    assert broken_links(Page("docs/a-page.md", f"# A page\n\n[somewhere]({link})\n")) == [link]


def test_headings_are_named_as_github_names_them() -> None:
    page = Page("docs/a-page.md", "# What `serve` costs, in µs\n\n## Twice\n\n## Twice\n")
    assert page.anchors == {"what-serve-costs-in-µs", "twice", "twice-1"}
