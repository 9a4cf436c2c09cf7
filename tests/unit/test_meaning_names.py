"""Finding many names at once: the index finds what the slow, obvious search finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.meaning.names import NameIndex, fold, start_of, units_of

NAMES = st.one_of(
    st.lists(st.sampled_from(["red", "bull", "re", "a", "7", "天", "7天酒店", "é"]), min_size=1, max_size=3).map(" ".join),
    st.text("手机壳红色ab1 -", min_size=1, max_size=4),
).filter(lambda name: start_of(fold(name)) is not None and fold(name) == fold(name).strip())  # fmt: skip
TEXTS = st.lists(
    st.sampled_from(["red", "bull", "RED", "a", "7", "天", "手机", "壳", "红色", " ", "-", "é", "İ", "ab1", "redo"]),
    max_size=16,
).map("".join)


def obvious(names: dict[str, str], text: str) -> list[tuple[int, int, str]]:
    """Every place, every name, longest first."""
    folded, found, at = fold(text), [], 0
    starts = {place for _, place in units_of(folded)}
    while at < len(folded):
        fitting = [
            name for name in names
            if at in starts and folded.startswith(name, at) and ends(folded, at + len(name))
        ]  # fmt: skip
        if fitting:
            longest = max(fitting, key=len)
            found.append((at, at + len(longest), names[longest]))
            at += len(longest)
        else:
            at += 1
    return found


def ends(folded: str, end: int) -> bool:
    last, following = folded[end - 1 : end], folded[end : end + 1]
    if "\u3400" <= last <= "\u9fff" or "\u3400" <= following <= "\u9fff":
        return True
    return not ((last.isalpha() and following.isalpha()) or (last.isdigit() and following.isdigit()))


@given(st.sets(NAMES, max_size=8), TEXTS)
def test_the_index_finds_what_the_obvious_search_finds(names: set[str], text: str) -> None:
    index = NameIndex[str]()
    for name in names:
        index.add(name, fold(name))
    found = [(each.start, each.end, each.senses[0]) for each in index.find(fold(text))]
    assert found == obvious({fold(name): fold(name) for name in names}, text)


@given(st.text(max_size=40))
def test_folding_keeps_every_character_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


def test_a_name_that_nothing_could_find_is_refused() -> None:
    with pytest.raises(ValueError, match="begin with a letter"):
        NameIndex[int]().add("书", 1)
    with pytest.raises(ValueError, match="begin with a letter"):
        NameIndex[int]().add("!!", 1)
