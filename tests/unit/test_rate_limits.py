"""Token buckets: never more than the rate allows, always as much, and each caller for itself."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.serve.api_keys import KeyGrant, KeyRing
from streams.serve.rate_limits import BURST_S, RateLimits, TokenBucket, rates_of
from tests.support.serving import ManualClock, opened

KEY, OTHER_KEY = "busy-key-of-the-tests", "calm-key-of-the-tests"
rates = st.floats(min_value=0.1, max_value=1_000)
pauses_s = st.lists(st.floats(min_value=0, max_value=5), max_size=60)


@given(rates, pauses_s)
def test_no_more_is_taken_than_the_burst_and_what_came_in(rate_per_s: float, pauses: list[float]):
    bucket, now_s, n_taken = TokenBucket(rate_per_s, 0.0), 0.0, 0
    for pause_s in pauses:
        now_s += pause_s
        n_taken += bucket.take(now_s) == 0.0
    assert n_taken <= bucket.capacity + now_s * rate_per_s + 1e-6


@given(rates, st.integers(1, 200))
def test_who_waits_as_told_is_served(rate_per_s: float, n_calls: int):
    bucket, now_s = TokenBucket(rate_per_s, 0.0), 0.0
    for _ in range(n_calls):
        wait_s = bucket.take(now_s)
        now_s += wait_s
        assert wait_s == 0.0 or bucket.take(now_s) == 0.0


@given(rates)
def test_after_a_long_pause_the_burst_is_there_again_and_no_more(rate_per_s: float):
    bucket = TokenBucket(rate_per_s, 0.0)
    for start_s in (0.0, 1e6):
        taken = [bucket.take(start_s) == 0.0 for _ in range(math.ceil(bucket.capacity) + 2)]
        assert taken.count(True) == math.floor(max(1.0, rate_per_s * BURST_S) + 1e-9)


@given(rates, st.floats(0, 100), st.floats(0, 100))
def test_a_clock_that_goes_back_gives_nothing(rate_per_s: float, one_s: float, other_s: float):
    bucket = TokenBucket(rate_per_s, max(one_s, other_s))
    while bucket.take(max(one_s, other_s)) == 0.0:
        pass
    assert bucket.take(min(one_s, other_s)) > 0


def test_a_key_may_have_a_rate_of_its_own():
    ring = KeyRing({KEY: KeyGrant("read", "busy", rate_per_s=5), OTHER_KEY: KeyGrant("read", "calm")})
    assert rates_of(ring, 100, 1) == {"busy": 5, "calm": 100, "anonymous": 1}


def test_a_rate_of_zero_is_no_limit():
    limits = RateLimits({"busy": 0}, lambda: 0.0)
    assert {limits.wait_s("busy") for _ in range(1_000)} == {0.0}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def api(tmp_path: Path, clock: ManualClock) -> Iterator[httpx.Client]:
    keys = {KEY: KeyGrant("read", "busy", rate_per_s=0.5), OTHER_KEY: KeyGrant("read", "calm")}
    for town in opened(tmp_path, keys=keys):
        limits = RateLimits(rates_of(KeyRing(keys), 1_000, 1), clock.now_s)
        town.parts = replace(town.parts, limits=limits)
        with town.api() as client:
            yield client


def asked(api: httpx.Client, key: str = "", path: str = "/v1/profiles/x") -> httpx.Response:
    return api.get(path, headers={"Authorization": f"Bearer {key}"} if key else {})


@pytest.mark.requirement("N14")
def test_a_busy_key_is_told_when_to_come_again_and_the_others_go_on(api: httpx.Client, clock: ManualClock):
    assert asked(api, KEY).status_code == 404
    refused = asked(api, KEY)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "2"
    assert asked(api, OTHER_KEY).status_code == 404
    clock.at_s += int(refused.headers["retry-after"])
    assert asked(api, KEY).status_code == 404


@pytest.mark.requirement("N14")
def test_guessing_keys_is_slowed_down_and_does_not_slow_those_who_have_one(api: httpx.Client):
    statuses = [asked(api, f"guessed-key-number-{number}").status_code for number in range(6)]
    assert statuses == [401, 401, 429, 429, 429, 429]
    assert asked(api).status_code == 429
    assert asked(api, OTHER_KEY).status_code == 404


def test_probes_are_answered_whoever_asks_however_often(api: httpx.Client):
    assert {asked(api, path=path).status_code for path in ("/healthz", "/readyz") for _ in range(20)} == {200}


def test_a_town_without_keys_has_no_limit(tmp_path: Path):
    for town in opened(tmp_path):
        with town.api() as client:
            assert {asked(client).status_code for _ in range(50)} == {404}


def test_what_is_limited_is_refused_before_its_body_is_read(api: httpx.Client):
    for _ in range(3):
        asked(api)
    headers = {"Content-Type": "application/json"}
    assert api.post("/v1/search", content=b"{" * 1_000, headers=headers).status_code == 429
