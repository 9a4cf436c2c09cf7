"""The encoder without weights."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.hashed import HashedEncoder
from encoders.ngrams import ngrams_of
from tests.support.related_texts import CHINESE, ENGLISH

#: Changing it means stored vectors of the same version no longer match: raise SCHEME in ngrams.py or lexical.py.
GOLDEN = {"hashed-1.1-384": "421f9e0ae54aa40a"}
GOLDEN_TEXTS = ["Wireless headphones, 40 h!", "无线蓝牙耳机 主动降噪", "iPhone 手机壳", "안녕하세요", "สวัสดี", "👍👍"]

TEXTS = st.lists(st.text(max_size=40), max_size=12)


def _digest(encoder: HashedEncoder) -> str:
    rounded = np.round(encoder.encode(GOLDEN_TEXTS).vectors, 5) + 0.0
    return hashlib.sha256(rounded.astype("<f4").tobytes()).hexdigest()[:16]


@pytest.mark.requirement("D8", "D10")
def test_vectors_of_a_version_never_change() -> None:
    encoder = HashedEncoder()
    assert _digest(encoder) == GOLDEN[encoder.version]


@pytest.mark.requirement("D8")
def test_another_process_with_another_hash_seed_gets_the_same_vectors() -> None:
    program = (
        "from encoders.hashed import HashedEncoder; import sys;"
        "sys.stdout.write(HashedEncoder().encode(['无线耳机 and tea']).vectors.tobytes().hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert run.stdout == HashedEncoder().encode(["无线耳机 and tea"]).vectors.tobytes().hex()


@pytest.mark.requirement("D4")
@given(TEXTS)
def test_a_batch_equals_its_texts_one_by_one_bit_for_bit(texts: list[str]) -> None:
    encoder = HashedEncoder()
    batch = encoder.encode(texts).vectors
    assert batch.shape == (len(texts), encoder.dim)
    for row, text in zip(batch, texts, strict=True):
        assert row.tobytes() == encoder.encode([text]).vectors[0].tobytes()


@given(st.text(max_size=60), st.text(max_size=60))
def test_case_and_width_do_not_matter(left: str, right: str) -> None:
    encoder = HashedEncoder()
    plain = encoder.encode([f"coffee {left} abc {right}"]).vectors
    assert np.array_equal(plain, encoder.encode([f"ＣＯＦＦＥＥ {left} ABC {right}"]).vectors)


@pytest.mark.parametrize("pairs", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_texts_that_share_words_are_closer_than_texts_that_do_not(pairs: tuple[tuple[str, str], ...]) -> None:
    encoder = HashedEncoder()
    halves = [(text[: len(text) * 3 // 4], text[len(text) // 4 :]) for pair in pairs for text in pair]
    left = encoder.encode([half for half, _ in halves]).vectors
    right = encoder.encode([half for _, half in halves]).vectors
    assert (np.argmax(left @ right.T, axis=1) == np.arange(len(halves))).mean() > 0.9


def test_word_order_inside_a_script_without_spaces_matters() -> None:
    rows = HashedEncoder().encode(["蓝牙耳机", "机耳牙蓝"]).vectors
    assert rows[0] @ rows[1] < 0.75


def test_grammar_words_weigh_little() -> None:
    rows = HashedEncoder().encode(["the guitar", "guitar", "the"]).vectors
    assert rows[0] @ rows[1] > 0.9 > 0.3 > rows[0] @ rows[2]


@given(TEXTS)
def test_a_report_counts_words_and_characters(texts: list[str]) -> None:
    report = HashedEncoder().encode([*texts, "two words", "三个字"]).report
    assert report.n_texts == len(texts) + 2
    assert report.n_tokens == int(ngrams_of(texts).n_units.sum() if texts else 0) + 2 + 3
    assert (report.n_padding_tokens, report.n_truncated) == (0, 0)


@pytest.mark.requirement("D8")
def test_it_says_that_it_is_degraded() -> None:
    assert HashedEncoder().degraded


@pytest.mark.parametrize("dim", [0, 15, 1 << 16])
def test_a_dimension_out_of_range_is_refused(dim: int) -> None:
    with pytest.raises(ValueError, match=f"dim = {dim}: choose 16 to 32,768"):
        HashedEncoder(dim)


def test_the_dimension_is_part_of_the_version() -> None:
    assert HashedEncoder(64).version != HashedEncoder(128).version
