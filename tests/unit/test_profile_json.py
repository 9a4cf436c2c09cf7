"""H11: the profile as JSON says what the profile says."""

from __future__ import annotations

import json
from contextlib import suppress

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.profile_json import profile_as_json
from streams.domain.profiles import encode_profile
from tests.support.sample_profiles import DIM, VECTOR, a_profile

pytestmark = pytest.mark.requirement("H11")

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.dictionaries(st.text(max_size=5), plain), st.booleans())
def test_what_is_no_vector_comes_through_as_it_is(said: dict[str, object], with_vectors: bool) -> None:
    assert json.loads(profile_as_json(msgspec.msgpack.encode(said), with_vectors=with_vectors)) == said


@given(st.lists(st.floats(-1, 1, width=16), max_size=64))
def test_each_number_of_a_vector_is_kept_to_half_a_millionth(numbers: list[float]) -> None:
    raw = np.array(numbers, "<f2").tobytes()
    read = json.loads(profile_as_json(msgspec.msgpack.encode({"vector": raw}), with_vectors=True))["vector"]
    np.testing.assert_allclose(read, numbers, atol=5.01e-7, rtol=0)


def test_every_vector_of_a_profile_is_a_list_of_numbers() -> None:
    profile = json.loads(profile_as_json(encode_profile(a_profile()), with_vectors=True))
    blocks = [profile["platforms"]["video"], profile["vectors"]]
    found = [block[name] for block in blocks for name in ("short", "long")]
    found.append(profile["vectors"]["interests"][0]["vector"])
    for vector in found:
        assert np.array(vector).astype(np.float16).tobytes() == VECTOR.tobytes()
    assert profile["model"]["dim"] == DIM


def test_without_vectors_all_else_is_there() -> None:
    value = encode_profile(a_profile(revision=7))
    profile = json.loads(profile_as_json(value, with_vectors=False))
    assert set(profile) == set(msgspec.msgpack.decode(value))
    assert "short" not in profile["platforms"]["video"]
    assert (profile["revision"], profile["tags"][0]["tag"]) == (7, "trail running")


@given(st.binary(max_size=64))
def test_any_bytes_become_json_or_are_refused(value: bytes) -> None:
    with suppress(msgspec.DecodeError):
        assert isinstance(json.loads(profile_as_json(value, with_vectors=True)), dict)


@pytest.mark.parametrize("value", [b"", b"\xc1", b"\x93\x01\x02\x03", b"{}", msgspec.msgpack.encode({"v": b"odd"}), b"\x81\xa1\xff\x01", b"\x81" * 5_000])
def test_what_is_no_profile_is_refused(value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        profile_as_json(value, with_vectors=True)
