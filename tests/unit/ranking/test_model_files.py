"""Models in folders: whole or not at all, never for another encoder, and one of them in use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from streams.errors import UsageError
from streams.ranking import model_files
from streams.ranking.adapter import Adapter
from streams.ranking.features import FEATURES
from streams.ranking.learning import Learner, LearningRules
from streams.ranking.model_files import RankingModel, load_model, models_in, packaged, use, write_model

ENCODER = "model@1"


def a_model(*, weight: float = 2.0, adapter: Adapter | None = None, seed: int = 0) -> RankingModel:
    return RankingModel((Learner(FEATURES, LearningRules(), seed).reranker(),), adapter, weight, "")


def written(out: Path, model: RankingModel, encoder: str | None = ENCODER) -> Path:
    return write_model(out, model, encoder, {"data": "logs", "until_s": 5.0}, {"reranker": {"hits": 0.5}})


def an_adapter(base: str = ENCODER) -> Adapter:
    return Adapter(base, np.eye(3, 2, dtype=np.float32))


@pytest.mark.requirement("K9")
def test_a_folder_gives_back_what_was_written(tmp_path) -> None:
    folder = written(tmp_path, a_model(adapter=an_adapter()))
    model = load_model(folder, ENCODER)
    assert (model.content_weight, model.label) == (2.0, folder.name)
    assert model.adapter is not None
    assert model.adapter.label == an_adapter().label
    np.testing.assert_array_equal(model.rerankers[0].weights[0], a_model().rerankers[0].weights[0])


def test_a_model_without_an_adapter_serves_with_any_encoder(tmp_path) -> None:
    model = load_model(written(tmp_path, a_model()), "another@2")
    assert model.adapter is None


@pytest.mark.requirement("D11")
def test_an_adapter_of_another_encoder_is_refused_with_the_remedy(tmp_path) -> None:
    folder = written(tmp_path, a_model(adapter=an_adapter()))
    with pytest.raises(UsageError, match=r"learnt on the encoder model@1, this is another@2; set BRAID_ENCODER__MODEL"):
        load_model(folder, "another@2")


@pytest.mark.requirement("D11")
def test_an_adapter_that_was_exchanged_by_hand_is_refused(tmp_path) -> None:
    folder = written(tmp_path, a_model(adapter=an_adapter()))
    np.savez(folder / "adapter.npz", **Adapter(ENCODER, np.eye(3, dtype=np.float32)).to_arrays())
    with pytest.raises(UsageError, match=r"not the one that model\.json names"):
        load_model(folder, ENCODER)


def test_equal_models_are_one_folder_and_others_are_others(tmp_path) -> None:
    folders = [written(tmp_path, model) for model in (a_model(), a_model(), a_model(weight=1.0), a_model(seed=1))]
    assert folders[0] == folders[1]
    assert len({path.name for path in tmp_path.iterdir()}) == 3


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("no json", "no JSON"),
        (json.dumps({"format": 99}), "format 99, this release reads 1"),
        (json.dumps({"format": 1, "content_weight": 0}), "content_weight = 0"),
        (json.dumps({"format": 1, "content_weight": "much"}), "content_weight = 'much'"),
    ],
)
def test_a_description_that_this_release_cannot_read_is_refused(tmp_path, said: str, fault: str) -> None:
    folder = written(tmp_path, a_model())
    (folder / "model.json").write_text(said)
    with pytest.raises(UsageError, match=fault):
        load_model(folder, ENCODER)


def test_a_folder_that_is_no_model_is_refused_with_the_remedy(tmp_path) -> None:
    with pytest.raises(UsageError, match="name a folder that braid train wrote"):
        load_model(tmp_path, ENCODER)


@pytest.mark.requirement("D11", "K9")
def test_one_model_is_in_use_and_the_one_before_can_be_again(tmp_path) -> None:
    first, second = written(tmp_path, a_model()), written(tmp_path, a_model(weight=1.0))
    assert not any(each.is_current for each in models_in(tmp_path))
    for folder in (first, second, first):
        use(tmp_path, folder.name)
        assert load_model(tmp_path / "current", ENCODER).label == folder.name
        assert [each.name for each in models_in(tmp_path) if each.is_current] == [folder.name]
    assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name, "current"}


@pytest.mark.parametrize("name", ["model-0123456789ab", "../elsewhere", "current", ""])
def test_what_is_no_model_cannot_be_used(tmp_path, name: str) -> None:
    use(tmp_path, written(tmp_path, a_model()).name)
    before = model_files.current_of(tmp_path)
    with pytest.raises(UsageError):
        use(tmp_path, name)
    assert model_files.current_of(tmp_path) == before


def test_a_list_tells_what_each_was_made_from(tmp_path) -> None:
    written(tmp_path, a_model(adapter=an_adapter()))
    (only,) = models_in(tmp_path)
    assert only.described.created_from["data"] == "logs"
    assert only.described.adapter == an_adapter().label
    assert only.metrics["reranker"]["hits"] == 0.5


def test_the_packaged_model_needs_no_encoder_of_its_own() -> None:
    assert packaged().adapter is None
    assert packaged().rerankers
    assert packaged().content_weight > 0.0
