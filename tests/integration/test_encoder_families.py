"""Packing against Hugging Face's own padded forward, over architectures, poolings and tokenizers; tiny random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from encoders.devices import choose_placement
from encoders.packed_bert import PackedBert
from encoders.transformer import TransformerEncoder, TransformerOptions
from tests.support.devices import DEVICE
from tests.support.tiny_models import tiny_model

TEXTS = [
    "hello world",
    "a",
    "你好 世界!",
    "abc " * 30,
    "x, y. z?",
    "hello world again",
    "",
    "q" * 10,
    "0 1 2 3 4 5 6 7 8 9",
]
FLOAT32 = choose_placement(DEVICE, "float32")


def _encoder(folder: Path, **options: object) -> TransformerEncoder:
    return TransformerEncoder(folder, "tiny", FLOAT32, TransformerOptions(**options))


@pytest.mark.requirement("D3", "D4")
@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta"])
@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_packed_equals_the_padded_forward(tmp_path: Path, family: str, pooling: str) -> None:
    folder = tiny_model(tmp_path / family, family)
    packed = _encoder(folder, pooling=pooling)
    padded = _encoder(folder, pooling=pooling, packed=False)
    assert packed.is_packed
    assert not padded.is_packed
    left, right = packed.encode(TEXTS), padded.encode(TEXTS)
    assert np.abs(left.vectors - right.vectors).max() < 1e-5
    assert left.report.n_tokens == right.report.n_tokens
    assert left.report.n_padding_tokens == 0 < right.report.n_padding_tokens


@pytest.mark.parametrize("family", ["bert", "xlm-roberta", "distilbert"])
def test_vectors_are_those_of_a_plain_forward_of_one_text(tmp_path: Path, family: str) -> None:
    folder = tiny_model(tmp_path / family, family, pooling="mean_tokens")
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    for text in ("hello world", "你好 世界!"):
        with torch.inference_mode():
            hidden = model(torch.tensor([tokenizer(text)["input_ids"]])).last_hidden_state[0]
        expected = torch.nn.functional.normalize(hidden.mean(0), dim=0).numpy()
        assert np.abs(_encoder(folder).encode([text]).vectors[0] - expected).max() < 1e-5


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_attention_in_padded_groups_equals_attention_in_equal_ones(tmp_path: Path, family: str) -> None:
    folder = tiny_model(tmp_path / family, family)
    model = PackedBert(AutoModel.from_pretrained(folder).eval(), FLOAT32, n_rows=64)
    ids = [np.full(n, 5, dtype=np.int64) + np.arange(n) for n in (2, 3, 3, 7, 8, 20)]
    with torch.inference_mode():
        model._slack = 0.0  # what a processor runs
        exact, _ = model.hidden(ids)
        model._slack = 1.0  # more than a GPU runs
        grouped, _ = model.hidden(ids)
    assert (exact - grouped).abs().max() < 1e-5


def test_an_architecture_that_cannot_be_packed_runs_in_length_buckets(tmp_path: Path) -> None:
    encoder = _encoder(tiny_model(tmp_path / "distil", "distilbert"), max_batch_tokens=64)
    batch = encoder.encode(TEXTS)
    assert not encoder.is_packed
    for row, text in zip(batch.vectors, TEXTS, strict=True):
        assert np.abs(row - encoder.encode([text]).vectors[0]).max() < 1e-4


@pytest.mark.parametrize(("declared", "how"), [("mean_tokens", "mean"), ("cls_token", "cls"), ("lasttoken", "last")])
def test_auto_pooling_is_what_the_model_declares(tmp_path: Path, declared: str, how: str) -> None:
    folder = tiny_model(tmp_path / "model", "bert", pooling=declared)
    automatic = _encoder(folder).encode(TEXTS).vectors
    assert np.array_equal(automatic, _encoder(folder, pooling=how).encode(TEXTS).vectors)
    others = {"mean", "cls", "last"} - {how}
    assert not any(np.allclose(automatic, _encoder(folder, pooling=other).encode(TEXTS).vectors) for other in others)


@pytest.mark.requirement("D3")
def test_a_long_text_is_cut_and_counted(tmp_path: Path) -> None:
    encoder = _encoder(tiny_model(tmp_path / "model", "bert"), max_text_tokens=16)
    encoding = encoder.encode(["a b c", "a " * 14, "a " * 15, "a " * 500])
    assert encoding.report.n_truncated == 2
    assert encoding.report.n_tokens == 5 + 16 + 16 + 16
    assert np.abs(encoding.vectors[2] - encoding.vectors[1]).max() < 1e-5


@pytest.mark.parametrize(("family", "limit"), [("bert", 40), ("roberta", 40), ("distilbert", 40)])
@pytest.mark.parametrize("packed", [True, False])
def test_a_text_never_exceeds_the_positions_of_the_model(tmp_path: Path, family: str, limit: int, packed: bool) -> None:
    encoder = _encoder(tiny_model(tmp_path / family, family), max_text_tokens=4096, packed=packed)
    assert encoder.encode(["a " * 5000]).report.n_tokens == limit


def test_a_prefix_belongs_to_its_role(tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model", "bert")
    plain = _encoder(folder)
    prefixed = _encoder(folder, passage_prefix="p: ", query_prefix="q: ")
    written_out = plain.encode(["p: tea", "q: tea"]).vectors
    assert np.abs(prefixed.encode(["tea"], "passage").vectors[0] - written_out[0]).max() < 1e-6
    assert np.abs(prefixed.encode(["tea"], "query").vectors[0] - written_out[1]).max() < 1e-6
    assert not prefixed.encode(["", "  "], "query").vectors.any()
    assert prefixed.version != plain.version


def test_the_version_follows_weights_pooling_length_and_number_format(tmp_path: Path) -> None:
    first, second = (tiny_model(tmp_path / name, "bert", seed=seed) for seed, name in enumerate(("a", "b")))
    versions = [
        _encoder(first).version,
        _encoder(second).version,
        _encoder(first, pooling="cls").version,
        _encoder(first, max_text_tokens=16).version,
        TransformerEncoder(first, "tiny", choose_placement(DEVICE, "bfloat16"), TransformerOptions()).version,
    ]
    assert len(set(versions)) == len(versions)
    assert _encoder(first).version == versions[0]
