"""Finding a model, what its files declare, and what is said when it cannot be had."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from encoders.errors import ModelUnavailable, UnsupportedModel
from encoders.model_files import (
    declared_max_tokens,
    declared_pooling,
    digest_of,
    find_model,
    published_name,
)
from tests.support.tiny_models import write_pooling


def test_a_folder_without_config_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"without config\.json: name the folder that holds it"):
        find_model(str(tmp_path))


@pytest.mark.parametrize("model", ["/no/such/folder", "./no-such-folder"])
def test_a_path_that_does_not_exist_is_never_looked_up_on_the_hub(model: str) -> None:
    with pytest.raises(ModelUnavailable, match=f"model = '{model}': no such folder"):
        find_model(model)


@pytest.mark.parametrize("model", ["", "a/b/c", "what ever?"])
def test_a_name_that_no_hub_model_can_have_is_refused(model: str) -> None:
    with pytest.raises(ModelUnavailable, match="model = "):
        find_model(model)


def test_the_published_name_of_a_folder_does_not_tell_where_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "private" / "my-model"
    folder.mkdir(parents=True)
    assert published_name(str(folder)) == "my-model"
    assert published_name("owner/model") == "owner/model"


def test_without_declaration_the_pooling_is_mean(tmp_path: Path) -> None:
    assert declared_pooling(tmp_path) == "mean"


def test_the_newer_spelling_of_pooling_is_understood(tmp_path: Path) -> None:
    write_pooling(tmp_path, {"pooling_mode": "cls", "embedding_dimension": 32})
    assert declared_pooling(tmp_path) == "cls"


def test_a_pooling_we_do_not_do_is_refused(tmp_path: Path) -> None:
    write_pooling(tmp_path, {"pooling_mode_max_tokens": True})
    with pytest.raises(UnsupportedModel, match=r"pooling_mode_max_tokens.*set it to mean, cls or last"):
        declared_pooling(tmp_path)


def test_layers_behind_the_pooling_are_not_silently_left_out(tmp_path: Path) -> None:
    write_pooling(tmp_path, {"pooling_mode_mean_tokens": True}, extra_module="Dense")
    with pytest.raises(UnsupportedModel, match="Dense layer"):
        declared_pooling(tmp_path)


def test_the_declared_length_is_read(tmp_path: Path) -> None:
    assert declared_max_tokens(tmp_path) is None
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 256}))
    assert declared_max_tokens(tmp_path) == 256


def test_the_digest_follows_every_file_that_shapes_vectors_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(bytes(3 << 20))
    before = digest_of(tmp_path, "mean")
    (tmp_path / "README.md").write_text("words")
    assert digest_of(tmp_path, "mean") == before
    assert digest_of(tmp_path, "cls") != before
    (tmp_path / "model.safetensors").write_bytes(bytes(range(256)) * (3 << 12))
    retrained = digest_of(tmp_path, "mean")
    assert retrained != before
    (tmp_path / "config.json").write_text('{"a": 1}')
    assert digest_of(tmp_path, "mean") != retrained
