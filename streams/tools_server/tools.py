"""The tools: each a name, what it takes, and a use case that the HTTP routes call as well. None of them writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from streams.domain.events import item_key
from streams.serve.answers import without_vectors
from streams.serve.item_routes import SearchQuery, items_for
from streams.serve.parts import ServeParts
from streams.serve.person_routes import People, recommended
from streams.service.history import history_of
from streams.service.recommendations import Ask
from streams.service.why_not import WhyNot, quiet
from streams.tools_server.arguments import (
    HistoryArguments,
    OfPerson,
    ProfileArguments,
    RecommendArguments,
    SearchArguments,
    WhyItemArguments,
)
from streams.tools_server.bounds import shortened


@dataclass(frozen=True)
class Tool:
    """answer: (parts, checked arguments, profile id) to a body that JSON can hold; raises Problem.

    The profile id is empty for a tool whose arguments name no person.
    """

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    answer: Callable[[ServeParts, Any, str], object]


def _profile(parts: ServeParts, asked: ProfileArguments, profile_id: str) -> object:
    return shortened(without_vectors(People(parts).get(profile_id)), asked.max_entries)


def _explain(parts: ServeParts, _: OfPerson, profile_id: str) -> object:
    return parts.spaces.present.explainer.explain(People(parts).get(profile_id))


def _history(parts: ServeParts, asked: HistoryArguments, profile_id: str) -> object:
    return history_of(People(parts).get(profile_id), parts.items, asked.language, asked.n)


def _recommend(parts: ServeParts, asked: RecommendArguments, profile_id: str) -> object:
    ask = Ask(asked.platform, asked.category, asked.k, asked.explain, asked.diversity)
    return recommended(parts, quiet(parts.spaces.present.recommender), profile_id, ask)


def _why_item(parts: ServeParts, asked: WhyItemArguments, profile_id: str) -> object:
    ask = Ask(asked.platform, asked.category, asked.k)
    key, now_s = item_key(asked.item_platform, asked.item_id), parts.clock.now_s()
    return WhyNot(parts.spaces.present.recommender).why(People(parts).get(profile_id), key, ask, now_s)


def _search_items(parts: ServeParts, asked: SearchArguments, _: str) -> object:
    query = SearchQuery(text=asked.text, vector=None, platform=asked.platform, category=asked.category, k=asked.k)
    return items_for(parts, query)


#: All that can be called. `docs/mcp.md` has the same table.
TOOLS: Final = (
    Tool(
        "profile",
        "A person's profile",
        "What is held about one person: tags with weights, latest events, platforms, consents, traits, segments. "
        "Vectors are left out and long lists cut.",
        ProfileArguments,
        _profile,
    ),
    Tool(
        "explain",
        "A profile in words",
        "What one person is interested in, in words, with the events that contributed to each interest and tag and by "
        "how much. Contribution is not cause.",
        OfPerson,
        _explain,
    ),
    Tool(
        "history",
        "What a person did, in order",
        "The latest deeds of one person on all platforms, oldest first: a sentence and a label each, and one text "
        "of them all.",
        HistoryArguments,
        _history,
    ),
    Tool(
        "recommend",
        "Items for a person",
        "Items for one person, best first. Somebody unknown, and somebody who does not allow it, gets what is popular; "
        "`personalised` and `basis` say so. Asking changes nothing.",
        RecommendArguments,
        _recommend,
    ),
    Tool(
        "why_item",
        "Why an item is recommended, or not",
        "Why one item would be recommended to one person now, or which filter keeps it out, with what makes its score.",
        WhyItemArguments,
        _why_item,
    ),
    Tool(
        "search_items",
        "Items for a text",
        "Items that mean what a text says, closest first. About nobody.",
        SearchArguments,
        _search_items,
    ),
)
