"""Keys for some platforms only: whom they may ask about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from streams.serve.api_keys import KeyGrant
from tests.support.serving import Did, Town, opened, subject_items

SHOP_KEY, ANY_KEY = "shop-key-of-the-tests", "any-key-of-the-tests"
FOR_SHOP, FOR_ANY = {"Authorization": f"Bearer {SHOP_KEY}"}, {"Authorization": f"Bearer {ANY_KEY}"}


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    keys = {SHOP_KEY: KeyGrant("read", "shop", frozenset({"shop"})), ANY_KEY: KeyGrant("read", "any")}
    for town in opened(tmp_path, keys=keys):
        town.publish_items(subject_items())
        yield town


@pytest.mark.requirement("N14")
def test_a_scoped_key_looks_up_accounts_of_its_platforms_only(api: httpx.Client):
    for platform, status in (("shop", 200), ("video", 403)):
        body = {"platform": platform, "account": "ada"}
        assert api.post("/v1/accounts/lookup", json=body, headers=FOR_SHOP).status_code == status
        assert api.post("/v1/accounts/lookup", json=body, headers=FOR_ANY).status_code == 200
        for about in ("profile", "recommendations", "explanation", "history"):
            answer = api.get(f"/v1/accounts/{platform}/ada/{about}", headers=FOR_SHOP)
            assert (answer.status_code == 403) == (status == 403)


@pytest.mark.requirement("N14")
def test_a_scoped_key_asks_about_people_who_have_an_account_there(town: Town, api: httpx.Client):
    of_both = town.live(Did("shop.wishlist.added", "shop:cooking-0"), Did("video.video.liked", "video:cooking-1"))
    of_video = town.live(Did("video.video.liked", "video:football-1", person="bob"))
    for about in ("", "/recommendations", "/explanation", "/history"):
        assert api.get(f"/v1/profiles/{of_both.profile_id}{about}", headers=FOR_SHOP).status_code == 200
        refused = api.get(f"/v1/profiles/{of_video.profile_id}{about}", headers=FOR_SHOP)
        assert (refused.status_code, refused.json()["code"]) == (403, "out_of_scope")
        assert api.get(f"/v1/profiles/{of_video.profile_id}{about}", headers=FOR_ANY).status_code == 200


def test_a_scoped_key_cannot_tell_who_is_known(town: Town, api: httpx.Client):
    known = town.live(Did("video.video.liked", "video:football-1", person="bob")).profile_id
    answers = [api.get(f"/v1/profiles/{profile_id}", headers=FOR_SHOP) for profile_id in (known, "f" * 32)]
    assert answers[0].json() == answers[1].json()


def test_bodies_that_are_no_lookup_are_left_to_their_own_checks(api: httpx.Client):
    strange = [b"", b"[]", b"{", b'{"platform": 1, "account": "a"}', b'{"platform": "shop", "account": ""}', b'"x"']
    for body in strange:
        answer = api.post("/v1/accounts/lookup", content=body, headers=FOR_SHOP | {"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}, body
    surrogate = b'{"platform": "\\ud800", "account": "\\ud800"}'
    assert api.post("/v1/accounts/lookup", content=surrogate, headers=FOR_SHOP).status_code == 422
