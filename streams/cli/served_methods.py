"""The methods that ask what serve answers, under the settings: its encoder, its model, its recommender and its feed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from streams.cli.catalogue_content import CatalogueContent
from streams.domain.events import ItemRecord
from streams.evaluation.catalogue import Catalogue
from streams.evaluation.methods.port import MakeMethod, Method, Setting
from streams.evaluation.methods.served import ServedMethod, ServedPath, Wish
from streams.ranking.live import LiveRanker
from streams.serve.behaviour_feed import BehaviourFeed
from streams.serve_space import blend_space, first_model
from streams.service.recommendations import DEFAULT_DIVERSITY, MAX_K, Ask
from streams.settings import Settings
from streams.training.replayed_profiles import ReplayedProfiles

WISHES: Final[Mapping[str, Wish]] = {
    "braid_served": Wish(MAX_K, 0.0),
    "braid_served_diverse": Wish(Ask().k, DEFAULT_DIVERSITY),
}


def served_methods() -> Mapping[str, MakeMethod]:
    """By name. The encoder is loaded, and a catalogue encoded, when the first is made, once for all of them."""
    known: list[tuple[Catalogue, CatalogueContent]] = []

    def content_of(catalogue: Catalogue) -> CatalogueContent:
        if not known or known[0][0] is not catalogue:
            known[:] = [(catalogue, CatalogueContent(catalogue, Settings.load()))]
        return known[0][1]

    def maker(name: str, wish: Wish) -> MakeMethod:
        def make(setting: Setting) -> Method:
            path = served_path(content_of(setting.catalogue), Settings.load())
            return ServedMethod(name, path, wish, setting.catalogue)

        return make

    return {name: maker(name, wish) for name, wish in WISHES.items()}


def served_path(content: CatalogueContent, settings: Settings) -> ServedPath:
    """As serve begins with a catalogue and nobody in it. Raises UsageError for a model that cannot be used."""
    model = first_model(settings, content.model)
    ranker = LiveRanker(model.rerankers)
    ranker.use(model.rerankers, model.content_weight, blend_space(model, content.model))
    feed = BehaviourFeed(ranker, settings.consent.recommend)
    feed.fill(_records(content), ())
    profiles = ReplayedProfiles(content.items, content.worker())
    # A graph is made beside the requests, by several threads: no two runs would find the same.
    space = content.space(model.adapter, "exact")
    recommender = profiles.recommender(space, ranker if settings.recommend.behaviour else None)
    return ServedPath(profiles, recommender, feed)


def _records(content: CatalogueContent) -> Iterator[tuple[str, ItemRecord]]:
    items = content.items
    for key, platform, item in zip(items.keys(), items.platforms, items.said, strict=True):
        yield key, ItemRecord(platform, item, content.model.label, b"", False, 0.0, 0)
