"""A cookie stands for a key only if this serve made it, and only as long as the key lives."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from streams.console.sessions import LASTS_S, Sessions
from streams.serve.api_keys import KeyGrant, KeyRing

SECRET = b"0123456789abcdef-test"
NOW_S = 1_700_000_000.0
SHOP, BOSS = "shop-key-0123456789", "boss-key-9876543210"
KEYS = {SHOP: KeyGrant("read", "shop-site"), BOSS: KeyGrant("admin", "boss")}


def sessions(keys=KEYS, secret: bytes = SECRET) -> Sessions:
    return Sessions(secret, KeyRing(keys))


def a_cookie(raw_key: str = SHOP, now_s: float = NOW_S, of: Sessions | None = None) -> str:
    key = KeyRing(KEYS).find(raw_key)
    assert key is not None
    return (of or sessions()).begin(key, now_s)


@pytest.mark.requirement("N14")
@given(st.sampled_from([SHOP, BOSS]), st.floats(0, LASTS_S - 2))
def test_a_session_stands_for_the_key_it_began_with(raw_key: str, later_s: float) -> None:
    key = sessions().key_of(a_cookie(raw_key), NOW_S + later_s)
    assert key is not None
    assert key == KeyRing(KEYS).find(raw_key)


@pytest.mark.requirement("N14")
@given(st.text())
def test_no_made_up_cookie_is_taken(cookie: str) -> None:
    assert sessions().key_of(cookie, NOW_S) is None


@pytest.mark.requirement("N14")
@given(st.sampled_from(["shop-site", "boss"]), st.integers(0, 10**13), st.text(max_size=70))
def test_no_forged_mark_is_taken(name: str, ends_s: int, mark: str) -> None:
    assert sessions().key_of(f"{name}.{ends_s}.{mark}", NOW_S) is None


@pytest.mark.requirement("N14")
@given(st.data())
def test_no_altered_cookie_is_taken(data: st.DataObject) -> None:
    cookie = a_cookie()
    at = data.draw(st.integers(0, len(cookie) - 1))
    put = data.draw(st.text(max_size=3))
    altered = cookie[:at] + put + cookie[at + data.draw(st.integers(0, 2)) :]
    assume(altered != cookie)
    assert sessions().key_of(altered, NOW_S) is None


@pytest.mark.requirement("N14")
def test_another_keys_name_cannot_be_put_in() -> None:
    assert sessions().key_of(a_cookie().replace("shop-site", "boss"), NOW_S) is None


def test_a_session_ends_after_its_time() -> None:
    cookie = a_cookie()
    assert sessions().key_of(cookie, NOW_S + LASTS_S - 1) is not None
    assert sessions().key_of(cookie, NOW_S + LASTS_S) is None


@pytest.mark.requirement("N14")
def test_a_key_that_is_taken_out_ends_its_sessions() -> None:
    cookie = a_cookie()
    assert sessions({BOSS: KEYS[BOSS]}).key_of(cookie, NOW_S) is None


@pytest.mark.requirement("N14")
def test_another_key_of_the_same_name_does_not_inherit_sessions() -> None:
    assert sessions({"another-key-0123456789": KeyGrant("admin", "shop-site")}).key_of(a_cookie(), NOW_S) is None


@pytest.mark.requirement("N14")
def test_a_session_ends_with_its_key() -> None:
    expiring = {SHOP: KeyGrant("read", "shop-site", expires_at_s=NOW_S + 60)}
    cookie = a_cookie()
    assert sessions(expiring).key_of(cookie, NOW_S + 59) is not None
    assert sessions(expiring).key_of(cookie, NOW_S + 60) is None


def test_a_serve_with_another_secret_does_not_know_the_session() -> None:
    assert sessions(secret=b"another-secret-of-16").key_of(a_cookie(), NOW_S) is None


def test_neither_the_key_nor_its_digest_is_in_a_cookie() -> None:
    key = KeyRing(KEYS).find(SHOP)
    assert key is not None
    assert SHOP not in a_cookie()
    assert key.digest.hex() not in a_cookie()
