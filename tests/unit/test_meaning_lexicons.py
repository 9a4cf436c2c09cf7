"""Word lists that an operator edits: added to the packaged ones, and refused with file, entry and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.errors import UsageError
from streams.meaning.entities import EntityFinder
from streams.meaning.lexicons import load_lexicons

pytestmark = pytest.mark.requirement("N17")


def written(folder: Path, text: str) -> Path:
    (folder / "own.toml").write_text(text, encoding="utf-8")
    return folder


def test_an_operators_names_are_found_beside_the_packaged_ones(tmp_path: Path) -> None:
    folder = written(tmp_path, 'kind = "brand"\n[[group]]\nnames = ["Zyntrax | 兹恩"]')
    finder = EntityFinder(load_lexicons(folder))
    assert [mention.name for mention in finder.find("兹恩 or Sony")] == ["zyntrax", "sony"]


def test_english_common_nouns_are_known_in_the_plural(tmp_path: Path) -> None:
    folder = written(tmp_path, 'kind = "product"\n[[group]]\nnames = ["zyntry", "brox", "quorv"]')
    finder = EntityFinder(load_lexicons(folder))
    assert [mention.name for mention in finder.find("zyntries, broxes and quorvs")] == ["zyntry", "brox", "quorv"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "brand"\n[[group]]\nnames = ["X"]', "form 'X' is too short"),
        ('kind = "brand"\n[[group]]\nnames = ["name: "]', "write `name | form`"),
        ('kind = "weather"\n[[group]]\nnames = ["rain"]', "weather"),
        ('kind = "brand"\n[[group]]\nnames = ["Acme"]\nnear = ["shop"]', "near"),
        ("kind = ", "own.toml"),
    ],
)
def test_a_faulty_list_is_refused_with_file_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"own\.toml") as caught:
        load_lexicons(written(tmp_path, text))
    assert said in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        load_lexicons(tmp_path / "nowhere")


def test_an_operators_roles_and_first_names_join_the_packaged_ones(tmp_path: Path) -> None:
    for file, name in (("a.toml", "zyn"), ("b.toml", "quor")):
        text = f'kind = "person"\n[[group]]\nnames = ["{name} example"]\n[context]\nroles_en = ["{name}ist"]\nfirst_names = "{name}"'
        (tmp_path / file).write_text(text, encoding="utf-8")
    finder = EntityFinder(load_lexicons(tmp_path))
    found = [mention.name for mention in finder.find("the zynist Abel Dorn, and a song of Zyn Able or Quor Marsh")]
    assert {"abel dorn", "zyn able", "quor marsh"} <= set(found)
