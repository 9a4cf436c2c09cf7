"""Write keys: each publishes one platform, and nobody else publishes anything."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streams.cli.keys import app
from streams.domain.platforms import Platform
from streams.errors import UsageError
from streams.ingest.write_keys import WriteGrant, WriteKeys, check_exposure
from streams.ingest_app import Ingest, parts_of, write_keys_of
from streams.settings import IngestApi, Settings
from tests.support.ingest import EVENT, EXPIRED_KEY, SHOP_KEY, Asked, HeldLog, StoppedClock, an_event, ingest_settings


def basic(user: str, password: str = "") -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


@pytest.mark.parametrize(
    "authorization", [f"Bearer {SHOP_KEY}", f"bearer  {SHOP_KEY}", basic(SHOP_KEY), basic(SHOP_KEY, "ignored")]
)
@pytest.mark.requirement("N14")
def test_a_key_is_taken_as_bearer_and_as_segment_sends_it(authorization: str):
    answer = Asked().post("/v1/events", an_event(), EVENT, key="", Authorization=authorization)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        ("", "unauthorised"),
        ("Bearer", "unauthorised"),
        (f"Bearer {SHOP_KEY}x", "unauthorised"),
        (f"Digest {SHOP_KEY}", "unauthorised"),
        (basic("", SHOP_KEY), "unauthorised"),
        ("Basic %%%", "unauthorised"),
        (f"Bearer {EXPIRED_KEY}", "expired_key"),
    ],
)
@pytest.mark.requirement("N14")
def test_whoever_has_no_valid_key_publishes_nothing(authorization: str, code: str):
    asked = Asked()
    answer = asked.post("/v1/events", an_event(), EVENT, key="", Authorization=authorization)
    assert (answer.status_code, answer.json()["code"], answer.headers["WWW-Authenticate"]) == (401, code, "Bearer")
    assert not asked.log.records


@given(st.text(st.characters(codec="latin-1"), max_size=60))
def test_no_authorization_but_the_key_lets_anybody_in(authorization: str):
    keys = WriteKeys({SHOP_KEY: WriteGrant(Platform("shop"))})
    assert SHOP_KEY in authorization or not keys.sender_of(authorization, 0.0).is_known


@pytest.mark.requirement("N14")
def test_a_key_of_one_platform_cannot_publish_anothers_events():
    asked = Asked()
    answer = asked.post("/v1/events", an_event(type="video.video.liked"), EVENT)
    assert (answer.status_code, answer.json()["events"][0]["code"]) == (422, "wrong_platform")
    assert not asked.log.records


def test_a_key_is_held_to_its_rate_and_those_without_one_to_theirs_together():
    asked = Asked(settings=ingest_settings(rate_per_s=0.001, anonymous_rate_per_s=0.001))
    said = [asked.post("/v1/events", an_event(), EVENT).status_code for _ in range(2)]
    assert said == [200, 429]
    strangers = [asked.post("/v1/events", an_event(), EVENT, key=f"stranger-{number}") for number in range(2)]
    assert [answer.status_code for answer in strangers] == [401, 429]
    assert int(strangers[1].headers["Retry-After"]) >= 1


def test_without_keys_only_this_machine_publishes_and_the_type_names_the_platform():
    asked = Asked(settings=ingest_settings(keys={}))
    assert asked.post("/v1/events", an_event(), EVENT, key="").json()["events"][0]["topic"] == "t.events.shop"
    assert asked.post("/v1/events", an_event(), EVENT, key="", Host="evil.example").json()["code"] == "not_local"
    unread = asked.post("/v1/events", an_event(type="nosuch.product.viewed"), EVENT, key="")
    assert (unread.status_code, unread.json()["code"]) == (422, "unknown_platform")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"short": "shop"}, "BRAID_INGEST_API__KEYS: key 1 has 5 characters"),
        ({"sha256:abc": "shop"}, "key 1 is no sha256:<64 hex digits>"),
        ({f"sha256:{hashlib.sha256(b'').hexdigest()}": "shop"}, "key 1 is the hash of no key at all"),
        ({SHOP_KEY: {"platform": "shop", "name": "anonymous"}}, "neither 'anonymous'"),
        ({SHOP_KEY: {"platform": "shop", "name": "a"}, EXPIRED_KEY: {"platform": "shop", "name": "a"}}, "a name is there twice"),
        ({SHOP_KEY: "nosuch"}, "no worker reads the platform nosuch"),
    ],
)
def test_keys_that_cannot_be_meant_are_refused_at_the_start(keys: dict[str, object], said: str):
    with pytest.raises(UsageError, match=said) as caught:
        parts_of(ingest_settings(keys=keys), HeldLog(), StoppedClock())
    assert SHOP_KEY not in str(caught.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "::"])
def test_without_keys_nobody_else_can_reach_it(host: str):
    with pytest.raises(UsageError, match=f"BRAID_INGEST_API__HOST={host}"):
        Ingest(Settings(ingest_api=IngestApi(host=host)))
    check_exposure(host, WriteKeys({SHOP_KEY: WriteGrant(Platform("shop"))}))


def test_the_line_that_is_printed_for_a_new_key_lets_it_in():
    done = CliRunner().invoke(app, ["write", "--platform", "shop", "--name", "shop-sdk"])
    key, line = done.stdout.strip().splitlines()[0], done.stderr.strip().splitlines()[-1]
    keys = write_keys_of(IngestApi(keys=json.loads(line.removeprefix("BRAID_INGEST_API__KEYS=").strip("'"))))
    assert (keys.sender_of(f"Bearer {key}", 0.0).name, keys.platforms) == ("shop-sdk", {"shop"})
    assert key not in line


@pytest.mark.parametrize(("arguments", "said"), [(["--platform", "No"], "--platform No"), (["--platform", "shop", "--name", "N"], "--name")])
def test_a_key_that_ingest_would_refuse_is_not_made(arguments: list[str], said: str):
    done = CliRunner().invoke(app, ["write", *arguments])
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
