"""D11: serve goes over to another model while it answers; nothing is compared across two spaces of vectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
import structlog

from streams.domain.decay import DAY_S, HalfLives
from streams.ranking.adapter import Adapter
from streams.ranking.live import LiveRanker
from streams.ranking.model_files import RankingModel, packaged, use, write_model
from streams.ranking.reranker_files import packaged as packaged_rerankers
from streams.serve.spaces import Spaces
from streams.serve_index import open_index
from streams.serve_space import ModelSwitch, SpaceMaker, first_model
from streams.service.popular_now import PopularNow
from streams.service.recommendations import Ask
from streams.settings import Index, Settings
from tests.support.serving import (
    ENCODER,
    MODEL,
    NOON_S,
    VECTOR_MODEL,
    Did,
    Town,
    an_item,
    an_item_record,
    opened,
    subject_items,
)

pytestmark = pytest.mark.requirement("D11")
HALF = MODEL.dim // 2


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    for town in opened(tmp_path / "serve", ranker=LiveRanker(packaged_rerankers())):
        town.publish_items(subject_items())
        yield town


def turned(seed: int, dim: int = HALF) -> Adapter:
    """Directions mixed at random: most angles stay about as they are, coordinates do not."""
    weights = np.random.default_rng(seed).standard_normal((MODEL.dim, dim)) / np.sqrt(dim)
    return Adapter(MODEL.label, weights.astype(np.float32))


def written(models: Path, adapter: Adapter | None, weight: float = 2.0) -> str:
    model = RankingModel(packaged_rerankers(), adapter, weight, "")
    return write_model(models, model, MODEL.label, {}, {}).name


class Switching:
    """A town with the part of serve that looks for models."""

    def __init__(self, town: Town, models: Path) -> None:
        settings = Settings(state_dir=models.parent, recommend={"model": str(models)})
        popular = PopularNow(town.popularity, town.newest, town.items)
        maker = SpaceMaker(settings, ENCODER, MODEL, town.items, popular, town.ranker, HalfLives(60 * DAY_S))
        model = packaged()
        self.spaces = Spaces(maker.over(town.index, model))
        self.switch = ModelSwitch(maker, self.spaces, town.item_feed, town.served, model)

    def answer(self, town: Town, profile_id: str) -> list[str]:
        profile = town.profiles.profile_of(profile_id)
        ask = Ask(k=3, platform="news")
        return [item.key for item in self.spaces.present.recommender.recommend(profile_id, profile, ask, NOON_S).items]


def test_a_model_that_is_chosen_while_serving_answers_with_its_own_vectors(town: Town, tmp_path: Path) -> None:
    ada = town.live(Did("shop.product.viewed", "shop:cooking-0"), Did("shop.wishlist.added", "shop:cooking-1"))
    models = tmp_path / "models"
    adapter = turned(1)
    use(models, written(models, adapter))
    switching = Switching(town, models)
    before = switching.spaces.present
    switching.switch.look()
    after = switching.spaces.present
    assert after.label.startswith("model-")
    assert (before.index.dim, after.index.dim) == (MODEL.dim, HALF)
    assert len(after.index) == len(before.index) == len(subject_items())
    _, base = town.index.vectors_of(["shop:cooking-0"])
    np.testing.assert_allclose(after.index.vectors_of(["shop:cooking-0"])[1], adapter.apply(base), atol=1e-6)
    assert {key.partition(":")[2].partition("-")[0] for key in switching.answer(town, ada.profile_id)} == {"cooking"}
    # What was asked before the exchange ends in the space in which it began.
    assert before.recommender.recommend(ada.profile_id, ada, Ask(k=3), NOON_S).items


def test_what_comes_and_goes_while_the_other_index_is_filled_is_right_in_it(town: Town, tmp_path: Path) -> None:
    models = tmp_path / "models"
    use(models, written(models, turned(2)))
    switching = Switching(town, models)
    records = town.items.records
    changed: list[str] = []

    def records_while_things_change() -> Iterator[tuple[str, object]]:
        for key, record in records():
            if not changed:
                changed.append(key)
                town.delete_item("video:football-0")
                town.publish_items([an_item_record("shop", an_item("late", "garden hose"))])
            yield key, record

    town.items.records = records_while_things_change  # type: ignore[method-assign]
    switching.switch.look()
    index = switching.spaces.present.index
    assert changed
    assert "video:football-0" not in index
    assert "shop:late" in index
    town.publish_items([an_item_record("shop", an_item("later", "garden gnome"))])
    assert "shop:later" in index
    assert "shop:later" not in town.index


def test_requests_go_on_while_models_are_exchanged(town: Town, tmp_path: Path) -> None:
    models = tmp_path / "models"
    names = [written(models, turned(seed, dim)) for seed, dim in ((3, HALF), (4, HALF), (5, MODEL.dim))]
    use(models, names[0])
    switching = Switching(town, models)
    ada = town.live(Did("shop.product.viewed", "shop:gardening-0"))
    stop, faults, n_answers = Event(), [], [0]

    def ask() -> None:
        while not stop.is_set():
            try:
                assert len(switching.answer(town, ada.profile_id)) == 3
                n_answers[0] += 1
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
                faults.append(error)
                return

    asking = Thread(target=ask)
    asking.start()
    for name in names * 2:
        use(models, name)
        switching.switch.look()
        assert switching.spaces.present.label == name
    stop.set()
    asking.join()
    assert faults == []
    assert n_answers[0] > 0


def test_a_model_that_cannot_be_used_is_told_once_and_the_one_before_goes_on(town: Town, tmp_path: Path) -> None:
    models = tmp_path / "models"
    foreign = Adapter("other@1", np.eye(MODEL.dim, dtype=np.float32))
    model = RankingModel(packaged_rerankers(), foreign, 1.0, "")
    use(models, write_model(models, model, "other@1", {}, {}).name)
    switching = Switching(town, models)
    with structlog.testing.capture_logs() as logs:
        switching.switch.look()
        switching.switch.look()
    assert [line["event"] for line in logs] == ["model_refused"]
    assert "other@1" in logs[0]["why"]
    assert switching.spaces.present.label == "packaged"
    good = written(models, None)
    use(models, good)
    switching.switch.look()
    assert switching.spaces.present.label == good
    assert switching.spaces.present.index is town.index  # the same vectors: nothing to fill anew


def test_after_a_restart_the_index_of_the_chosen_model_comes_back_from_its_snapshot(town: Town, tmp_path: Path) -> None:
    models = tmp_path / "models"
    adapter = turned(6)
    use(models, written(models, adapter))
    switching = Switching(town, models)
    switching.switch.look()
    town.item_feed.save_snapshot()
    folder = tmp_path / "serve" / "index"
    again = open_index(Index(), folder, VECTOR_MODEL, fresh=False, adapter=adapter)
    assert len(again.index) == len(subject_items())
    other = open_index(Index(), folder, VECTOR_MODEL, fresh=False)
    assert len(other.index) == 0


def test_serve_begins_with_the_model_that_is_current(tmp_path: Path) -> None:
    models = tmp_path / "models"
    name = written(models, None)
    use(models, name)
    settings = Settings(recommend={"model": str(models)})
    assert first_model(settings, MODEL).label == name
    assert first_model(Settings(recommend={"model": str(models / name)}), MODEL).label == name
    assert first_model(Settings(), MODEL).label == "packaged"
