"""What one event says about things in the world: edges views, buys, likes, dislikes to brands, products, topics, places
and people. `relations` adds them up.

The item of an event is viewed, bought, liked or disliked by the action. What the person wrote names further things,
liked or disliked as the words about them feel. What an advertisement led to says nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from streams.domain.actions import BUILT_IN, Action, action_of
from streams.domain.events import Event, Item
from streams.domain.readings import FAINT, Mention, Reading
from streams.domain.sensitive import SensitiveTags

Relation = Literal["views", "buys", "likes", "dislikes"]
EdgeKind = Literal["brand", "product", "topic", "place", "person"]

RELATIONS: Final[tuple[Relation, ...]] = ("views", "buys", "likes", "dislikes")
EDGE_KINDS: Final[tuple[EdgeKind, ...]] = ("brand", "product", "topic", "place", "person")
MAX_NAME_CHARS: Final = 64
MAX_EDGES_PER_EVENT: Final = 16
#: Deeds whose edges are remembered.
REMEMBERED: Final = 50_000

_BUYS: Final = frozenset({"order.completed", "booking.completed"})
_LIKES: Final = frozenset(
    {
        "cart.added", "wishlist.added", "video.liked", "post.liked", "post.shared", "account.followed",
        "article.shared", "track.saved", "playlist.added",
    }
)  # fmt: skip


class Edge(NamedTuple):
    """One event's part of an edge. weight: below 0 where the event takes back what another one said."""

    relation: Relation
    kind: EdgeKind
    name: str
    weight: float

    @property
    def key(self) -> str:
        """`<relation>:<kind>:<name>`."""
        return f"{self.relation}:{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What an event did. action: `<object>.<action>`. weight: signed, what a rating or the words felt already in it.

    said: the reading of the person's own words. about: of the item's text, for its topics and places. declared: the
    action where a mapping file declared it.
    """

    action: str
    weight: float
    item: Item | None = None
    said: Reading | None = None
    about: Reading | None = None
    declared: Action | None = None

    @property
    def known(self) -> Action | None:
        """Its declaration, or None."""
        return self.declared or BUILT_IN.get(self.action)


def edges_of(deed: Deed, sensitive: SensitiveTags | None = None) -> tuple[Edge, ...]:
    """The edges of one event, heaviest first, each once and at most sixteen; none in the ads facet or without weight.

    sensitive: names that no edge may bear.

    >>> bought = Deed(action="order.completed", weight=4.0, item=Item("i", title="Trail Shoe", brand="Acme"))
    >>> [edge.key for edge in edges_of(bought)]
    ['buys:brand:acme', 'buys:product:trail shoe']
    """
    known = deed.known
    if deed.weight == 0.0 or (known is not None and (known.facet == "ads" or known.control)):
        return ()
    heaviest: dict[str, Edge] = {}
    for made in (*_of_item(deed), *_of_words(deed)):
        name = made.name.casefold().strip()[:MAX_NAME_CHARS].rstrip()
        if not name or made.weight == 0.0 or (sensitive is not None and sensitive.says(name)):
            continue
        edge = made._replace(name=name)
        if edge.key not in heaviest or abs(heaviest[edge.key].weight) < abs(edge.weight):
            heaviest[edge.key] = edge
    return tuple(sorted(heaviest.values(), key=lambda edge: (-abs(edge.weight), edge.key))[:MAX_EDGES_PER_EVENT])


class EdgeMaker:
    """Edges of events, remembered by what was done with which item, since the same items come again and again.

    declared: the action of an event type, None for an unknown one. Any number of threads may call it.
    """

    def __init__(self, declared: Callable[[str], Action | None], sensitive: SensitiveTags | None) -> None:
        self._declared = declared
        self._sensitive = sensitive
        self._known: dict[tuple[str, str, str, str, bool], tuple[Reading | None, tuple[Edge, ...]]] = {}

    def of(
        self, event: Event, weight: float, said: Reading | None, about: Reading | None
    ) -> tuple[tuple[Edge, ...], float]:
        """(edges, what their weights are to be multiplied by). weight: of the event, signed, not 0."""
        item = event.item
        if said is not None or item is None:
            return self._made(event, weight, said, about), 1.0
        what = event.type, item.title, item.brand, item.author, weight > 0.0
        known = self._known.get(what)
        if known is None or known[0] is not about:
            if len(self._known) > REMEMBERED:
                self._known = {}
            known = self._known[what] = about, self._made(event, 1.0 if weight > 0.0 else -1.0, None, about)
        return known[1], abs(weight)

    def _made(self, event: Event, weight: float, said: Reading | None, about: Reading | None) -> tuple[Edge, ...]:
        deed = Deed(
            action=action_of(event.type),
            weight=weight,
            item=event.item,
            said=said,
            about=about,
            declared=self._declared(event.type),
        )
        return edges_of(deed, self._sensitive)


def relation_of(deed: Deed) -> tuple[Relation, float]:
    """(what an event says about its item, with which weight); a reversal takes back what it reverses.

    >>> relation_of(Deed(action="post.unliked", weight=-3.0))
    ('likes', -3.0)
    """
    known, weight = deed.known, deed.weight
    if known is not None and known.reverses is not None:
        return relation_of(Deed(action=known.reverses, weight=abs(weight)))[0], -abs(weight)
    if weight < 0.0:
        return "dislikes", -weight
    if deed.action in _BUYS:
        return "buys", weight
    if deed.action in _LIKES or (known is not None and known.takes == "rating"):
        return "likes", weight
    is_praise = deed.said is not None and deed.said.sentiment >= FAINT
    return ("likes" if is_praise and known is not None and known.words == "text" else "views"), weight


def _of_item(deed: Deed) -> Iterator[Edge]:
    item = deed.item
    if item is None:
        return
    relation, weight = relation_of(deed)
    yield Edge(relation, "product", item.title, weight)
    yield Edge(relation, "brand", item.brand, weight)
    yield Edge(relation, "person", item.author, weight)
    if deed.about is None:
        return
    for topic in deed.about.topics:
        yield Edge(relation, "topic", topic.topic, weight * topic.score)
    for mention in deed.about.mentions:
        if mention.kind == "place":
            yield Edge(relation, "place", mention.name, weight * mention.confidence)


def _of_words(deed: Deed) -> Iterator[Edge]:
    """Who searches looks at things; who writes likes, dislikes or just speaks of them."""
    if deed.said is None:
        return
    known, weight = deed.known, abs(deed.weight)
    is_search = known is not None and known.words == "query"
    for mention in deed.said.mentions:
        kind = _kind_of(mention)
        felt = 0.0 if mention.sentiment is None else mention.sentiment
        if kind is None or not (is_search or abs(felt) >= FAINT):
            continue
        strength = 1.0 if is_search else abs(felt)
        yield Edge(_attitude(felt, is_search=is_search), kind, mention.name, weight * mention.confidence * strength)
    attitude = _attitude(deed.said.sentiment, is_search=is_search)
    for topic in deed.said.topics:
        yield Edge(attitude, "topic", topic.topic, weight * topic.score)


def _attitude(felt: float, *, is_search: bool) -> Relation:
    if is_search or abs(felt) < FAINT:
        return "views"
    return "likes" if felt > 0.0 else "dislikes"


def _kind_of(mention: Mention) -> EdgeKind | None:
    """A colour or an aspect is nothing that one has to do with."""
    return None if mention.kind in {"color", "aspect"} else mention.kind  # type: ignore[return-value] # the rest are
