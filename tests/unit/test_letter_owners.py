"""N8: whose a refused record is, told from what is left of it; under a hash, never under a key or an id."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.mapping_files import load_mappings
from streams.adapters.salvage import MAX_ACCOUNTS, salvage_for, salvage_identity
from streams.domain.accounts import Home, account_key
from streams.domain.dead_letters import DeadLetter
from streams.domain.events import Event
from streams.domain.identity_keys import account_node
from streams.domain.letter_owners import OWNER_BYTES, owner_of
from streams.domain.moves import Move, pack_move
from streams.domain.pseudonyms import Secrets
from streams.domain.raw import RawRecord
from streams.domain.topic_names import TopicNames
from streams.errors import InvalidEvent
from streams.service.letter_owners import EventOwners, LinkOwners, user_event_owners
from streams.service.normalise import own_homes

pytestmark = pytest.mark.requirement("N8")
SECRET, OTHER = b"0123456789abcdef", b"fedcba9876543210"
ANN = account_key(SECRET, "shop", "ann")
AT = "2024-05-01T12:00:00Z"
EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "shop.product.viewed", "time": AT, "subject": "ann"}


def refused(value: bytes | None, headers: tuple = (), topic: str = "events.shop", key: bytes | None = b"ann") -> DeadLetter:
    record = RawRecord(value, headers, 2e9, topic, 0, 7, key)
    return DeadLetter.of(record, "normalise", InvalidEvent("wrong_type", ""))


def owned_event(value: bytes | None, headers: tuple = (), secrets: Secrets | bytes = SECRET, homes=own_homes) -> DeadLetter:
    return EventOwners(secrets, TopicNames().platform_of, salvage_for({}), homes)(refused(value, headers))


BAD = EVENT | {"data": {"rating": "five", "item": [1]}}
WHOLE = json.dumps(BAD).encode()


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        pytest.param(WHOLE, (), id="a wrong type elsewhere"),
        pytest.param(msgspec.msgpack.encode(BAD), (), id="the same in MessagePack"),
        pytest.param(WHOLE, (("content-type", b"text/csv"),), id="a content type that is none"),
        pytest.param(json.dumps(EVENT | {"time": "tomorrow"}).encode(), (), id="a time that is none"),
        pytest.param(json.dumps(EVENT | {"pad": "x" * 2_000_000}).encode(), (), id="too large"),
        pytest.param(WHOLE[:-4], (), id="cut off"),
        pytest.param(b"\xff\xfe" + WHOLE, (), id="an encoding that is none"),
        pytest.param(WHOLE.replace(b'"five"', b"five"), (), id="no JSON"),
        pytest.param(b"{not json", (("ce_specversion", b"1.0"), ("ce_subject", b"ann")), id="binary mode"),
        pytest.param(None, (("ce_specversion", b"0.3"), ("ce_subject", b"ann")), id="binary mode without a value"),
    ],
)
def test_the_account_is_told_from_what_is_left(value: bytes | None, headers: tuple) -> None:
    assert owned_event(value, headers).owners == (owner_of(ANN),)


def test_the_value_of_binary_mode_is_data_and_names_nobody() -> None:
    headers = (("ce_specversion", b"1.0"), ("ce_time", AT.encode()))
    assert owned_event(b'{"subject": "bob"}', headers).owners == ()


NOBODYS = [None, b"", b"\xc1", b"[]", b"{", b'{"subject": null}', b'{"subject": ""}', b'{"subject": ["ann"]}',
           b"\x91" * 99_999, b'{"subject": 1' + b"0" * 5_000 + b"}", b'{"subject": 1.5}', b'{"subject": 1.5']  # fmt: skip


@pytest.mark.parametrize("value", NOBODYS)
def test_where_nobody_is_named_there_is_no_owner_and_the_letter_is_as_it_was(value: bytes | None) -> None:
    assert owned_event(value) == refused(value)


def test_a_number_for_an_id_is_its_digits() -> None:
    assert owned_event(b'{"subject": 4711, "id": 1}').owners == (owner_of(account_key(SECRET, "shop", "4711")),)


def test_a_visitor_beside_the_account_owns_the_letter_too() -> None:
    letter = owned_event(json.dumps(BAD | {"anonymousid": "v-1"}).encode())
    assert set(letter.owners) == {owner_of(ANN), owner_of(account_key(SECRET, "shop", "anonymous:v-1"))}


def test_the_events_own_time_stands_beside_the_owners_where_it_can_be_told() -> None:
    assert owned_event(WHOLE).occurred_at == 1_714_564_800.0
    assert owned_event(json.dumps(EVENT | {"time": "tomorrow"}).encode()).occurred_at is None


def test_while_a_secret_changes_the_account_is_told_under_both_and_as_it_goes_on() -> None:
    letter = owned_event(WHOLE, secrets=Secrets(OTHER, (SECRET,)))
    assert set(letter.owners) == {owner_of(ANN), owner_of(account_key(OTHER, "shop", "ann"))}
    after = owned_event(WHOLE, secrets=OTHER, homes=lambda accounts: [Home(ANN, ANN) for _ in accounts])
    assert set(after.owners) == set(letter.owners)


def test_neither_the_key_nor_the_id_is_in_what_is_added() -> None:
    added = msgspec.msgpack.encode(owned_event(WHOLE).owners)
    assert ANN.encode() not in added
    assert bytes.fromhex(ANN) not in added
    assert b"ann" not in added


def test_a_platforms_own_dialect_is_read_by_its_mapping_file(tmp_path) -> None:
    (tmp_path / "shop.toml").write_text(
        '[envelope]\nid = "n"\nsource = "s"\ntype = "what"\ntime = { path = "ts", unit = "epoch_s" }\nsubject = "who.id"\n'
        '[types]\nview = "product.viewed"\n'
    )
    owned = EventOwners(SECRET, TopicNames().platform_of, salvage_for(load_mappings(tmp_path)), own_homes)
    letter = owned(refused(b'{"what": "dance", "ts": 5, "who": {"id": "ann"}}'))
    assert (letter.owners, letter.occurred_at) == ((owner_of(ANN),), 5.0)
    assert owned(refused(b'{"ts": {}, "who": {"id": "ann"}}')).owners == (owner_of(ANN),)
    assert owned(refused(b"no document")).owners == ()


owned_link = LinkOwners(SECRET, salvage_identity)


def link(**data: object) -> DeadLetter:
    event = {"specversion": "1.0", "id": "1", "source": "/idp", "type": "shop.identity.linked", "data": data}
    return refused(json.dumps(event).encode(), topic="identity")


def test_a_refused_link_belongs_to_every_account_that_it_names() -> None:
    named = [{"account": "ann"}, {"platform": "video", "anonymousid": "v-1"}, {"platform": 5}, "none"]
    visitor = account_key(SECRET, "video", "anonymous:v-1")
    hint = account_key(SECRET, "news", "ann-n")
    letter = owned_link(link(accounts=named, nodes=[account_node(hint).hex(), "65" + "0" * 32, 7, "61zz"], confidence="much"))
    assert set(letter.owners) == {owner_of(ANN), owner_of(visitor), owner_of(hint)}


@pytest.mark.parametrize("value", [None, b"[]", b"{}", b'{"data": 5}', b'{"data": {"accounts": {}, "nodes": 1}}'])
def test_a_link_that_names_no_account_has_no_owner(value: bytes | None) -> None:
    assert owned_link(refused(value, topic="identity")).owners == ()


def test_the_owners_of_one_link_are_bounded() -> None:
    assert len(owned_link(link(accounts=[{"account": f"a-{n}"} for n in range(5_000)])).owners) == MAX_ACCOUNTS


def test_a_refused_user_event_belongs_to_its_account_or_else_to_its_user() -> None:
    other = account_key(SECRET, "video", "ann-v")
    event = msgspec.msgpack.encode(Event(b"12345678", other, "video", "video.video.liked", 1e300, 0.0, 1.0))
    move = pack_move(Move(other, 0, 1, "u" * 32, "merge", 0.0, b"12345678"))
    for value in (event, move):
        assert user_event_owners(refused(value, key=ANN.encode())).owners == (owner_of(other),)
    for value in (b"\xc1", None, b"\x91" * 99_999):
        assert user_event_owners(refused(value, key=ANN.encode())).owners == (owner_of(ANN),)
    assert user_event_owners(refused(b"\xc1", key=b"a raw id")).owners == ()


HEADERS = st.lists(
    st.tuples(st.sampled_from(["ce_subject", "ce_time", "ce_specversion", "content-type"]), st.binary(max_size=20))
)
NAMES = st.sampled_from(["subject", "anonymousid", "time", "type", "data", "accounts", "nodes", "platform", "account"])
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=4)),
)


@given(st.one_of(st.binary(max_size=200), DOCUMENTS.map(msgspec.json.encode), DOCUMENTS.map(msgspec.msgpack.encode)), HEADERS)
def test_nothing_that_comes_raises(value: bytes, headers: list[tuple[str, bytes]]) -> None:
    letter = refused(value, tuple(headers))
    owned = EventOwners(SECRET, TopicNames().platform_of, salvage_for({}), own_homes)
    for owners in (owned(letter).owners, owned_link(letter).owners, user_event_owners(letter).owners):
        assert all(len(owner) == OWNER_BYTES for owner in owners)
