"""N7, N8 over HTTP: personalisation off, blocked tags, export and erasure."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec
import pytest

from streams.domain.profiles import Consent, Experiment, Identity, ProfileRecord, Trait
from tests.support.serving import Did, Town, opened, subject_items

READ_KEY, ERASE_KEY = "read-key-0123456789abcdef", "erase-key-0123456789abcdef"
SEEN = (Did("shop.wishlist.added", "shop:cooking-0"), Did("news.article.shared", "news:cooking-1"))


def changed(town: Town, profile: ProfileRecord, **fields: object) -> ProfileRecord:
    made = msgspec.structs.replace(profile, revision=profile.revision + 1, **fields)
    town.publish_profile(made)
    return made


@pytest.mark.requirement("N7")
@pytest.mark.parametrize(
    ("choice", "word"),
    [({"personalised": False}, "personalisation off"), ({"consents": {"recommend": Consent("denied", 1.0)}}, "not allow")],
)
def test_who_does_not_want_it_gets_nothing_personal_and_is_told(
    town: Town, api: httpx.Client, choice: dict[str, object], word: str
) -> None:
    profile = town.live(*SEEN)
    town.live(Did("shop.wishlist.added", "shop:football-0", person="bob"))
    url = f"/v1/profiles/{profile.profile_id}/recommendations"
    assert api.get(url).json()["personalised"]
    changed(town, profile, **choice)
    answer = api.get(url).json()
    assert not answer["personalised"]
    assert word in answer["basis"]
    stranger = api.get("/v1/profiles/nobody/recommendations").json()
    assert [item["key"] for item in answer["items"]] == [item["key"] for item in stranger["items"]]


@pytest.mark.requirement("N15")
def test_items_of_a_blocked_tag_are_not_recommended_nor_do_they_make_interests(town: Town, api: httpx.Client) -> None:
    profile = town.live(*SEEN, Did("shop.wishlist.added", "shop:football-0"))
    changed(town, profile, blocked_tags=["topic:cooking"])
    items = api.get(f"/v1/profiles/{profile.profile_id}/recommendations?k=20").json()["items"]
    assert items
    assert not [item["key"] for item in items if "cooking" in item["key"]]
    explained = api.get(f"/v1/profiles/{profile.profile_id}/explanation").json()
    assert all("cooking" not in event["title"] for each in explained["interests"] for event in each["events"])


@pytest.mark.requirement("N8")
def test_an_export_holds_everything_with_a_reason_for_each_inference(town: Town, api: httpx.Client) -> None:
    profile = town.live(*SEEN)
    body = api.get(f"/v1/profiles/{profile.profile_id}/export").json()
    assert sum(sum(deed["counts"].values()) for deed in body["deeds"]) == profile.events_applied
    assert [entry["account"] for entry in body["accounts"]] == [entry.account for entry in profile.identity.accounts]
    assert body["inferences"]["tags"]
    assert all(tag["evidence"] for tag in body["inferences"]["tags"])
    assert "user-events" in body["also_held"]


@pytest.mark.requirement("H8", "N3", "N8")
def test_an_export_holds_what_was_said_of_the_person_and_what_they_were_assigned(town: Town, api: httpx.Client) -> None:
    profile = town.live(*SEEN)
    said = {"gender": Trait("f", "declared", 1.0, 5.0, "shop")}
    town.publish_profile(
        msgspec.structs.replace(
            profile, revision=profile.revision + 1, traits=said, experiments=[Experiment("ranking", "b", 7.0)]
        )
    )
    body = api.get(f"/v1/profiles/{profile.profile_id}/export").json()
    assert body["traits"]["gender"]["value"] == "f"
    assert body["experiments"] == [{"name": "ranking", "variant": "b", "at": 7.0}]


@pytest.mark.requirement("N8")
def test_an_erasure_is_accepted_once_it_cannot_be_lost(town: Town, api: httpx.Client) -> None:
    profile = town.live(*SEEN)
    answer = api.delete(f"/v1/profiles/{profile.profile_id}")
    assert (answer.status_code, answer.json()["profile_id"]) == (202, profile.profile_id)
    assert len(answer.json()["request_id"]) == 16
    assert town.erasures == [profile.profile_id]
    town.broker_is_away = True
    refused = api.delete(f"/v1/profiles/{profile.profile_id}")
    assert (refused.status_code, refused.json()["code"]) == (503, "not_taken")


@pytest.mark.requirement("N8")
def test_an_erasure_reaches_the_person_whom_a_profile_was_merged_into(town: Town, api: httpx.Client) -> None:
    profile = town.live(*SEEN)
    gone = msgspec.structs.replace(profile, profile_id="gone", identity=Identity([], profile.profile_id))
    town.publish_profile(gone)
    assert api.delete("/v1/profiles/gone").status_code == 202
    assert town.erasures == [profile.profile_id]


@pytest.mark.requirement("N8")
def test_somebody_unknown_here_may_be_erased_all_the_same(town: Town, api: httpx.Client) -> None:
    assert api.delete("/v1/accounts/shop/nobody").status_code == 202
    assert len(town.erasures) == 1


@pytest.mark.requirement("N14")
def test_a_key_that_reads_may_neither_export_nor_erase(tmp_path: Path) -> None:
    for town in opened(tmp_path, keys={READ_KEY: "read", ERASE_KEY: "erase"}):
        town.publish_items(subject_items())
        url = f"/v1/profiles/{town.live(*SEEN).profile_id}"
        with town.api() as api:
            reader, eraser = ({"Authorization": f"Bearer {key}"} for key in (READ_KEY, ERASE_KEY))
            assert api.get(f"{url}/export").status_code == 401
            assert api.get(f"{url}/export", headers=reader).status_code == 403
            assert api.delete(url, headers=reader).status_code == 403
            assert api.delete(url, headers=eraser).status_code == 202
            assert town.erasures


@pytest.mark.requirement("N14")
def test_neither_happens_when_the_audit_is_away(town: Town, api: httpx.Client) -> None:
    url = f"/v1/profiles/{town.live(*SEEN).profile_id}"
    town.parts.audit.is_away = True
    assert api.get(f"{url}/export").json()["code"] == "audit_unavailable"
    assert api.delete(url).status_code == 503
    assert town.erasures == []
