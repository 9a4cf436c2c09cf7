"""E5: relations readable both ways: what a person has to do with things, and how many people with one thing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.serve.relation_routes import LEAST_PEOPLE
from tests.support.serving import NOON_S, Did, Town, an_item, an_item_record, opened

pytestmark = pytest.mark.requirement("E5")


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    for town in opened(tmp_path):
        town.publish_items([an_item_record("shop", an_item("shoe", "Trail Shoe", "shoes", brand="Acme"), NOON_S)])
        yield town


def counts(town: Town, name: str = "Acme") -> dict[str, int | None]:
    with town.api() as api:
        answer = api.get("/v1/relations", params={"kind": "brand", "name": name})
    assert answer.status_code == 200, answer.text
    return {each["relation"]: each["people"] for each in answer.json()["relations"]}


def test_a_person_likes_and_buys_what_they_acted_on(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:shoe"), Did("shop.order.completed", "shop:shoe"))
    with town.api() as api:
        everything = api.get(f"/v1/profiles/{profile.profile_id}/relations").json()["relations"]
        bought = api.get(f"/v1/profiles/{profile.profile_id}/relations", params={"relation": "buys"}).json()["relations"]
        refused = api.get(f"/v1/profiles/{profile.profile_id}/relations", params={"relation": "hates"})
    assert {(each["relation"], each["name"]) for each in everything} >= {("likes", "acme"), ("buys", "trail shoe")}
    assert {each["relation"] for each in bought} == {"buys"}
    assert all(each["weight"] > 0.0 and each["evidence"] for each in everything)
    assert refused.status_code == 422


def test_a_thing_tells_how_many_and_never_few_enough_to_point_at_somebody(town: Town) -> None:
    for number in range(LEAST_PEOPLE - 1):
        town.live(Did("shop.wishlist.added", "shop:shoe", person=f"p{number}"))
    assert counts(town)["likes"] is None
    town.live(Did("shop.wishlist.added", "shop:shoe", person="one more"))
    assert counts(town)["likes"] == LEAST_PEOPLE
    assert counts(town)["buys"] is None


def test_who_is_erased_is_counted_no_more(town: Town) -> None:
    profiles = [town.live(Did("shop.wishlist.added", "shop:shoe", person=f"p{n}")) for n in range(LEAST_PEOPLE)]
    assert counts(town)["likes"] == LEAST_PEOPLE
    town.forget(profiles[0].profile_id)
    assert counts(town)["likes"] is None
    assert town.profiles.relation_counts.of(["likes:brand:acme"]) == [LEAST_PEOPLE - 1]


def test_a_person_counts_once_however_often_they_act(town: Town) -> None:
    for _ in range(3):
        town.live(Did("shop.wishlist.added", "shop:shoe"))
    assert town.profiles.relation_counts.of(["likes:brand:acme"]) == [1]


def test_a_thing_that_nobody_knows_is_no_error(town: Town) -> None:
    assert set(counts(town, "nobody").values()) == {None}
