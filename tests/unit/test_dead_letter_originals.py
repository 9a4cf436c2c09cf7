"""B5: what dead letters keep of a refused record is the operator's choice; sealed ones open with their key alone."""

from __future__ import annotations

import json
from functools import partial

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.sealing import Sealer
from streams.cli.tail import record_to_json
from streams.domain.dead_letters import (
    DeadLetter,
    decode_dead_letter,
    decode_letter_head,
    is_letter,
    opened,
    sealed,
    stripped,
)
from streams.domain.letter_erasures import LetterErasure
from streams.domain.letter_owners import owner_of
from streams.domain.raw import RawRecord
from streams.errors import CorruptState, InvalidEvent, UsageError
from streams.settings import Settings
from streams.wiring import originals_of

pytestmark = pytest.mark.requirement("B5")
KEY = "0f" * 32
CANARY = b"canary-4711"
HEADERS = (("ce_subject", CANARY), ("empty", None))
LETTER = DeadLetter.of(
    RawRecord(b"not json " + CANARY, HEADERS, 5.0, "events.shop", 3, 17, CANARY),
    "normalise",
    InvalidEvent("bad_json", "value"),
)


class Message:
    """A record of the topic as the client hands it out."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def value(self) -> bytes:
        return self._value

    def key(self) -> None:
        return None

    def partition(self) -> int:
        return 0

    offset = partition


def kept(original: str, key: str = "") -> DeadLetter:
    return originals_of(Settings(dead_letters={"original": original, "key": key}))(LETTER)


def test_plain_keeps_the_bytes_and_the_fields_of_the_contract() -> None:
    letter = kept("plain")
    assert letter == decode_dead_letter(letter.encode()) == LETTER
    assert b"original" not in letter.encode()


@pytest.mark.parametrize(("original", "key"), [("sealed", KEY), ("none", "")])
def test_otherwise_no_byte_of_the_record_is_there_and_everything_else_is(original: str, key: str) -> None:
    letter = kept(original, key)
    assert CANARY not in letter.encode()
    assert letter.key is None
    assert (letter.topic, letter.partition, letter.offset, letter.reason) == ("events.shop", 3, 17, "bad_json")
    assert letter.original == original


def test_none_keeps_no_value_that_could_be_opened() -> None:
    assert stripped(LETTER).value is None
    assert opened(stripped(LETTER), Sealer(bytes(32)).open) == stripped(LETTER)


@given(st.one_of(st.none(), st.binary()), st.one_of(st.none(), st.binary()), st.integers(0, 2**40))
def test_what_was_sealed_opens_to_the_same_letter(value: bytes | None, key: bytes | None, offset: int) -> None:
    letter = DeadLetter.of(RawRecord(value, HEADERS, 1.0, "items", 0, offset, key), "catalogue", InvalidEvent("r", "d"))
    sealer = Sealer(bytes(32))
    once = sealed(letter, sealer.seal)
    assert opened(decode_dead_letter(once.encode()), sealer.open) == letter
    assert sealed(letter, sealer.seal).encode() == once.encode()


def test_it_opens_neither_with_another_key_nor_in_another_place_nor_changed() -> None:
    letter = sealed(LETTER, Sealer(bytes(32)).seal)
    assert letter.value is not None
    moved = DeadLetter.of(RawRecord(letter.value, (), 1.0, "events.shop", 3, 18), "s", InvalidEvent("r", "d"))
    for refused in (
        partial(Sealer(b"\1" * 32).open, letter.value, letter.place),
        partial(Sealer(bytes(32)).open, letter.value, moved.place),
        partial(Sealer(bytes(32)).open, letter.value[:-1] + bytes([letter.value[-1] ^ 1]), letter.place),
        partial(Sealer(bytes(32)).open, b"", letter.place),
    ):
        with pytest.raises(CorruptState, match="BRAID_DEAD_LETTERS__KEY"):
            refused()


@pytest.mark.parametrize("key", ["", "0f" * 31, "zz" * 32])
def test_a_key_that_is_none_is_named_with_the_remedy_and_not_printed(key: str) -> None:
    with pytest.raises(UsageError, match=f"BRAID_DEAD_LETTERS__KEY has {len(key)} characters.*openssl") as refused:
        kept("sealed", key)
    assert not key or key not in str(refused.value)


@pytest.mark.requirement("N8")
@pytest.mark.parametrize(("original", "key"), [("plain", ""), ("sealed", KEY), ("none", "")])
def test_whose_a_letter_is_stays_told_whatever_is_kept_of_the_record(original: str, key: str) -> None:
    owned = msgspec.structs.replace(LETTER, owners=(owner_of("a" * 32),), occurred_at=5.0)
    keep = originals_of(Settings(dead_letters={"original": original, "key": key}))
    head = decode_letter_head(keep(owned).encode())
    assert (head.at, head.owners, head.occurred_at) == (5.0, owned.owners, 5.0)


def test_ends_of_letters_and_words_about_erasures_are_no_letters() -> None:
    erasure = LetterErasure(owner_of("a" * 32), 5.0)
    assert not is_letter(erasure.key, erasure.encode())
    assert not is_letter(LETTER.place, None)
    assert is_letter(LETTER.place, LETTER.encode())
    assert is_letter(None, LETTER.encode())


def test_tail_opens_with_the_key_and_says_sealed_without(capsys: pytest.CaptureFixture[str]) -> None:
    message = Message(kept("sealed", KEY).encode())
    show = partial(record_to_json, "dead-letters", message, vectors=False)
    assert show(sealer=Sealer(bytes.fromhex(KEY)))["value"]["value"] == (b"not json " + CANARY).decode()
    assert show()["value"]["value"] == "sealed"
    assert show(sealer=Sealer(bytes(32)))["value"]["value"] == "sealed"
    assert "BRAID_DEAD_LETTERS__KEY" in capsys.readouterr().err
    plain_one = record_to_json("dead-letters", Message(LETTER.encode()), vectors=False)
    assert plain_one["value"]["value"] == (b"not json " + CANARY).decode()
    json.dumps(show())
