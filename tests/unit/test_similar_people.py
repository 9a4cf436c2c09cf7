"""K4: people with a like taste, by pseudonym: who may ask, who may be named, and in which words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.factory import build_index
from streams.domain.audit_records import mark_of
from streams.domain.profiles import Consent, ProfileRecord
from streams.serve.api_keys import KeyGrant
from streams.serve.people_index import STILL, PeopleIndex
from streams.service.similar_people import NOTHING_LASTING, SimilarFinder, lasting_direction
from tests.support.serving import ENCODER, MODEL, SECRET, Did, Town, opened, subject_items

pytestmark = pytest.mark.requirement("K4")

READ, ANALYST, SHOPS = "read-key-0123456789abcdef", "analyst-key-0123456789abc", "shops-key-0123456789abcde"


def cooks(person: str, platform: str = "shop") -> tuple[Did, ...]:
    added = {"shop": "shop.wishlist.added", "news": "news.article.shared"}[platform]
    return tuple(Did(added, f"{platform}:cooking-{n}", person=person) for n in range(3))


def similar(town: Town, profile: ProfileRecord, key: str = "", **query: int) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with town.api() as api:
        return api.get(f"/v1/profiles/{profile.profile_id}/similar-people", params=query, headers=headers)


def named(answer: httpx.Response) -> list[str]:
    return [person["profile_id"] for person in answer.json()["people"]]


def changed(town: Town, profile: ProfileRecord, **fields: object) -> None:
    town.publish_profile(msgspec.structs.replace(profile, revision=profile.revision + 1, **fields))


def test_who_likes_the_same_is_closest_in_the_words_that_both_share_and_nobody_is_like_themselves(town: Town):
    ada, bob = town.live(*cooks("ada")), town.live(*cooks("bob", "news"))
    cid = town.live(Did("shop.wishlist.added", "shop:football-0", person="cid"))
    answer = similar(town, ada).json()
    assert [person["profile_id"] for person in answer["people"]] == [bob.profile_id, cid.profile_id]
    closest, other = answer["people"]
    assert closest["tags"] == ["cooking"]
    assert other["tags"] == []
    assert closest["closeness"] == pytest.approx(
        float(lasting_direction(ada, MODEL.label, MODEL.dim) @ lasting_direction(bob, MODEL.label, MODEL.dim)), abs=1e-4
    )


def test_as_many_are_named_as_were_asked_for(town: Town):
    for number in range(4):
        town.live(*cooks(f"p{number}"))
    assert len(named(similar(town, town.live(*cooks("ada")), k=2))) == 2


@pytest.mark.requirement("N7")
@pytest.mark.parametrize(
    "choice", [{"personalised": False}, {"consents": {"recommend": Consent("denied", 1.0)}}], ids=["personalisation", "consent"]
)
def test_who_does_not_allow_it_is_neither_named_nor_compared(town: Town, choice: dict[str, object]):
    ada, bob = town.live(*cooks("ada")), town.live(*cooks("bob"))
    changed(town, bob, **choice)
    assert named(similar(town, ada)) == []
    answer = similar(town, bob).json()
    assert answer["people"] == []
    assert "this person" in answer["basis"]


@pytest.mark.requirement("N8")
def test_an_erased_person_is_not_named_any_more(town: Town):
    ada, bob = town.live(*cooks("ada")), town.live(*cooks("bob"))
    assert named(similar(town, ada)) == [bob.profile_id]
    town.forget(bob.profile_id)
    assert named(similar(town, ada)) == []
    assert bob.profile_id not in town.people.index


def test_a_restart_and_a_topic_made_anew_leave_the_index_with_who_is_there(tmp_path: Path):
    for town in opened(tmp_path):
        town.publish_items(subject_items())
        ada, bob = town.live(*cooks("ada")), town.live(*cooks("bob"))
    for town in opened(tmp_path):
        assert named(similar(town, ada)) == [bob.profile_id]
        town.profiles.clear()
        assert len(town.people.index) == 0


@pytest.mark.requirement("N14")
def test_only_analysts_may_ask_and_every_question_is_noted_before_it_is_answered(tmp_path: Path):
    for town in opened(tmp_path, keys={READ: "read", ANALYST: KeyGrant("analyst", "research")}):
        town.publish_items(subject_items())
        ada = town.live(*cooks("ada"))
        assert similar(town, ada).status_code == 401
        assert similar(town, ada, READ).status_code == 403
        assert similar(town, ada, ANALYST).status_code == 200
        whom = mark_of(SECRET, ada.profile_id)
        noted = [(record.who, record.whom, record.outcome) for record in town.parts.audit.records if record.who == "research"]
        assert noted == [("research", whom, "begun"), ("research", whom, "answered")]
        town.parts.audit.is_away = True
        assert similar(town, ada, ANALYST).status_code == 503


@pytest.mark.requirement("N14")
def test_a_key_of_some_platforms_names_nobody_of_other_platforms(tmp_path: Path):
    for town in opened(tmp_path, keys={SHOPS: KeyGrant("analyst", "shops", frozenset({"shop"}))}):
        town.publish_items(subject_items())
        ada, bob, cid = town.live(*cooks("ada")), town.live(*cooks("bob")), town.live(*cooks("cid", "news"))
        assert named(similar(town, ada, SHOPS)) == [bob.profile_id]
        assert similar(town, cid, SHOPS).status_code == 403


def test_where_it_is_off_the_answer_says_how_to_turn_it_on(town: Town):
    ada = town.live(*cooks("ada"))
    town.parts = replace(town.parts, similar=None)
    answer = similar(town, ada)
    assert (answer.status_code, answer.json()["code"]) == (404, "similar_people_off")
    assert "BRAID_INDEX__PEOPLE" in answer.json()["remedy"]


def test_vectors_of_another_model_are_not_compared(town: Town):
    ada, bob = town.live(*cooks("ada")), town.live(*cooks("bob"))
    changed(town, bob, model=msgspec.structs.replace(MODEL, version="other"))
    assert named(similar(town, ada)) == []
    assert similar(town, bob).json()["basis"] == NOTHING_LASTING


def pointing(profile: ProfileRecord, angle: float) -> ProfileRecord:
    vector = np.zeros(ENCODER.dim, np.float16)
    vector[:2] = np.cos(angle), np.sin(angle)
    return msgspec.structs.replace(profile, vectors=msgspec.structs.replace(profile.vectors, long=vector.tobytes()))


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=12))
def test_the_index_is_never_further_off_than_it_may_be(a_profile: ProfileRecord, angles: list[float]):
    people = PeopleIndex(build_index("exact", MODEL.dim), MODEL.label)
    for angle in angles:
        now = pointing(a_profile, angle)
        people.follow({"someone": now})
        _, (indexed,) = people.index.vectors_of(["someone"])
        assert float(indexed @ lasting_direction(now, MODEL.label, MODEL.dim)) >= STILL - 1e-3


def test_closeness_is_that_of_the_profiles_and_not_of_the_index(a_profile: ProfileRecord):
    people = PeopleIndex(build_index("exact", MODEL.dim), MODEL.label)
    ada, bob = pointing(a_profile, 0.0), pointing(a_profile, 0.05)
    people.follow({"bob": pointing(a_profile, 0.0)})
    people.follow({"bob": bob})
    (found,) = SimilarFinder(people.index, {"bob": bob}.get, MODEL.label).similar(ada, 3).people
    assert found.closeness == pytest.approx(np.cos(0.05), abs=1e-3)


@pytest.fixture(scope="module")
def a_profile(tmp_path_factory: pytest.TempPathFactory) -> ProfileRecord:
    for town in opened(tmp_path_factory.mktemp("town")):
        town.publish_items(subject_items())
        return town.live(*cooks("ada"))
    raise AssertionError
