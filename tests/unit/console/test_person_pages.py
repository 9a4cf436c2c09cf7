"""Who may see the pages of people, at which addresses, and what they leave in the audit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from streams.console import person_pages, shared_fragments
from streams.console.assets import Assets
from streams.console.live import Live
from streams.console.parts import ConsoleParts, PeopleParts
from streams.console.person_pages import person_routes
from streams.console.person_view import PersonView
from streams.console.refusals import install_refusals
from streams.console.rendering import Pages
from streams.domain.decay import HalfLives
from streams.domain.profiles import Change, Identity, ProfileRecord
from streams.domain.segments import SegmentRules
from streams.serve.api import create_api
from streams.serve.api_keys import KeyGrant, Role
from streams.serve.audit import MemoryAudit
from tests.support.serving import DAY_S, Did, Town, answering, opened

KEYS: Mapping[str, Role | KeyGrant] = {
    "reader-of-everything-0123456789": KeyGrant("read", "reader"),
    "reader-of-news-alone-0123456789": KeyGrant("read", "news", platforms=frozenset({"news"})),
    "only-metrics-0123456789abcdefgh": KeyGrant("metrics", "metrics"),
}
HTML = {"Accept": "text/html"}


@contextmanager
def console(town: Town) -> Iterator[httpx.Client]:
    """The API with the pages of people, on a real socket."""
    app, people = create_api(town.parts), PeopleParts(town.profiles.revisions.of, SegmentRules(), HalfLives(60 * DAY_S))
    pages = Pages(Assets(), needs_keys=bool(town.keys))
    parts = ConsoleParts(serve=town.parts, live=Live(), platforms=("shop", "video"), people=people)
    app.include_router(person_routes(parts, people, pages))
    install_refusals(app, pages)
    with answering(app) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


@pytest.fixture
def ada(town: Town) -> ProfileRecord:
    return town.live(Did("shop.wishlist.added", "shop:cooking-0"))


ALL = [
    "",
    "/revisions",
    "/recommendations",
    "/why",
    "/why?item=shop:cooking-1",
    "/why?tag=topic:cooking",
    "/why?segment=x",
]


@pytest.mark.parametrize("below", ALL)
def test_each_address_is_a_page_and_its_view_as_json(town: Town, ada: ProfileRecord, below: str) -> None:
    with console(town) as client:
        page = client.get(f"/people/{ada.profile_id}{below}", headers=HTML)
        view = client.get(f"/people/{ada.profile_id}{below}", headers={"Accept": "application/json"})
    assert page.status_code == 200, page.text
    assert page.text.count("<h1>") == 1
    assert view.json()["profile_id"] == ada.profile_id


@pytest.mark.parametrize("below", ALL[:4])
def test_a_fragment_is_the_part_that_changes(town: Town, ada: ProfileRecord, below: str) -> None:
    with console(town) as client:
        part = client.get(f"/people/{ada.profile_id}{below}", headers={**HTML, "HX-Request": "true"})
    assert "<html" not in part.text
    assert '<div id="person">' in part.text


def fragment(client: httpx.Client, person: ProfileRecord, key: str, language: str) -> str:
    headers = {**HTML, "HX-Request": "true", "Authorization": f"Bearer {key}", "Accept-Language": language}
    return client.get(f"/people/{person.profile_id}", headers=headers).text


def test_a_fragment_is_made_once_for_all_who_may_do_the_same_and_anew_for_each_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    view = person_pages._person

    def counted(parts: ConsoleParts, people: PeopleParts, profile: ProfileRecord) -> PersonView:
        made.append(profile.revision)
        return view(parts, people, profile)

    monkeypatch.setattr(person_pages, "_person", counted)
    monkeypatch.setattr(shared_fragments, "LASTS_S", 3600.0)
    reader, admin = "reader-of-everything-0123456789", "admin-of-everything-0123456789"
    for town in opened(tmp_path, keys={reader: "read", admin: "admin"}):
        person = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
        with console(town) as client:
            parts = [
                fragment(client, person, key, language)
                for key, language in ((reader, "en"), (reader, "en"), (admin, "en"), (reader, "zh"))
            ]
            assert (parts[0] == parts[1], len(set(parts)), made) == (True, 3, [1, 1, 1])
            assert ['id="export"' in part for part in parts] == [False, False, True, False]
            town.live(Did("shop.wishlist.added", "shop:cooking-1"))
            assert 'data-value="2"' in fragment(client, person, reader, "en")
            assert made == [1, 1, 1, 2]


def test_nobody_is_a_page_that_says_what_to_do_and_nothing_is_repeated_to_programs(town: Town) -> None:
    with console(town) as client:
        page = client.get("/people/nobody", headers=HTML)
        view = client.get("/people/nobody", headers={"Accept": "application/json"})
    assert (page.status_code, view.status_code) == (404, 404)
    assert "/readyz" in page.text
    assert view.json()["code"] == "unknown_profile"


def test_somebody_merged_away_is_found_at_the_profile_that_goes_on(town: Town, ada: ProfileRecord) -> None:
    other = town.live(Did("video.video.liked", "video:football-0", person="bob"))
    gone = msgspec.structs.replace(
        other, revision=2, identity=Identity([], ada.profile_id), change=Change("merge", ["e"]), platforms={}, tags=[]
    )
    town.publish_profile(gone)
    with console(town) as client:
        page = client.get(f"/people/{other.profile_id}/why?tag=topic:cooking", headers=HTML)
        part = client.get(f"/people/{other.profile_id}", headers={**HTML, "HX-Request": "true"})
    assert (page.status_code, page.headers["location"]) == (303, f"/people/{ada.profile_id}/why?tag=topic%3Acooking")
    assert part.headers["hx-redirect"] == f"/people/{ada.profile_id}"


@pytest.mark.parametrize("query", ["k=0", "k=201", "diversity=2", "platform=No", "item=" + "x" * 600])
def test_parameters_have_the_bounds_of_the_api(town: Town, ada: ProfileRecord, query: str) -> None:
    with console(town) as client:
        assert client.get(f"/people/{ada.profile_id}/why?{query}").status_code == 422


def test_a_blocked_tag_is_not_told_in_the_timeline(town: Town, ada: ProfileRecord) -> None:
    blocked = msgspec.structs.replace(ada, revision=2, blocked_tags=["topic:cooking"], tags=[])
    town.publish_profile(blocked)
    with console(town) as client:
        view = client.get(f"/people/{ada.profile_id}/revisions", headers={"Accept": "application/json"}).json()
    told = {tag["tag"] for note in view["notes"] for tag in note.get("tags", [])}
    assert "topic:cooking" not in told
    assert "category:cooking" in told


@pytest.mark.requirement("N14")
@pytest.mark.parametrize("below", ALL[:4])
def test_roles_and_platforms_of_a_key_are_honoured_by_pages_and_fragments(tmp_path: Path, below: str) -> None:
    reader, news, metrics = KEYS
    for town in opened(tmp_path, keys=KEYS):
        person = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
        with console(town) as client:
            for more in ({}, {"HX-Request": "true"}):
                path = f"/people/{person.profile_id}{below}"
                statuses = [
                    client.get(path, headers={**HTML, **more, "Authorization": f"Bearer {key}"}).status_code
                    for key in (reader, news, metrics)
                ]
                assert statuses == [200, 403, 403]
            assert client.get(path, headers=HTML).headers["location"].startswith("/login")
        audit = town.parts.audit
        assert isinstance(audit, MemoryAudit)
        assert {(record.who, record.outcome) for record in audit.records if record.whom} == {
            ("reader", "answered"),
            ("news", "refused"),
        }
