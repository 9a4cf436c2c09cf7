"""What the audit says of calls about people, and what may not happen without it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.accounts import account_key
from streams.domain.audit_records import AuditRecord, decode_audit, mark_of, outcome_of
from streams.serve.api_keys import KeyGrant
from streams.serve.audit import MemoryAudit
from tests.support.serving import NOON_S, SECRET, Did, Town, opened, subject_items

READ_KEY, ERASE_KEY = "read-key-of-the-tests", "erase-key-of-the-tests"
READ, ERASE = {"Authorization": f"Bearer {READ_KEY}"}, {"Authorization": f"Bearer {ERASE_KEY}"}
ids = st.text(min_size=1, max_size=40)


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def town(tmp_path: Path, audit: MemoryAudit) -> Iterator[Town]:
    keys = {READ_KEY: KeyGrant("read", "site"), ERASE_KEY: KeyGrant("erase", "privacy")}
    for town in opened(tmp_path, keys=keys):
        town.publish_items(subject_items())
        town.parts = replace(town.parts, audit=audit)
        yield town


@pytest.mark.requirement("N14")
def test_every_read_of_a_person_says_who_what_about_whom_when_and_how_it_ended(
    town: Town, api: httpx.Client, audit: MemoryAudit
):
    profile_id = town.live(Did("shop.wishlist.added", "shop:cooking-0")).profile_id
    whom = mark_of(SECRET, profile_id)
    paths = ["", "/recommendations", "/explanation", "/history"]
    for path in paths:
        assert api.get(f"/v1/profiles/{profile_id}{path}", headers=READ).status_code == 200
    routes = [f"GET /v1/profiles/{{profile_id}}{path}" for path in paths]
    assert list(audit.records) == [AuditRecord(NOON_S, "site", route, whom, "answered", 200) for route in routes]


@pytest.mark.requirement("N14")
def test_asking_by_account_is_noted_about_the_same_person(api: httpx.Client, audit: MemoryAudit):
    whom = mark_of(SECRET, account_key(SECRET, "shop", "ada"))
    api.get("/v1/accounts/shop/ada/profile", headers=READ)
    api.post("/v1/accounts/lookup", json={"platform": "shop", "account": "ada"}, headers=READ)
    assert [(record.whom, record.outcome) for record in audit.records] == [(whom, "unknown"), (whom, "answered")]


@pytest.mark.requirement("N8", "N14")
def test_the_audit_of_an_erased_person_holds_no_id_that_leads_anywhere(api: httpx.Client, audit: MemoryAudit):
    account = "u-canary-4712"
    profile_id = account_key(SECRET, "shop", account)
    api.get(f"/v1/accounts/shop/{account}/profile", headers=READ)
    api.get(f"/v1/profiles/{profile_id}", headers=READ)
    written = b"".join(record.encode() for record in audit.records)
    assert len(audit.records) == 2
    for secret in (account, profile_id, READ_KEY):
        assert secret.encode() not in written


def test_what_is_about_nobody_is_not_noted(api: httpx.Client, audit: MemoryAudit):
    api.post("/v1/search", json={"text": "pan"}, headers=READ)
    api.get("/v1/items/shop/cooking-0/similar", headers=READ)
    for path in ("/healthz", "/readyz", "/metrics", "/docs"):
        api.get(path, headers=READ)
    assert list(audit.records) == []


@pytest.mark.requirement("N14")
def test_refused_calls_are_noted_whoever_sent_them(api: httpx.Client, audit: MemoryAudit):
    api.get("/v1/profiles/x")
    api.post("/v1/search", json={"text": "pan"}, headers={"Authorization": "Bearer guessed-key-of-the-tests"})
    api.get("/v1/profiles/x", headers=ERASE)
    assert [(record.who, record.status) for record in audit.records] == [
        ("anonymous", 401),
        ("anonymous", 401),
        ("privacy", 403),
    ]
    assert {record.outcome for record in audit.records} == {"refused"}
    assert all(record.whom == "" for record in audit.records)


@pytest.mark.requirement("N14")
def test_a_read_is_answered_while_the_audit_is_away_and_the_loss_is_counted(api: httpx.Client, audit: MemoryAudit):
    audit.is_away = True
    assert api.get("/v1/profiles/x", headers=READ).status_code == 404
    assert audit.n_lost == 1


class Recorded:
    """Erasures that only say what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def request(self, profile_id: str, request_id: bytes) -> None:
        self.asked.append(profile_id)


@pytest.fixture
def erasing(town: Town) -> Iterator[tuple[httpx.Client, list[str]]]:
    """The API, and who was erased."""
    erasures = Recorded()
    town.parts = replace(town.parts, erasures=erasures)
    with town.api() as client:
        yield client, erasures.asked


@pytest.mark.requirement("N8", "N14")
def test_an_erasure_is_in_the_audit_before_and_after_it_happens(
    erasing: tuple[httpx.Client, list[str]], audit: MemoryAudit
):
    api, erased = erasing
    assert api.delete("/v1/profiles/p-1", headers=ERASE).status_code == 202
    whom = mark_of(SECRET, "p-1")
    assert erased == ["p-1"]
    assert list(audit.records) == [
        AuditRecord(NOON_S, "privacy", "erase", whom, "begun", 0),
        AuditRecord(NOON_S, "privacy", "erase", whom, "answered", 202),
    ]


@pytest.mark.requirement("N8", "N14")
def test_no_erasure_happens_while_the_audit_is_away(erasing: tuple[httpx.Client, list[str]], audit: MemoryAudit):
    api, erased = erasing
    audit.is_away = True
    answer = api.delete("/v1/profiles/p-1", headers=ERASE)
    assert (answer.status_code, answer.json()["code"]) == (503, "audit_unavailable")
    assert erased == []


@pytest.mark.requirement("N14")
def test_an_export_is_in_the_audit_and_does_not_happen_without_it(town: Town, api: httpx.Client, audit: MemoryAudit):
    profile_id = town.live(Did("shop.wishlist.added", "shop:cooking-0")).profile_id
    path = f"/v1/profiles/{profile_id}/export"
    assert api.get(path, headers=ERASE).status_code == 200
    assert [(record.action, record.outcome) for record in audit.records] == [("export", "begun"), ("export", "answered")]
    audit.is_away = True
    assert api.get(path, headers=ERASE).status_code == 503


@pytest.mark.requirement("N14")
def test_who_may_not_erase_begins_nothing(erasing: tuple[httpx.Client, list[str]], audit: MemoryAudit):
    api, erased = erasing
    assert api.delete("/v1/profiles/p-1", headers=READ).status_code == 403
    assert erased == []
    assert [record.outcome for record in audit.records] == ["refused"]


@given(st.builds(AuditRecord, st.floats(0, 1e10), ids, ids, ids, st.sampled_from(["answered", "begun"]), st.integers(0, 599)))
def test_a_record_reads_back_as_it_was_written(record: AuditRecord):
    assert decode_audit(record.encode()) == record


@given(ids, ids)
def test_people_keep_their_mark_and_do_not_share_it(one: str, other: str):
    assert (mark_of(SECRET, one) == mark_of(SECRET, other)) == (one == other)
    assert mark_of(SECRET, one) != mark_of(SECRET[::-1], one)


@given(st.integers(200, 599))
def test_only_answers_below_400_count_as_answered(status: int):
    assert (outcome_of(status) == "answered") == (status < 400)
