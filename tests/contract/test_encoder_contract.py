"""What every encoder promises (streams/ports.py `Encoder`), asked of each of them."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders import EncoderSpec, TextEncoder, build_encoder
from streams.ports import Encoder
from tests.support.devices import DEVICE

SPECS = {
    "hashed": EncoderSpec("hashed"),
    "minilm": EncoderSpec("minilm", device=DEVICE, dtype="float32", lexical="off", n_threads=1),
    "minilm, prefixed": EncoderSpec(
        "minilm",
        device=DEVICE,
        dtype="float32",
        lexical="off",
        n_threads=1,
        passage_prefix="passage: ",
        query_prefix="query: ",
    ),
    "minilm, blended": EncoderSpec("minilm", device=DEVICE, dtype="float32", n_threads=1),
    "minilm, blended, bfloat16": EncoderSpec("minilm", device=DEVICE, dtype="bfloat16", n_threads=1, max_batch_tokens=64),
}
BLANKS = ["", " ", "\n\t", "　"]
WORDS = st.sampled_from(["tea", "Kaffee", "无线耳机", "very good", "[SEP]", "👍", "\ud800", "\0", "x" * 300, "5000"])
TEXTS = st.lists(st.one_of(st.text(max_size=30), st.lists(WORDS, max_size=12).map(" ".join)), max_size=6)
real_models = settings(max_examples=25, deadline=None)


@cache
def _built(name: str) -> TextEncoder:
    return build_encoder(SPECS[name])


each_encoder = pytest.mark.parametrize("name", SPECS)


@each_encoder
@real_models
@given(texts=TEXTS, blank=st.sampled_from(BLANKS))
@pytest.mark.requirement("D3")
def test_any_text_gives_a_unit_row_and_a_blank_one_zeros(name: str, texts: list[str], blank: str) -> None:
    encoder: Encoder = _built(name)
    vectors = encoder.encode([*texts, blank]).vectors
    assert vectors.shape == (len(texts) + 1, encoder.dim)
    assert vectors.dtype == np.float32
    norms = np.linalg.norm(vectors, axis=1)
    assert np.all((np.abs(norms - 1) < 1e-5) | (norms == 0))
    assert norms[-1] == 0
    assert all(norm > 0 for norm, text in zip(norms, texts, strict=False) if "tea" in text)


@each_encoder
@real_models
@given(texts=TEXTS, role=st.sampled_from(["passage", "query"]))
@pytest.mark.requirement("D4")
def test_a_batch_equals_its_texts_one_by_one(name: str, texts: list[str], role: str) -> None:
    encoder: Encoder = _built(name)
    batch = encoder.encode(texts, role).vectors
    singles = [encoder.encode([text], role).vectors[0] for text in texts]
    for row, single in zip(batch, singles, strict=True):
        if name.endswith("bfloat16"):
            assert row @ single > 0.999 or not single.any()
        else:
            assert np.abs(row - single).max() < 1e-4


@each_encoder
@real_models
@given(texts=TEXTS.filter(len), seed=st.integers(0, 1000))
@pytest.mark.requirement("D10")
def test_rows_keep_the_order_of_the_texts(name: str, texts: list[str], seed: int) -> None:
    encoder: Encoder = _built(name)
    order = np.random.default_rng(seed).permutation(len(texts))
    shuffled = encoder.encode([texts[row] for row in order]).vectors
    straight = encoder.encode(texts).vectors[order]
    assert np.all(np.einsum("bd,bd->b", shuffled, straight) > 0.999 * np.linalg.norm(straight, axis=1) - 1e-6)


@each_encoder
def test_no_text_is_no_row(name: str) -> None:
    encoder: Encoder = _built(name)
    encoding = encoder.encode([])
    assert encoding.vectors.shape == (0, encoder.dim)
    assert (encoding.report.n_texts, encoding.report.n_tokens) == (0, 0)


@each_encoder
def test_four_threads_at_once_get_what_one_gets(name: str) -> None:
    encoder: Encoder = _built(name)
    jobs = [[f"text {job} {row} " + "word " * (job + row) for row in range(6)] for job in range(12)]
    alone = [encoder.encode(job).vectors for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: encoder.encode(job).vectors, jobs))
    for left, right in zip(alone, together, strict=True):
        assert np.all(np.einsum("bd,bd->b", left, right) > 0.9999)


@each_encoder
def test_the_report_counts_texts_and_time(name: str) -> None:
    encoder: Encoder = _built(name)
    report = encoder.encode(["one two three", "four", ""]).report
    assert report.n_texts == 3
    assert report.n_tokens >= 4
    assert report.duration_s > 0
    assert dataclasses.is_dataclass(report)


@pytest.mark.requirement("D5")
def test_encoders_that_give_other_vectors_have_other_versions() -> None:
    versions = [_built(name).version for name in SPECS]
    assert len(set(versions)) == len(versions)


@pytest.mark.requirement("D8")
def test_only_the_encoder_that_reads_its_language_is_not_degraded() -> None:
    degraded = {name: _built(name).degraded for name in SPECS}
    assert [name for name, flag in degraded.items() if not flag] == ["minilm", "minilm, prefixed"]
