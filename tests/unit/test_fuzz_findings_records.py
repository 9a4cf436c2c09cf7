"""What fuzzing has found where Braid reads its own records, each as the smallest input that showed it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from streams.adapters.item_records import unpack_item, vector_of
from streams.domain import reasons
from streams.domain.profiles import encode_profile
from streams.domain.raw import RawRecord
from streams.domain.states import pack_state, unpack_state
from streams.engine.table import MARKER_KEY
from streams.errors import CorruptState, InvalidEvent
from streams.service.encode_texts import CachingEncoder, cache_key
from streams.service.update_profiles import decode_event
from tests.fuzz.findings import FindingFiles
from tests.fuzz.record_gates import ADA, States, an_event, an_updater
from tests.fuzz.runs import GateRun
from tests.support.serving import ENCODER, VECTOR_MODEL, Did, an_item, an_item_record, opened

pytestmark = pytest.mark.requirement("A7")


def refused(value: bytes, key: bytes = ADA) -> str:
    with pytest.raises(InvalidEvent) as error:
        decode_event(RawRecord(value, key=key))
    return error.value.reason


def test_a_user_key_that_is_one_of_the_tables_own_is_refused() -> None:
    assert refused(an_event(1), MARKER_KEY) == reasons.OUT_OF_RANGE


@pytest.mark.parametrize(("place", "value"), [(4, 1e300), (5, -1e300), (6, 1e308), (6, float("nan"))])
def test_times_and_strengths_that_make_a_profile_no_number_are_refused(place: int, value: float) -> None:
    fields = msgspec.msgpack.decode(an_event(1))
    fields[place] = value
    assert refused(msgspec.msgpack.encode(fields)) == reasons.OUT_OF_RANGE


def test_records_nested_too_deeply_are_unreadable_and_no_more(tmp_path: Path) -> None:
    deep = b"\x91" * 3_000 + b"\xc0"
    assert refused(b"\x9d" + an_event(1)[1:] + deep) == reasons.BAD_MSGPACK
    record = msgspec.msgpack.encode(an_item_record("shop", an_item("a", "b")))
    assert unpack_item(b"\x99" + record[1:] + deep) is None


@pytest.mark.filterwarnings("error")
def test_a_vector_with_infinite_numbers_is_no_vector() -> None:
    record = an_item_record("shop", an_item("a", "b"))
    vector = np.full(VECTOR_MODEL.dim, np.inf, np.float16).tobytes()
    assert vector_of(msgspec.structs.replace(record, vector=vector), VECTOR_MODEL.name, VECTOR_MODEL.dim) is None


def damaged(how: str) -> bytes:
    state = unpack_state(States().seeds()[1][0] or b"")
    account = next(iter(state.accounts.values()))
    if how == "sum":
        account.long = account.long[:-1]
    elif how == "times":
        account.seen.times = account.seen.times[:-4]
    elif how == "count":
        account.counts["cart.added"] = 2**64 - 1
    elif how == "mass":
        account.long_mass = float("nan")
    return pack_state(state).replace(b"running", b"run\xff\xfeng") if how == "text" else pack_state(state)


@pytest.mark.parametrize("how", ["sum", "times", "count", "mass", "text"])
def test_a_state_that_does_not_fit_together_is_corrupt_and_says_what_to_do(how: str) -> None:
    updater = an_updater()
    prepared = updater.prepare([RawRecord(an_event(99), key=ADA, offset=1 << 40)])
    with pytest.raises(CorruptState, match="delete the state directory"):
        updater.update(prepared, lambda _: [damaged(how)])


def test_a_cached_value_that_is_no_unit_vector_is_a_miss() -> None:
    class Cache:
        def get_many(self, keys: list[bytes]) -> list[bytes | None]:
            return [np.full(ENCODER.dim, 9.0, "<f2").tobytes() for _ in keys]

        def put_many(self, entries: dict[bytes, bytes]) -> None:
            assert list(entries) == [cache_key(ENCODER.version, "passage", "tea")]

    encoded = CachingEncoder(ENCODER, Cache()).encode(["tea"])  # type: ignore[arg-type]
    assert (encoded.n_hits, encoded.n_misses) == (0, 1)
    assert np.linalg.norm(encoded.vectors[0]) == pytest.approx(1.0, abs=1e-3)


def test_a_profile_that_no_reader_can_read_does_not_take_the_place_of_one_that_can(tmp_path: Path) -> None:
    for town in opened(tmp_path):
        good = town.live(Did("shop.cart.added", "shop:cooking-0"))
        newer = msgspec.msgpack.decode(encode_profile(good)) | {"revision": good.revision + 1, "tags": 7}
        town.feed_profiles([(good.profile_id, msgspec.msgpack.encode(newer))])
        assert town.profiles.profile_of(good.profile_id) == good


@pytest.mark.parametrize("name", ["events", "user-events", "states", "cached-vectors", "item-vectors", "profiles"])
def test_a_few_hundred_bent_records_do_no_harm(name: str, tmp_path: Path) -> None:
    files = FindingFiles(tmp_path)
    run = GateRun(name, 12, files.add)
    while run.report.n_inputs < 400:
        run.step(400)
    assert files.n_of == {}
