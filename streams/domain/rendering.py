"""Items and events as words: what the encoder reads. Deterministic and versioned, since vectors depend on it."""

from __future__ import annotations

from typing import Final

from streams.domain.events import Item

#: Part of what makes a vector, and so of the model's name in records: raise it whenever the same item would read
#: differently, and all items are encoded anew.
RENDER_VERSION: Final = 1


def render_item(item: Item) -> str:
    r"""An item as `name: value` lines, the telling fields first, empty ones left out; "" for an item without words.

    >>> render_item(Item(item_id="i-1", title="Trail shoe", brand="Acme", tags=("running", "red")))
    'title: Trail shoe\nbrand: Acme\ntags: running, red'
    """
    lines = (
        ("title", item.title),
        ("category", item.category),
        ("brand", item.brand),
        ("color", item.color),
        ("tags", ", ".join(item.tags)),
        ("author", item.author),
        ("genre", ", ".join(item.genre)),
        ("description", item.description),
    )
    return "\n".join(f"{name}: {value}" for name, value in lines if value)
