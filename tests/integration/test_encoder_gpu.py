"""What only a GPU can show: the processor's vectors, the same each time, and what becomes of a call that it has no room for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest
import torch

from encoders.devices import BF16_CUDA_CAPABILITY, choose_placement
from encoders.model_files import find_model
from encoders.transformer import TransformerEncoder, TransformerOptions
from streams.adapters.patient_encoder import PatientEncoder
from tests.support.related_texts import CHINESE, ENGLISH

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")]

TEXTS = [text for pair in (*ENGLISH, *CHINESE) for text in pair] + ["guitar strings " * n for n in (1, 5, 20, 63, 200)]
MIB = 1 << 20
#: In a process of its own: after a failed assertion on the card CUDA refuses all that this process asks of it.
LOSES_THE_CARD = """
import torch
from encoders.devices import choose_placement
from encoders.model_files import find_model
from encoders.transformer import TransformerEncoder, TransformerOptions
from streams.adapters.patient_encoder import PatientEncoder

encoder = TransformerEncoder(find_model("minilm"), "minilm", choose_placement("cuda"), TransformerOptions())
patient = PatientEncoder(encoder, "profile", lambda wait_s: print("waits", flush=True))
patient.encode(["guitar strings"])
try:
    torch.zeros(2, device="cuda")[torch.tensor([5], device="cuda")].cpu()
except RuntimeError:
    print("lost", flush=True)
patient.encode(["guitar strings"])
"""
#: As one batch they need some hundred MiB beside the weights.
LONG_TEXTS = [f"{number} " + "guitar strings " * 100 for number in range(512)]


@cache
def _minilm(device: str, dtype: str, max_batch_tokens: int = 4096) -> TransformerEncoder:
    options = TransformerOptions(max_batch_tokens=max_batch_tokens)
    return TransformerEncoder(find_model("minilm"), "minilm", choose_placement(device, dtype), options)


class Room:
    """How much of the card's memory the allocator may take."""

    def leave(self, n_bytes: int) -> None:
        """So much more than what is held now."""
        torch.cuda.empty_cache()
        held, (_, whole) = torch.cuda.memory_reserved(), torch.cuda.mem_get_info()
        torch.cuda.set_per_process_memory_fraction((held + n_bytes) / whole)

    def open(self) -> None:
        torch.cuda.set_per_process_memory_fraction(1.0)


@pytest.fixture
def room() -> Iterator[Room]:
    room = Room()
    yield room
    room.open()


def test_a_card_is_taken_by_itself_in_the_format_it_computes_in() -> None:
    placement = choose_placement()
    native = torch.cuda.get_device_capability() >= BF16_CUDA_CAPABILITY
    assert placement.device.type == "cuda"
    assert placement.dtype is (torch.bfloat16 if native else torch.float32)
    assert torch.cuda.get_device_name() in placement.reason


def test_its_vectors_are_those_of_the_processor_whose_version_they_share() -> None:
    card, processor = _minilm("cuda", "float32"), _minilm("cpu", "float32")
    assert card.version == processor.version
    assert np.abs(card.encode(TEXTS).vectors - processor.encode(TEXTS).vectors).max() < 1e-4


def test_in_bfloat16_too_they_point_where_the_processors_do() -> None:
    exact = _minilm("cpu", "float32").encode(TEXTS).vectors
    card, processor = (_minilm(device, "bfloat16").encode(TEXTS).vectors for device in ("cuda", "cpu"))
    assert np.einsum("bd,bd->b", card, exact).min() > 0.999
    assert np.einsum("bd,bd->b", card, processor).min() > 0.999


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_same_texts_give_the_same_bytes(dtype: str) -> None:
    encoder = _minilm("cuda", dtype)
    first = encoder.encode(TEXTS).vectors
    assert all(np.array_equal(encoder.encode(TEXTS).vectors, first) for _ in range(5))


def test_what_memory_is_too_short_for_as_a_whole_is_encoded_in_parts(room: Room) -> None:
    encoder, waits = _minilm("cuda", "float32", 1 << 20), []
    whole = encoder.encode(LONG_TEXTS).vectors
    room.leave(64 * MIB)
    parts = PatientEncoder(encoder, "profile", waits.append).encode(LONG_TEXTS)
    assert waits
    assert np.abs(parts.vectors - whole).max() < 1e-4


def test_a_call_waits_for_memory_that_others_hold_and_keeps_none_of_its_failures(room: Room) -> None:
    encoder, waits = _minilm("cuda", "float32", 1 << 20), []
    whole = encoder.encode(LONG_TEXTS).vectors
    encoder.encode(LONG_TEXTS[:64])
    held = torch.cuda.memory_allocated()

    def wait(wait_s: float) -> None:
        waits.append(wait_s)
        if len(waits) == 3:
            room.open()

    room.leave(0)
    parts = PatientEncoder(encoder, "profile", wait).encode(LONG_TEXTS)
    assert len(waits) == 3
    assert np.abs(parts.vectors - whole).max() < 1e-4
    assert torch.cuda.memory_allocated() == held


def test_a_card_that_is_lost_to_the_process_ends_it_instead_of_being_waited_for() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LOSES_THE_CARD], capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.stdout.split() == ["lost"]
    assert ended.returncode == 1
    assert "DeviceLost: device cuda answers this process no more" in ended.stderr
    assert np.isfinite(_minilm("cuda", "float32").encode(TEXTS).vectors).all()
