"""The packaged model: real weights, compared with Hugging Face's own forward, and with what it cannot read."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from encoders.blended import BlendedEncoder, unreadable_tokens
from encoders.devices import choose_placement
from encoders.hashed import HashedEncoder
from encoders.model_files import find_model
from encoders.transformer import TransformerEncoder, TransformerOptions
from streams.adapters.patient_encoder import probe_as_long_as
from tests.support.devices import DEVICE
from tests.support.related_texts import CHINESE, ENGLISH, share_found

TEXTS = (
    [text for pair in ENGLISH for text in pair] + ["guitar strings " * n for n in (1, 5, 20, 63, 200)] + ["无线耳机"]
)
WITHOUT_NETWORK = """
import socket
def refuse(*args, **kwargs):
    raise OSError("the network was asked for")
socket.socket.connect = socket.getaddrinfo = refuse
from encoders import EncoderSpec, ModelUnavailable, build_encoder
"""


@cache
def _minilm(dtype: str = "float32", *, packed: bool = True) -> TransformerEncoder:
    options = TransformerOptions(packed=packed, max_batch_tokens=1024)
    return TransformerEncoder(find_model("minilm"), "minilm", choose_placement(DEVICE, dtype), options)


def _run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.requirement("D3", "D4")
def test_packed_vectors_equal_the_padded_forward() -> None:
    packed, padded = _minilm().encode(TEXTS), _minilm(packed=False).encode(TEXTS)
    assert np.abs(packed.vectors - padded.vectors).max() < 1e-5
    assert packed.report.n_tokens == padded.report.n_tokens
    assert packed.report.n_truncated == 1


@pytest.mark.requirement("D4", "D9")
def test_bfloat16_vectors_keep_the_direction_of_float32() -> None:
    exact, fast = _minilm().encode(TEXTS).vectors, _minilm("bfloat16").encode(TEXTS).vectors
    assert np.einsum("bd,bd->b", exact, fast).min() > 0.999


def test_meaning_is_found_without_a_shared_word() -> None:
    rows = _minilm().encode(["a dog chases a cat", "the puppy runs after a kitten", "interest rates rose"]).vectors
    assert rows[0] @ rows[1] > 0.5 > 0.2 > rows[0] @ rows[2]


@pytest.mark.requirement("D5")
def test_the_lexical_channel_finds_related_chinese_texts_that_the_english_model_cannot() -> None:
    alone, blended = share_found(_minilm(), CHINESE, ENGLISH), share_found(BlendedEncoder(_minilm()), CHINESE, ENGLISH)
    assert alone < 0.35
    assert blended > 0.85


@pytest.mark.requirement("D5")
def test_english_does_not_lose_by_the_lexical_channel() -> None:
    alone, blended = share_found(_minilm(), ENGLISH, CHINESE), share_found(BlendedEncoder(_minilm()), ENGLISH, CHINESE)
    assert blended >= alone > 0.7
    assert share_found(HashedEncoder(), ENGLISH, CHINESE) < 0.2


def test_a_blended_english_text_stays_close_to_the_models_own_vector() -> None:
    texts = [text for pair in ENGLISH for text in pair]
    own, blended = _minilm().encode(texts).vectors, BlendedEncoder(_minilm()).encode(texts).vectors
    assert np.einsum("bd,bd->b", own, blended).min() > 0.93


def test_the_share_of_the_lexical_channel_grows_with_what_the_model_cannot_read() -> None:
    encoder = BlendedEncoder(_minilm())
    texts = ["wireless headphones", "wireless headphones 无线", "无线耳机 bluetooth", "无线蓝牙耳机"]
    shares = encoder._lexical_share(_minilm().tokenizer.read(texts, "passage")).tolist()
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (pytest.approx(0.05), 1.0)


def test_letters_of_other_scripts_count_as_unreadable_even_when_the_vocabulary_spells_them() -> None:
    tokenizer = _minilm().tokenizer
    flags = unreadable_tokens(tokenizer)
    assert flags[tokenizer.unknown_id]
    assert all(flags[tokenizer.vocabulary[token]] for token in ("中", "ж", "##ж"))
    assert not any(flags[tokenizer.vocabulary[token]] for token in ("the", "##ing", "ß", "5", "[CLS]"))


@pytest.mark.requirement("A7")
def test_a_probe_takes_no_fewer_tokens_than_the_text_that_it_stands_for() -> None:
    texts = [*TEXTS, "", "x" * 90, "2026-11-26 14:58", "!?" * 20, "👍" * 30, "ﷺ", *(text for pair in CHINESE for text in pair)]
    for text in texts:
        own, probe = (_minilm().tokenizer.read([each], "passage").ids[0] for each in (text, probe_as_long_as(text)))
        assert len(own) <= len(probe)


@pytest.mark.requirement("D8")
def test_the_packaged_model_needs_no_network_and_prints_nothing() -> None:
    program = "print(build_encoder(EncoderSpec('minilm', n_threads=1)).encode(['tea', '茶']).vectors.shape)"
    run = _run(WITHOUT_NETWORK + program)
    assert (run.stdout, run.stderr, run.returncode) == ("(2, 384)\n", "", 0)


@pytest.mark.requirement("D8")
def test_the_hashed_encoder_loads_no_framework() -> None:
    program = (
        "import sys; from encoders import EncoderSpec, build_encoder; build_encoder(EncoderSpec('hashed')).encode(['x']);"
        "print([name for name in ('torch', 'transformers', 'huggingface_hub', 'streams') if name in sys.modules])"
    )
    assert _run(program).stdout == "[]\n"


def test_a_model_that_cannot_be_had_is_named_with_the_remedy() -> None:
    program = """
try:
    build_encoder(EncoderSpec("no-such-owner/no-such-model"))
except ModelUnavailable as error:
    print(error)
"""
    run = _run(WITHOUT_NETWORK + program)
    assert "model = 'no-such-owner/no-such-model' is not in the local cache" in run.stdout
    assert "use `minilm` or `hashed`" in run.stdout
    assert run.stderr == ""
