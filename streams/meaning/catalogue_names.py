"""What the catalogue calls its things: brands, titles, authors, colours. Grows and shrinks as the catalogue does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from streams.domain.events import Item
from streams.domain.readings import MentionKind
from streams.meaning.lexicons import Form
from streams.meaning.names import HAN, NameIndex, fold, is_han, start_of

Name = tuple[MentionKind, str]
Names = tuple[Name, ...]

#: Beyond this many items the first that came are no longer known by name.
MAX_ITEMS: Final = 200_000
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
    """The names of the items that are known, in an index that others read. One writer. Bounded by items."""

    def __init__(self, index: NameIndex[Form], max_items: int = MAX_ITEMS) -> None:
        self._index = index
        self._max_items = max_items
        self._names: dict[str, Names] = {}
        self._n_items: Counter[Name] = Counter()

    def __len__(self) -> int:
        return len(self._names)

    def put(self, key: str, item: Item) -> None:
        """Know an item by its names; one that is known is described anew. key: `<platform>:<item_id>`."""
        names = item_names(item)
        if self._names.get(key) == names:
            return
        self.remove(key)
        if len(self._names) >= self._max_items:
            self.remove(next(iter(self._names)))
        self._names[key] = names
        for name in names:
            self._n_items[name] += 1
            if self._n_items[name] == 1:
                self._index.add(name[1], _form(name))

    def remove(self, key: str) -> None:
        """Forget an item; names that no other item has are no longer found."""
        for name in self._names.pop(key, ()):
            self._n_items[name] -= 1
            if self._n_items[name] == 0:
                del self._n_items[name]
                self._index.discard(name[1], _form(name))


def _form(name: Name) -> Form:
    kind, spelling = name
    return Form(spelling, kind, spelling.lower(), in_catalogue=True)
