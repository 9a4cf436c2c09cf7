"""Which model serve ranks with, what it answers in, and how both are exchanged while requests go on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from index.factory import NearestIndex
from streams.adapters.item_catalogue import LocalItemCatalogue, VectorModel
from streams.domain.decay import HalfLives
from streams.domain.interests import InterestRules, threshold_above
from streams.domain.profiles import Model
from streams.domain.ranking import ScoreWeights
from streams.errors import UsageError
from streams.ports import Encoder
from streams.ranking.live import LiveRanker
from streams.ranking.model_files import CURRENT, RankingModel, load_model, packaged
from streams.serve.background import background_of
from streams.serve.item_feed import ItemFeed
from streams.serve.spaces import Space, Spaces
from streams.serve_index import ServedIndex, open_index
from streams.service.explain import Explainer
from streams.service.explained_tags import TagDecay
from streams.service.popular_now import PopularNow
from streams.service.recommend import Recommender
from streams.service.tastes import TasteReader, as_encoded
from streams.settings import Settings
from streams.telemetry import metrics
from streams.wiring import sensitive_of

_log = structlog.get_logger(__name__)


def first_model(settings: Settings, encoder: Model) -> RankingModel:
    """The model to begin with. Raises UsageError for one that cannot be read or is of another encoder."""
    chosen = settings.recommend.model
    return load_model(chosen_folder(Path(chosen)), encoder.label) if chosen else packaged()


def chosen_folder(path: Path) -> Path:
    """A folder of models stands for the one that it says is current; links are followed."""
    current = path / CURRENT
    return (current if current.is_symlink() else path).resolve()


def blend_space(model: RankingModel, encoder: Model) -> str:
    """What learnt weights belong to: networks and vectors."""
    vectors = encoder.label if model.adapter is None else model.adapter.label
    return f"{vectors}/{model.label}"


@dataclass(frozen=True)
class SpaceMaker:
    """Everything of a space but the model and its index."""

    settings: Settings
    encoder: Encoder
    model: Model
    items: LocalItemCatalogue
    popular: PopularNow
    ranker: LiveRanker | None
    half_lives: HalfLives

    def over(self, index: NearestIndex, model: RankingModel) -> Space:
        """The space of a model, with an index of its vectors."""
        adapt = as_encoded if model.adapter is None else model.adapter.apply
        background = background_of(self.encoder, adapt)
        rules = InterestRules(threshold=threshold_above(background))
        named = self.model.name, self.model.version
        tastes = TasteReader(index, self.items, named, rules, sensitive_of(self.settings), adapt)
        weights = ScoreWeights(background=background)
        recommends = self.settings.consent.recommend
        profile = self.settings.profile
        decay = TagDecay(self.half_lives, profile.platform_weights)
        return Space(
            label=model.label,
            index=index,
            recommender=Recommender(index, self.items, tastes, self.popular, weights, recommends, self.ranker),
            explainer=Explainer(tastes, self.items, decay),
            adapt=adapt,
        )


class ModelSwitch:
    """Looks whether another model was chosen, and goes over to it beside the requests. One thread."""

    def __init__(
        self, maker: SpaceMaker, spaces: Spaces, feed: ItemFeed, served: ServedIndex, model: RankingModel
    ) -> None:
        self._maker = maker
        self._spaces = spaces
        self._feed = feed
        self._served = served
        self._model = model
        self._refused: Path | None = None
        metrics.RANKING_MODEL.labels(model.label).set(1)

    @property
    def index(self) -> NearestIndex:
        """The one that answers."""
        return self._served.index

    def look(self) -> None:
        """Go over to the chosen model if it is another one; a model that cannot be used is told once and left alone."""
        chosen = self._maker.settings.recommend.model
        if not chosen:
            return
        folder = chosen_folder(Path(chosen))
        if folder.name == self._model.label or folder == self._refused:
            return
        try:
            model = load_model(folder, self._maker.model.label)
        except UsageError as error:
            self._refused = folder
            metrics.MODEL_SWITCHES.labels("refused").inc()
            _log.error("model_refused", folder=str(folder), why=str(error), goes_on_with=self._model.label)
        else:
            self._go_over(model)

    def _go_over(self, model: RankingModel) -> None:
        before, old = self._model, self._served
        if _vectors_of(model) == _vectors_of(before):
            self._begin(old, model)()
        else:
            settings, vectors = self._maker.settings, VectorModel(self._maker.model.label, self._maker.model.dim)
            folder = settings.state_dir / "serve" / "index"
            served = open_index(settings.index, folder, vectors, fresh=True, adapter=model.adapter)
            self._feed.exchange(served.store, self._begin(served, model))
            old.index.close()
        metrics.RANKING_MODEL.remove(before.label)
        metrics.RANKING_MODEL.labels(model.label).set(1)
        metrics.MODEL_SWITCHES.labels("done").inc()
        _log.info("model_switched", model=model.label, before=before.label, n_items=len(self._served.index))

    def _begin(self, served: ServedIndex, model: RankingModel) -> Callable[[], None]:
        space = self._maker.over(served.index, model)

        def begin() -> None:
            if self._maker.ranker is not None:
                self._maker.ranker.use(model.rerankers, model.content_weight, blend_space(model, self._maker.model))
            self._spaces.exchange(space)
            self._served, self._model = served, model

        return begin


def _vectors_of(model: RankingModel) -> str:
    return "" if model.adapter is None else model.adapter.label
