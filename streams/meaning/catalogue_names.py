"""What the catalogue calls its things: brands, titles, authors, colours, as lists that texts are read with.

Written once and read at a start, not followed: what a text says must not hang on when the catalogue learnt a name.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from streams.domain.events import Item
from streams.domain.readings import MentionKind
from streams.meaning.names import HAN, fold, is_han, start_of

Name = tuple[MentionKind, str]
Names = tuple[Name, ...]

#: Each costs a worker some hundred bytes.
MAX_NAMES: Final = 200_000
#: Nobody writes a longer title out.
MAX_TITLE_CHARS: Final = 60
MIN_HAN_TITLE_CHARS: Final = 4
#: Where the name of a thing ends in its title: "Coffee Creamer, Sweetened Original", "手冲壶（不锈钢）".
_TITLE_END: Final = re.compile(r"\s[-–|/]\s|[,，|｜(（【\[:：;；]")
_PURE_WORD: Final = re.compile(rf"[^\W\d_{HAN}]+")


def item_names(item: Item) -> Names:
    """What an item may be called by: each (kind, name) once.

    >>> item_names(Item("i", title="Trail Shoe, red", brand="Acme"))
    (('brand', 'Acme'), ('product', 'Trail Shoe'))
    """
    return tuple(dict.fromkeys(_names(item)))


def _names(item: Item) -> Iterator[Name]:
    named: tuple[Name, ...] = (("brand", item.brand), ("person", item.author), ("color", item.color))
    for kind, name in named:
        if _is_name(name):
            yield kind, name
    title = _TITLE_END.split(item.title, maxsplit=1)[0].strip()
    if len(title) <= MAX_TITLE_CHARS and _is_telling(title):
        yield "product", title


def _is_name(name: str) -> bool:
    return len(name) > 1 and not name.isdigit() and start_of(fold(name)) is not None


def _is_telling(title: str) -> bool:
    """Whether a title is no everyday word: two words, or four characters of a script without spaces."""
    if start_of(fold(title)) is None:
        return False
    n_han = sum(map(is_han, title))
    return n_han >= MIN_HAN_TITLE_CHARS or (n_han == 0 and len(_PURE_WORD.findall(title)) > 1)


class CatalogueNames:
    """What the items that are known are called, and by how many. One thread."""

    def __init__(self) -> None:
        self._names: dict[str, Names] = {}

    def __len__(self) -> int:
        return len(self._names)

    def put(self, key: str, item: Item | None) -> None:
        """Know an item by its names, or with None forget it. key: `<platform>:<item_id>`."""
        if item is None:
            self._names.pop(key, None)
        else:
            self._names[key] = item_names(item)

    def lists(self, max_names: int = MAX_NAMES) -> dict[MentionKind, list[str]]:
        """The names of each kind, sorted, those of the most items where there are too many.

        A spelling that differs in capitals alone is told once. A line of a list cannot hold some of what titles hold.
        """
        n_items = Counter(name for names in self._names.values() for name in names if _fits_a_line(name[1]))
        kept = sorted(n_items, key=lambda name: (-n_items[name], name))[:max_names]
        lists: dict[MentionKind, dict[str, str]] = {}
        for kind, spelling in kept:
            lists.setdefault(kind, {}).setdefault(fold(spelling), spelling)
        return {kind: sorted(names.values()) for kind, names in lists.items()}


def list_file(kind: MentionKind, names: Iterable[str]) -> str:
    """The names as a file that `lexicons.load_lexicons` reads."""
    head = f'# Names of the catalogue, written by `braid lexicon`.\nkind = "{kind}"\nfrom_catalogue = true\n'
    lines = "".join(f"  {json.dumps(name, ensure_ascii=False)},\n" for name in names)
    return f"{head}\n[[group]]\nnames = [\n{lines}]\n"


def _fits_a_line(name: str) -> bool:
    return "|" not in name and ": " not in name and name.isprintable()
