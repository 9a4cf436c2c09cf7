"""Routes about items: what is like one, and search by text or vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
import numpy as np
from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, Field

from streams.domain.events import item_key
from streams.ports import Encoder, Neighbour, Vectors
from streams.serve.answers import json_answer
from streams.serve.described import described
from streams.serve.parameters import (
    DEFAULT_K,
    MAX_NAME_CHARS,
    PLATFORM_PATTERN,
    CategoryFilter,
    ItemPath,
    K,
    PlatformFilter,
    PlatformPath,
)
from streams.serve.parts import ServeParts
from streams.serve.problems import Problem, refusals
from streams.service.recommendations import MAX_K, Recommended

MAX_TEXT_CHARS = 4_000
MAX_DIM = 4_096


class SearchQuery(BaseModel, extra="forbid"):
    """What to look for: a text, or a vector of the encoder's space."""

    text: str | None = Field(None, min_length=1, max_length=MAX_TEXT_CHARS)
    vector: list[float] | None = Field(None, min_length=1, max_length=MAX_DIM)
    platform: str | None = Field(None, pattern=PLATFORM_PATTERN)
    category: str | None = Field(None, max_length=MAX_NAME_CHARS)
    k: int = Field(DEFAULT_K, ge=1, le=MAX_K)


class FoundItems(msgspec.Struct, frozen=True):
    """Closest first; score: cosine."""

    items: list[Recommended]


_FOUND: Final = described(FoundItems)
Query = Annotated[SearchQuery, Body()]


def item_routes(parts: ServeParts) -> APIRouter:
    """Everything about items."""
    router = APIRouter(tags=["items"])

    @router.get(
        "/v1/items/{platform}/{item_id}/similar",
        summary="Items that mean nearly the same, closest first",
        response_model=_FOUND,
        responses=refusals(404, 422),
    )
    def similar(
        platform: PlatformPath,
        item_id: ItemPath,
        to_platform: PlatformFilter = None,
        category: CategoryFilter = None,
        k: K = DEFAULT_K,
    ) -> Response:
        key = item_key(platform, item_id)
        index = parts.spaces.present.index
        _, vectors = index.vectors_of([key])
        if not len(vectors):
            raise Problem(
                404, "unknown_item", "there is no such item with a vector", "publish it to the topic items first"
            )
        found = index.search(vectors, k, platform=to_platform, category=category, exclude=(key,))
        return json_answer(_described(parts, found[0]))

    @router.post(
        "/v1/search",
        summary="Items for a text or a vector, closest first",
        response_model=_FOUND,
        responses=refusals(400, 413, 422),
    )
    def search(query: Query) -> Response:
        return json_answer(items_for(parts, query))

    return router


def items_for(parts: ServeParts, query: SearchQuery) -> FoundItems:
    """What is closest to a text or a vector. Raises Problem 422."""
    space = parts.spaces.present
    vector = space.adapt(_vector_of(parts.encoder, query))
    found = space.index.search(vector, query.k, platform=query.platform, category=query.category)
    return _described(parts, found[0])


def _vector_of(encoder: Encoder, query: SearchQuery) -> Vectors:
    """float32 (1, D), unit norm or zero, as the encoder makes them. Raises Problem."""
    if (query.text is None) == (query.vector is None):
        raise Problem(422, "invalid_request", "give either text or vector", "send one of the two")
    if query.text is not None:
        return encoder.encode([query.text], "query").vectors
    vector = np.array([query.vector], dtype=np.float64)
    if vector.shape[1] != encoder.dim or not np.isfinite(vector).all():
        raise Problem(
            422,
            "invalid_vector",
            f"vector has {vector.shape[1]} numbers, the encoder makes {encoder.dim} finite ones",
            "encode with the model that profiles name",
        )
    # Brought near 1 first: the square of a large number is infinite, of a small one nothing.
    vector /= np.abs(vector).max() or 1.0
    norm = float(np.linalg.norm(vector))
    unit: Vectors = (vector / (norm or 1.0)).astype(np.float32)
    return unit


def _described(parts: ServeParts, found: Sequence[Neighbour]) -> FoundItems:
    entries = parts.items.entries_of([near.key for near in found])
    return FoundItems(
        [
            Recommended(
                near.key,
                entry.platform,
                entry.item.item_id,
                entry.item.title,
                entry.item.category,
                round(float(near.score), 6),
            )
            for near, entry in zip(found, entries, strict=True)
            if entry is not None
        ]
    )
