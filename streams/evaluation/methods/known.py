"""Every method by name: which are compared on data with a clock that people share, and which on data without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from streams.errors import UsageError
from streams.evaluation.methods.blend import Blend
from streams.evaluation.methods.braid import braid
from streams.evaluation.methods.histories import DAY_S, Fading
from streams.evaluation.methods.item_knn import ItemKnn
from streams.evaluation.methods.popularity import AtRandom, FadingPopularity, Popularity
from streams.evaluation.methods.port import MakeMethod, Method, Setting
from streams.evaluation.methods.same_platform import SamePlatform
from streams.evaluation.methods.title_words import TitleWords
from streams.evaluation.methods.transitions import Transitions

#: Spans and half-lives of the rows that `docs/evaluation.md` compares with.
PAIR_SPAN_S: Final = 60 * DAY_S
HALF_LIFE_S: Final = 90 * DAY_S
PER_STEP: Final = 0.8


def _knn(setting: Setting) -> ItemKnn:
    return ItemKnn(setting, "item_knn", Fading(half_life_s=HALF_LIFE_S), PAIR_SPAN_S)


def _tfidf(setting: Setting) -> TitleWords:
    return TitleWords(setting, "tfidf", Fading(half_life_s=HALF_LIFE_S))


def _knn_per_step(setting: Setting) -> ItemKnn:
    return ItemKnn(setting, "item_knn", Fading(per_step=PER_STEP))


def _tfidf_per_step(setting: Setting) -> TitleWords:
    return TitleWords(setting, "tfidf", Fading(per_step=PER_STEP))


def _both(setting: Setting, first: Method, second: Method) -> Blend:
    return Blend(setting, "item_knn_tfidf", (first, second))


SHARED_CLOCK_METHODS: Final[Mapping[str, MakeMethod]] = MappingProxyType(
    {
        "random": lambda setting: AtRandom(setting, "random"),
        "popularity": lambda setting: Popularity(setting, "popularity"),
        "recent_popularity_7d": lambda setting: Popularity(setting, "recent_popularity_7d", 7 * DAY_S),
        "recent_popularity_30d": lambda setting: Popularity(setting, "recent_popularity_30d", 30 * DAY_S),
        "fading_popularity_7d": lambda setting: FadingPopularity(setting, "fading_popularity_7d", 7 * DAY_S),
        "item_knn": _knn,
        "tfidf": _tfidf,
        "item_knn_tfidf": lambda setting: _both(setting, _knn(setting), _tfidf(setting)),
        "item_knn_same_platform": lambda setting: SamePlatform(setting, "item_knn_same_platform", _knn),
        "tfidf_same_platform": lambda setting: SamePlatform(setting, "tfidf_same_platform", _tfidf),
        "braid": braid,
    }
)
#: Only when named: they answer another question, and take their time.
ON_REQUEST: Final[Mapping[str, MakeMethod]] = MappingProxyType(
    {"braid_same_platform": lambda setting: SamePlatform(setting, "braid_same_platform", braid)}
)
OWN_CLOCK_METHODS: Final[Mapping[str, MakeMethod]] = MappingProxyType(
    {
        "random": lambda setting: AtRandom(setting, "random"),
        "popularity": lambda setting: Popularity(setting, "popularity"),
        "item_knn_uniform": lambda setting: ItemKnn(setting, "item_knn_uniform", Fading()),
        "item_knn": _knn_per_step,
        "transitions": lambda setting: Transitions(setting, "transitions"),
        "tfidf": _tfidf_per_step,
        "item_knn_tfidf": lambda setting: _both(setting, _knn_per_step(setting), _tfidf_per_step(setting)),
        "braid": braid,
    }
)


def chosen(
    names: Sequence[str], further: Mapping[str, MakeMethod], *, has_shared_clock: bool
) -> Mapping[str, MakeMethod]:
    """The methods of these names; without names all but those on request. Raises UsageError for unknown ones.

    further: others on request, which the settings make.
    """
    usual = SHARED_CLOCK_METHODS if has_shared_clock else OWN_CLOCK_METHODS
    methods = {**usual, **ON_REQUEST, **further} if has_shared_clock else usual
    for name in names:
        if name not in methods:
            raise UsageError(f"--methods {name}: these data allow {', '.join(methods)}")
    return {name: methods[name] for name in names or usual}
