"""API keys: hashes at rest, roles, expiry, and what is refused before anybody can ask."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import Depends
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streams.cli.keys import app
from streams.errors import UsageError
from streams.serve.access import NOBODY, caller_of, requires
from streams.serve.api import create_api
from streams.serve.api_keys import GRANTS, KeyGrant, KeyRing, Role, hash_of
from streams.serve_access import grants_of, limits_of
from streams.settings import Api, Settings
from streams.telemetry.metrics import REGISTRY
from tests.support.serving import NOON_S, Town, answering, opened

READ_KEY, ERASE_KEY, METRICS_KEY = (f"{role}-key-of-the-tests" for role in ("read", "erase", "metrics"))
long_keys = st.text(st.characters(codec="ascii", min_codepoint=33), min_size=20, max_size=60).filter(
    lambda key: len(set(key)) >= 8 and not key.startswith("sha256:")
)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.requirement("N14")
@given(st.lists(long_keys, min_size=1, max_size=6, unique=True), long_keys)
def test_a_ring_of_hashes_finds_each_key_and_no_other(keys: list[str], stranger: str):
    ring = KeyRing({hash_of(key): KeyGrant("read", f"k{number}") for number, key in enumerate(keys)})
    assert [found.name for key in keys if (found := ring.find(key))] == [f"k{number}" for number in range(len(keys))]
    assert stranger in keys or ring.find(stranger) is None


@pytest.mark.requirement("N11")
@given(long_keys)
def test_who_has_the_configuration_has_no_key(key: str):
    hashed = hash_of(key)
    ring = KeyRing({hashed: KeyGrant("admin")})
    assert key not in hashed
    assert ring.find(hashed) is None
    assert ring.find(hashed.removeprefix("sha256:")) is None


@given(long_keys, st.integers(0, 59), st.characters(codec="ascii", min_codepoint=33))
def test_a_key_with_one_character_changed_is_forged(key: str, at: int, other: str):
    forged = key[: at % len(key)] + other + key[at % len(key) + 1 :]
    found = KeyRing({hash_of(key): KeyGrant("read")}).find(forged)
    assert (found is not None) == (forged == key)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"short": "read"}, r"key 1 has 5 characters, 5 different ones: a key needs at least 16 and 8, random"),
        ({"abababababababababab": "read"}, r"20 characters, 2 different ones"),
        ({"sha256:abc": "read"}, r"key 1 is no sha256:<64 hex digits>"),
        ({READ_KEY: KeyGrant("read", "Not A Name")}, r"1-32 characters"),
        ({READ_KEY: KeyGrant("read", "anonymous")}, r"neither 'anonymous'"),
        ({READ_KEY: KeyGrant("read", "x"), ERASE_KEY: KeyGrant("read", "x")}, r"the name of 'x' is there twice"),
        ({READ_KEY: KeyGrant("read", "x"), hash_of(READ_KEY): KeyGrant("admin", "y")}, r"the key of 'x' is there twice"),
    ],
)
def test_a_key_that_cannot_be_meant_is_refused_with_the_remedy_and_without_the_key(keys, said: str):
    with pytest.raises(UsageError, match=said) as caught:
        KeyRing(keys)
    assert not any(key in str(caught.value) for key in keys if len(key) > 8)


@pytest.mark.requirement("N14")
def test_roles_include_what_they_say_and_admin_includes_all():
    assert GRANTS["admin"] == {role for granted in GRANTS.values() for role in granted}
    assert "erase" not in GRANTS["read"]
    assert "read" not in GRANTS["metrics"] | GRANTS["erase"] | GRANTS["audit"]


def test_a_scheme_that_is_not_bearer_is_nobody():
    ring = KeyRing({READ_KEY: "read"})
    assert caller_of(f"bearer {READ_KEY}", ring, 0).name == "key-1"
    for sent in ("", READ_KEY, f"Basic {READ_KEY}", "Bearer", f"Bearer {READ_KEY}x"):
        assert caller_of(sent, ring, 0) == NOBODY


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    keys: dict[str, Role | KeyGrant] = {
        hash_of(READ_KEY): KeyGrant("read", "site", expires_at_s=NOON_S + 60),
        hash_of(ERASE_KEY): KeyGrant("erase", "eraser"),
        hash_of(METRICS_KEY): "metrics",
    }
    yield from opened(tmp_path, keys=keys)


@pytest.mark.requirement("N14")
def test_a_key_is_refused_from_the_moment_it_expires(town: Town):
    with town.api() as api:
        assert api.get("/v1/profiles/x", headers=bearer(READ_KEY)).status_code == 404
        town.clock.at_s = NOON_S + 60
        answer = api.get("/v1/profiles/x", headers=bearer(READ_KEY))
        assert (answer.status_code, answer.json()["code"]) == (401, "expired_key")
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.requirement("N14")
def test_each_role_reaches_its_own_routes_only(town: Town):
    application = create_api(town.parts)

    def answer() -> str:
        return "reached"

    application.get("/v1/erasing", dependencies=[Depends(requires("erase", town.parts.keys))])(answer)
    with answering(application) as url, httpx.Client(base_url=url, trust_env=False) as api:
        reached = {
            key: [api.get(path, headers=bearer(key)).status_code for path in ("/v1/profiles/x", "/v1/erasing")]
            for key in (READ_KEY, ERASE_KEY, METRICS_KEY)
        }
    assert reached == {READ_KEY: [404, 403], ERASE_KEY: [403, 200], METRICS_KEY: [403, 403]}


@pytest.mark.requirement("N14")
def test_calls_are_counted_by_the_name_of_the_key_and_no_key_is_written_anywhere(
    town: Town, caplog: pytest.LogCaptureFixture
):
    def n_calls(key: str, outcome: str) -> float:
        return REGISTRY.get_sample_value("braid_api_calls_total", {"key": key, "outcome": outcome}) or 0.0

    before = n_calls("site", "admitted"), n_calls("eraser", "refused"), n_calls("anonymous", "refused")
    caplog.set_level(logging.DEBUG)
    wrong = "wrong-key-of-the-tests"
    with town.api() as api:
        for key in (READ_KEY, ERASE_KEY, wrong):
            api.get("/v1/profiles/x", headers=bearer(key))
        page = api.get("/metrics", headers=bearer(READ_KEY)).text
    after = n_calls("site", "admitted"), n_calls("eraser", "refused"), n_calls("anonymous", "refused")
    assert [now - then for then, now in zip(before, after, strict=True)] == [2, 1, 1]
    written = page + "".join(record.getMessage() for record in caplog.records if record.name.startswith("streams"))
    for key in (READ_KEY, ERASE_KEY, wrong):
        assert key not in written
        assert hash_of(key) not in written


def test_a_key_made_by_the_command_works_as_configured(monkeypatch: pytest.MonkeyPatch):
    made = CliRunner().invoke(
        app, ["new", "--role", "read", "--name", "site", "--platform", "shop", "--expires", "2099-01-01T00:00:00Z"]
    )
    key, line = made.stdout.strip(), made.stderr.strip().splitlines()[-1]
    name, _, value = line.partition("=")
    monkeypatch.setenv(name, value.strip("'"))
    api = Settings.load().api
    found = KeyRing(grants_of(api)).find(key)
    assert found is not None
    assert (found.name, found.grant.role, found.grant.platforms) == ("site", "read", frozenset({"shop"}))
    assert not found.is_expired(NOON_S)
    assert key not in line
    assert limits_of(api).wait_s("site") == 0


def test_the_hash_of_an_own_key_comes_from_standard_input_and_not_from_the_arguments():
    assert CliRunner().invoke(app, ["hash"], input=READ_KEY + "\n").stdout.strip() == hash_of(READ_KEY)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--role", "owner"], "--role owner: no such role"),
        (["--expires", "tomorrow"], "--expires tomorrow"),
        (["--expires", "2027-01-01T00:00:00"], "--expires .*timezone"),
        (["--platform", "NO SUCH"], "--platform"),
        (["--name", "a b"], "its name must be"),
    ],
)
def test_a_key_that_serve_would_refuse_is_not_made(arguments: list[str], said: str):
    with pytest.raises(UsageError, match=said):
        app(["new", *arguments], standalone_mode=False)


def test_settings_take_roles_and_tables_and_say_nothing_of_the_key(monkeypatch: pytest.MonkeyPatch):
    table = {"role": "erase", "name": "privacy", "rate_per_s": 2, "expires": "2099-01-01T00:00:00Z"}
    monkeypatch.setenv("BRAID_API__KEYS", json.dumps({READ_KEY: "read", hash_of(ERASE_KEY): table}))
    grants = grants_of(Settings.load().api)
    assert grants[READ_KEY] == KeyGrant("read")
    assert (grants[hash_of(ERASE_KEY)].name, grants[hash_of(ERASE_KEY)].rate_per_s) == ("privacy", 2)
    monkeypatch.setenv("BRAID_API__KEYS", json.dumps({READ_KEY: {"role": "read", "nmae": "x"}}))
    with pytest.raises(UsageError, match="BRAID_API__KEYS") as caught:
        Settings.load()
    assert READ_KEY not in str(caught.value)


def test_without_keys_there_is_no_limit():
    limits = limits_of(Api(anonymous_rate_per_s=1))
    assert [limits.wait_s("anonymous") for _ in range(100)] == [0.0] * 100
