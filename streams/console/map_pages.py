"""The map: items by meaning, a person among them, search and neighbours; everything on it is in a list as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import msgspec
import numpy as np
from fastapi import APIRouter, Depends, Query, Request, Response

from streams.console.addresses import see_other, with_query
from streams.console.map_views import MapInterest, MapItem, MapPerson, MapView
from streams.console.parts import ConsoleParts
from streams.console.rendering import Pages
from streams.domain.profiles import ProfileRecord
from streams.ports import Neighbour
from streams.serve.access import requires
from streams.serve.item_routes import MAX_TEXT_CHARS
from streams.serve.lookups import living
from streams.serve.parameters import MAX_ID_CHARS, PLATFORM_PATTERN
from streams.serve.parts import ServeParts
from streams.serve.subjects import names_its_subject
from streams.service.item_map import DIGITS, ItemMap

N_FOUND: Final = 20
N_RECENT: Final = 20

Person = Annotated[str | None, Query(pattern=r"^[!-~]{1,128}$")]
Words = Annotated[str, Query(max_length=MAX_TEXT_CHARS)]
#: A form that leaves the choice open sends it empty.
Platform = Annotated[str, Query(pattern=rf"{PLATFORM_PATTERN}|^$")]
ItemKey = Annotated[str | None, Query(min_length=1, max_length=MAX_ID_CHARS + 32)]
Near = Annotated[str | None, Query(pattern=r"^[01](\.[0-9]{1,4})?,[01](\.[0-9]{1,4})?$")]


def map_routes(parts: ConsoleParts, item_map: ItemMap, pages: Pages) -> APIRouter:
    """`/map`. near: `x,y` on the unit square, leads to the item drawn closest to it."""
    router, drawn = APIRouter(include_in_schema=False), Drawn(parts.serve, item_map, list(parts.platforms))
    about = [Depends(requires("read", parts.serve.keys)), Depends(names_its_subject(parts.serve))]

    @router.get("/map", dependencies=about)
    def view(request: Request, asked: Annotated[Asked, Depends(_asked)], near: Near = None) -> Response:
        if near is not None:
            x, y = map(float, near.split(","))
            chosen = item_map.picture(asked.platform).nearest(x, y)
            return see_other(with_query(request, near=None, item=chosen))
        return pages.answer(request, "map.html", drawn.view(asked))

    return router


@dataclass(frozen=True)
class Asked:
    """What the address asks for. person: profile id. item: its key; where there is one, the query is not searched."""

    person: str | None
    query: str
    platform: str | None
    item: str | None


def _asked(person: Person = None, q: Words = "", platform: Platform = "", item: ItemKey = None) -> Asked:
    return Asked(person, q.strip(), platform or None, item)


class Drawn:
    """Makes the view of a request."""

    def __init__(self, parts: ServeParts, item_map: ItemMap, platforms: list[str]) -> None:
        self._parts = parts
        self._map = item_map
        self._platforms = platforms

    def view(self, asked: Asked) -> MapView:
        """Blocks for milliseconds; for seconds where a picture of very many items is made first."""
        picture = self._map.picture(asked.platform)
        chosen = self._items([(asked.item, None)]) if asked.item is not None else []
        return MapView(
            query=asked.query,
            platform=asked.platform,
            platforms=self._platforms,
            item=chosen[0] if chosen else None,
            is_item_unknown=asked.item is not None and not chosen,
            found=self._search(asked) if asked.item is None else self._neighbours(asked.item, asked.platform),
            person=None if asked.person is None else self._person(asked.person),
            n_items=picture.n_items,
            n_drawn=len(picture.keys),
            explained=self._map.explained,
            categories=list(picture.categories),
            points=msgspec.Raw(picture.points),
        )

    def _search(self, asked: Asked) -> list[MapItem]:
        if not asked.query:
            return []
        space = self._parts.spaces.present
        vector = space.adapt(self._parts.encoder.encode([asked.query], "query").vectors)
        return self._near(space.index.search(vector, N_FOUND, platform=asked.platform)[0])

    def _neighbours(self, item: str, platform: str | None) -> list[MapItem]:
        index = self._parts.spaces.present.index
        _, vectors = index.vectors_of([item])
        if not len(vectors):
            return []
        return self._near(index.search(vectors, N_FOUND, platform=platform, exclude=(item,))[0])

    def _near(self, found: Sequence[Neighbour]) -> list[MapItem]:
        return self._items([(near.key, float(near.score)) for near in found])

    def _person(self, profile_id: str) -> MapPerson:
        profile = living(self._parts.profiles, profile_id)
        if profile is None:
            return MapPerson(profile_id, is_known=False, interests=[], recent=[])
        weights: dict[str, float] = {}
        for event in profile.recent:  # latest first
            if event.item:
                weights.setdefault(event.item, event.weight)
        recent = self._items(list(weights.items())[:N_RECENT])
        return MapPerson(profile.profile_id, is_known=True, interests=self._interests(profile), recent=recent)

    def _interests(self, profile: ProfileRecord) -> list[MapInterest]:
        """Each in the middle of the items of its heaviest events, by what is left of these."""
        item_of = {event.id: event.item for event in profile.recent}
        shown = []
        for interest in self._parts.spaces.present.explainer.explain(profile).interests:
            made_by = [(item_of[event.event_id], event.contribution) for event in interest.events]
            places = self._map.places_of([item for item, _ in made_by])
            weights = [weight for item, weight in made_by if item in places]
            if sum(weights) > 0.0:
                placed = [places[item] for item, _ in made_by if item in places]
                x, y = np.average(placed, axis=0, weights=weights).round(DIGITS).tolist()
                shown.append(MapInterest(interest.label, x, y, interest.mass))
        return shown

    def _items(self, scored: Sequence[tuple[str, float | None]]) -> list[MapItem]:
        """In that order; without those that are not known or have no place."""
        keys = [key for key, _ in scored]
        places = self._map.places_of(keys)
        return [
            MapItem(key, entry.platform, entry.item.item_id, entry.item.title, entry.item.category, *places[key], score)
            for (key, score), entry in zip(scored, self._parts.items.entries_of(keys), strict=True)
            if entry is not None and key in places
        ]
