"""The encoder that is waited for: failures are tried again, in parts; what comes out is always vectors, in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.encoding import Encoding
from encoders.hashed import HashedEncoder
from streams.adapters.embedding_cache import MemoryEmbeddingCache
from streams.adapters.patient_encoder import ALONE_TRIES, MAX_WAIT_S, PatientEncoder
from streams.ports import Role
from streams.service.encode_texts import CachingEncoder
from streams.telemetry import metrics

DIM = 16


class Device(HashedEncoder):
    """A real encoder behind a device that can fail; `ails` decides by the number of the call and its texts."""

    def __init__(self, ails: Callable[[int, Sequence[str]], str]) -> None:
        super().__init__(DIM)
        self.ails, self.n_calls = ails, 0

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
        self.n_calls += 1
        ailment = self.ails(self.n_calls, texts)
        if ailment == "raise":
            raise RuntimeError("CUDA out of memory")
        encoding = super().encode(texts, role)
        if ailment == "nan":
            encoding.vectors[-1, 0] = np.nan
        return Encoding(encoding.vectors[:-1], encoding.report) if ailment == "short" else encoding


def patient(device: Device, waits: list[float]) -> PatientEncoder:
    return PatientEncoder(device, "profile", waits.append, lambda: 0.0)


@pytest.mark.requirement("Q4")
@given(
    st.lists(st.text("abc ", max_size=6), max_size=12),
    st.lists(st.sampled_from(["raise", "nan", "short"]), max_size=40),
)
def test_whatever_fails_for_a_while_the_vectors_are_those_of_a_sound_encoder(texts: list[str], ills: list[str]) -> None:
    device = Device(lambda call, asked: ills[call - 1] if call <= len(ills) and asked else "well")
    encoding = patient(device, []).encode(texts)
    np.testing.assert_array_equal(encoding.vectors, HashedEncoder(DIM).encode(texts).vectors)
    assert encoding.report.n_texts == len(texts)


def test_memory_that_is_short_for_the_whole_batch_is_enough_for_its_parts() -> None:
    device = Device(lambda _, asked: "raise" if len(asked) > 3 else "well")
    texts = [f"text {number}" for number in range(20)]
    vectors = patient(device, []).encode(texts).vectors
    np.testing.assert_array_equal(vectors, HashedEncoder(DIM).encode(texts).vectors)


@pytest.mark.requirement("A7")
def test_one_text_that_can_never_be_encoded_holds_nothing_up_and_is_counted() -> None:
    n_before = metrics.UNENCODABLE_TEXTS.labels("profile")._value.get()
    device = Device(lambda _, asked: "nan" if "poison" in asked else "well")
    texts = [*"abcde", "poison", *"fgh"]
    vectors = patient(device, []).encode(texts).vectors
    assert [bool(row.any()) for row in vectors] == [text != "poison" for text in texts]
    assert metrics.UNENCODABLE_TEXTS.labels("profile")._value.get() == n_before + 1


@pytest.mark.requirement("A7")
def test_a_long_text_that_can_never_be_encoded_is_given_up_too() -> None:
    poison, long = "poison " * 200, "guitar strings " * 100
    device = Device(lambda _, asked: "nan" if poison in asked else "well")
    vectors = patient(device, []).encode([long, poison, long]).vectors
    assert [bool(row.any()) for row in vectors] == [True, False, True]


@pytest.mark.requirement("Q4")
@pytest.mark.parametrize("long", ["guitar strings " * 20, "x" * 300, "吉他琴弦" * 75])
def test_while_memory_is_short_for_long_texts_only_they_wait_and_none_is_given_up(long: str) -> None:
    n_before = metrics.UNENCODABLE_TEXTS.labels("profile")._value.get()
    device = Device(lambda call, asked: "raise" if call <= 60 and max(map(len, asked)) >= 300 else "well")
    texts = ["tea", *(f"{number} {long}" for number in range(4)), "coffee"]
    vectors = patient(device, []).encode(texts).vectors
    np.testing.assert_array_equal(vectors, HashedEncoder(DIM).encode(texts).vectors)
    assert metrics.UNENCODABLE_TEXTS.labels("profile")._value.get() == n_before


@pytest.mark.requirement("A7")
def test_whether_a_text_is_itself_the_reason_shows_once_there_is_memory_for_its_length() -> None:
    poison, n_calls_short = "poison " * 50, 60
    device = Device(lambda call, asked: "raise" if "poison" in asked[0] or long_and_early(call, asked) else "well")

    def long_and_early(call: int, asked: Sequence[str]) -> bool:
        return call <= n_calls_short and len(asked[0]) >= len(poison)

    assert not patient(device, []).encode([poison]).vectors.any()
    assert n_calls_short < device.n_calls <= n_calls_short + 2 * ALONE_TRIES + 1


def test_a_device_that_is_down_for_long_is_asked_ever_more_rarely_and_no_text_is_given_up() -> None:
    device, waits = Device(lambda call, _: "raise" if call <= 60 else "well"), []
    encoding = patient(device, waits).encode(["tea"])
    assert encoding.vectors.any()
    assert waits == sorted(waits)
    assert waits[-1] == MAX_WAIT_S


def test_an_error_that_is_not_the_devices_is_not_tried_again() -> None:
    class Bug(Device):
        def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
            raise TypeError("texts")

    with pytest.raises(TypeError):
        patient(Bug(lambda *_: "well"), []).encode(["tea"])


def test_the_gauge_tells_how_long_the_oldest_call_waits_and_falls_back_to_zero() -> None:
    entered, answer = threading.Event(), threading.Event()

    def hang(_call: int, _texts: Sequence[str]) -> str:
        entered.set()
        assert answer.wait(10)
        return "well"

    now_s = [100.0]
    encoder = PatientEncoder(Device(hang), "gauged", now=lambda: now_s[0])
    call = threading.Thread(target=encoder.encode, args=(["tea"],))
    call.start()
    assert entered.wait(10)
    now_s[0] = 107.5
    assert metrics.REGISTRY.get_sample_value("braid_encoder_waiting_seconds", {"stage": "gauged"}) == 7.5
    answer.set()
    call.join(10)
    assert metrics.REGISTRY.get_sample_value("braid_encoder_waiting_seconds", {"stage": "gauged"}) == 0.0


def test_what_are_no_vectors_never_reach_the_cache() -> None:
    cache = MemoryEmbeddingCache(1 << 20)
    cached = CachingEncoder(Device(lambda *_: "nan"), cache)
    with pytest.raises(RuntimeError, match="1 of 2 vectors hold numbers that are not finite"):
        cached.encode(["tea", "coffee"])
    assert cache.n_bytes == 0


def test_a_vector_that_stood_in_for_a_failure_does_not_last() -> None:
    fails = [True]
    device = Device(lambda _, asked: "nan" if "poison" in asked and fails[0] else "well")
    cached = CachingEncoder(patient(device, []), MemoryEmbeddingCache(1 << 20))
    assert not cached.encode(["poison"]).vectors.any()
    fails[0] = False
    assert cached.encode(["poison"]).vectors.any()
