from __future__ import annotations

import base64
import logging
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest

from streams.domain.accounts import account_key
from streams.domain.profiles import Identity, ProfileRecord
from streams.domain.schemas import schemas
from streams.errors import UsageError
from streams.serve.access import check_exposure
from streams.serve.middleware import MAX_BODY_BYTES
from streams.telemetry.metrics import REGISTRY
from tests.support.brokers import eventually
from tests.support.serving import ENCODER, NOON_S, SECRET, Did, Town, opened

READ_KEY, ADMIN_KEY = "read-key-of-the-tests", "admin-key-of-the-tests"


def lives_as_account(town: Town, *deeds: Did) -> ProfileRecord:
    """Deeds of one account, published under the account's own key, as long as nothing links it to another."""
    profile = town.live(*deeds)
    own = msgspec.structs.replace(profile, profile_id=account_key(SECRET, deeds[0].platform, deeds[0].person))
    town.publish_profile(own)
    return own


def is_problem(answer: httpx.Response, status: int, code: str) -> bool:
    body = answer.json()
    return answer.status_code == status and body.keys() == {"code", "message", "remedy"} and body["code"] == code


@pytest.mark.requirement("H11")
def test_a_profile_is_read_by_id_and_by_account(town: Town, api: httpx.Client) -> None:
    own = lives_as_account(town, Did("shop.wishlist.added", "shop:cooking-0"))
    by_id = api.get(f"/v1/profiles/{own.profile_id}").json()
    assert by_id == api.get("/v1/accounts/shop/ada/profile").json()
    assert by_id["revision"] == 1
    assert by_id["tags"][0]["evidence"][0]["id"] == own.recent[0].id
    assert "short" not in by_id["vectors"]
    assert "long" not in by_id["platforms"]["shop"]


def test_vectors_come_as_base64_of_float16_when_asked_for(town: Town, api: httpx.Client) -> None:
    own = lives_as_account(town, Did("shop.wishlist.added", "shop:cooking-0"))
    body = api.get(f"/v1/profiles/{own.profile_id}", params={"vectors": True}).json()
    vector = np.frombuffer(base64.b64decode(body["vectors"]["long"]), np.float16)
    assert vector.shape == (ENCODER.dim,)
    assert np.linalg.norm(vector.astype(np.float32)) == pytest.approx(1.0, abs=1e-3)


def test_the_lookup_gives_the_profile_id_without_an_id_in_the_url(town: Town, api: httpx.Client) -> None:
    own = lives_as_account(town, Did("shop.wishlist.added", "shop:cooking-0"))
    known = api.post("/v1/accounts/lookup", json={"platform": "shop", "account": "ada"}).json()
    assert known == {"profile_id": own.profile_id, "known": True}
    unknown = api.post("/v1/accounts/lookup", json={"platform": "shop", "account": "nobody"}).json()
    assert unknown["known"] is False


def test_an_unknown_profile_is_a_404_that_says_so(api: httpx.Client) -> None:
    for path in ("/v1/profiles/nobody", "/v1/profiles/nobody/explanation", "/v1/profiles/nobody/history", "/v1/accounts/shop/nobody/history"):
        assert is_problem(api.get(path), 404, "unknown_profile")


@pytest.mark.requirement("N8")
def test_a_forgotten_profile_is_gone_at_once(town: Town, api: httpx.Client) -> None:
    own = lives_as_account(town, Did("shop.wishlist.added", "shop:cooking-0"))
    town.forget(own.profile_id)
    assert is_problem(api.get(f"/v1/profiles/{own.profile_id}"), 404, "unknown_profile")


def test_a_profile_that_was_merged_away_leads_to_the_living_one(town: Town, api: httpx.Client) -> None:
    living = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    gone = msgspec.structs.replace(living, profile_id="gone", identity=Identity([], living.profile_id))
    town.publish_profile(gone)
    assert api.get("/v1/profiles/gone").json()["profile_id"] == living.profile_id


@pytest.mark.requirement("K1")
def test_recommendations_come_sorted_with_scores_and_reasons(town: Town, api: httpx.Client) -> None:
    own = lives_as_account(town, Did("shop.wishlist.added", "shop:cooking-0"))
    query = {"platform": "news", "k": 4, "explain": True, "diversity": 0.1}
    body = api.get(f"/v1/profiles/{own.profile_id}/recommendations", params=query).json()
    assert body == api.get("/v1/accounts/shop/ada/recommendations", params=query).json()
    scores = [item["score"] for item in body["items"]]
    assert len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert {item["platform"] for item in body["items"]} == {"news"}
    assert body["items"][0]["reason"]["interest"] == "cooking"
    assert body["cold_start"] is False


@pytest.mark.requirement("H9")
def test_a_stranger_is_recommended_something_and_told_why(api: httpx.Client) -> None:
    body = api.get("/v1/accounts/shop/nobody/recommendations", params={"platform": "shop"}).json()
    assert body["cold_start"] is True
    assert body["items"]
    assert "nothing is known of this person yet" in body["basis"]


@pytest.mark.requirement("H10")
def test_an_explanation_names_events_and_says_that_contribution_is_no_cause(town: Town, api: httpx.Client) -> None:
    own = lives_as_account(town, Did("shop.wishlist.added", "shop:cooking-0"))
    body = api.get(f"/v1/profiles/{own.profile_id}/explanation").json()
    assert body["interests"][0]["events"][0]["event_id"] == own.recent[0].id
    assert body["platforms"] == [{"platform": "shop", "share": 1.0, "mass": 3.0, "n_events": 1}]
    assert "not cause" in body["note"]


def test_similar_items_are_close_and_not_the_item_itself(api: httpx.Client) -> None:
    body = api.get("/v1/items/shop/football-0/similar", params={"k": 2, "to_platform": "video"}).json()
    assert {item["key"].rpartition("-")[0] for item in body["items"]} == {"video:football"}
    same = api.get("/v1/items/shop/football-0/similar", params={"k": 200}).json()
    assert "shop:football-0" not in {item["key"] for item in same["items"]}
    assert is_problem(api.get("/v1/items/shop/nothing/similar"), 404, "unknown_item")


def test_search_takes_a_text_or_a_vector(api: httpx.Client) -> None:
    text = api.post("/v1/search", json={"text": "tomato seeds", "platform": "shop", "k": 3}).json()
    assert {item["category"] for item in text["items"]} == {"gardening"}
    vector = ENCODER.encode(["tomato seeds"]).vectors[0] * 7
    same = api.post("/v1/search", json={"vector": vector.tolist(), "platform": "shop", "k": 3}).json()
    assert [item["key"] for item in same["items"]] == [item["key"] for item in text["items"]]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid_request"),
        ({"text": "a", "vector": [1.0]}, "invalid_request"),
        ({"vector": [1.0, 2.0]}, "invalid_vector"),
        ({"text": "x" * 4_001}, "invalid_request"),
        ({"text": "a", "k": 201}, "invalid_request"),
        ({"text": "a", "kk": 3}, "invalid_request"),
        ({"text": "a", "platform": "NO SUCH"}, "invalid_request"),
    ],
)
def test_a_search_out_of_bounds_is_refused(api: httpx.Client, body: dict[str, object], code: str) -> None:
    assert is_problem(api.post("/v1/search", json=body), 422, code)


@pytest.mark.parametrize(
    "query", [{"k": 0}, {"k": 201}, {"diversity": 1.1}, {"diversity": "nan"}, {"platform": "Shop"}]
)
def test_recommendation_parameters_have_bounds(api: httpx.Client, query: dict[str, object]) -> None:
    answer = api.get("/v1/profiles/nobody/recommendations", params=query)
    assert is_problem(answer, 422, "invalid_request")
    assert next(iter(query)) in answer.json()["message"]


@pytest.mark.requirement("N14")
def test_a_large_body_is_refused_whether_announced_or_streamed(api: httpx.Client) -> None:
    large = b'{"text": "' + b"x" * MAX_BODY_BYTES + b'"}'
    headers = {"content-type": "application/json"}
    assert is_problem(api.post("/v1/search", content=large, headers=headers), 413, "body_too_large")
    streamed = api.post("/v1/search", content=iter([large[:40_000], large[40_000:]]), headers=headers)
    assert is_problem(streamed, 413, "body_too_large")


def test_refusals_never_repeat_what_was_sent(api: httpx.Client) -> None:
    secret = "u-canary-4711"
    answers = [
        api.get(f"/v1/accounts/shop/{secret}/profile"),
        api.post("/v1/accounts/lookup", json={"platform": secret.upper(), "account": secret}),
        api.post("/v1/search", json={"text": secret, "k": -1}),
        api.get(f"/{secret}"),
    ]
    assert all(answer.status_code in {404, 422} and secret not in answer.text for answer in answers)


@pytest.mark.requirement("B5", "N14")
def test_no_raw_account_id_reaches_logs_or_metrics(
    town: Town, api: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="uvicorn")
    canary = "u-canary-4712"
    for path in ("profile", "recommendations", "explanation"):
        api.get(f"/v1/accounts/shop/{canary}/{path}")
    api.post("/v1/accounts/lookup", json={"platform": "shop", "account": canary})
    metrics = api.get("/metrics").text
    assert 'route="/v1/accounts/{account_platform}/{account}/profile"' in metrics
    assert canary not in metrics
    assert not any(canary in record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))


def test_requests_are_observed_by_route_template_and_status(api: httpx.Client) -> None:
    def n_observed() -> float:
        labels = {"route": "/v1/profiles/{profile_id}", "status": "404"}
        return REGISTRY.get_sample_value("braid_request_seconds_count", labels) or 0.0

    before = n_observed()
    api.get("/v1/profiles/nobody")
    eventually(lambda: n_observed() == before + 1)  # counted once the answer is out


@pytest.mark.requirement("N14")
def test_with_keys_every_answer_about_anybody_needs_one(tmp_path: Path) -> None:
    for town in opened(tmp_path, keys={READ_KEY: "read", ADMIN_KEY: "admin"}):
        with town.api() as api:
            paths = ["/v1/profiles/x", "/v1/accounts/shop/x/profile", "/v1/items/shop/x/similar", "/metrics"]
            for path in paths:
                for headers in (
                    {},
                    {"Authorization": "Bearer wrong"},
                    {"Authorization": READ_KEY},
                    {"Authorization": "Bearer"},
                ):
                    answer = api.get(path, headers=headers)
                    assert is_problem(answer, 401, "unauthorised")
                    assert answer.headers["www-authenticate"] == "Bearer"
                for key in (READ_KEY, ADMIN_KEY):
                    assert api.get(path, headers={"Authorization": f"Bearer {key}"}).status_code != 401
            assert api.post("/v1/search", json={"text": "a"}).status_code == 401
            assert api.post("/v1/accounts/lookup", json={"platform": "shop", "account": "x"}).status_code == 401
            assert [api.get(path).status_code for path in ("/healthz", "/readyz", "/openapi.json")] == [200, 200, 200]


@pytest.mark.requirement("N14")
def test_without_keys_a_request_that_names_another_host_is_refused(api: httpx.Client) -> None:
    assert is_problem(api.get("/v1/profiles/x", headers={"Host": "attacker.example"}), 403, "not_local")
    assert is_problem(api.get("/v1/profiles/x", headers={"Host": "localhost:1"}), 404, "unknown_profile")


@pytest.mark.requirement("N14")
def test_without_keys_serve_refuses_every_address_but_loopback() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.7", "example.org"):
        with pytest.raises(UsageError, match=r"BRAID_API__HOST=.*BRAID_API__KEYS"):
            check_exposure(host, {})
        check_exposure(host, {READ_KEY: "read"})
    for host in ("127.0.0.1", "localhost", "::1", "127.1.2.3"):
        check_exposure(host, {})


@pytest.mark.requirement("N14")
def test_an_empty_key_is_no_key() -> None:
    with pytest.raises(UsageError, match="BRAID_API__KEYS: key 1 is empty"):
        check_exposure("127.0.0.1", {" ": "read"})


def test_raw_ids_in_urls_can_be_switched_off(tmp_path: Path) -> None:
    for town in opened(tmp_path, account_urls=False):
        with town.api() as api:
            assert is_problem(api.get("/v1/accounts/shop/ada/profile"), 404, "account_urls_off")
            assert api.post("/v1/accounts/lookup", json={"platform": "shop", "account": "ada"}).status_code == 200


@pytest.mark.requirement("Q5")
def test_readiness_is_refused_with_what_is_missing(town: Town, api: httpx.Client) -> None:
    assert api.get("/readyz").json() == {"status": "ready", "missing": [], "faults": []}
    town.missing.append("profiles: 12 records left")
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()["missing"]) == (503, ["profiles: 12 records left"])
    assert api.get("/healthz").status_code == 200



def test_a_method_that_does_not_exist_is_a_problem_too(api: httpx.Client) -> None:
    assert is_problem(api.put("/v1/profiles/x"), 405, "method_not_allowed")
    assert is_problem(api.get("/nothing"), 404, "no_such_path")


def test_a_fault_inside_is_answered_without_its_details(town: Town, api: httpx.Client) -> None:
    town.profile_view.write([(b"broken", b"\xc1")], {}, NOON_S)
    answer = api.get("/v1/profiles/broken")
    assert is_problem(answer, 500, "internal")
    assert "Validation" not in answer.text


@pytest.mark.requirement("H11")
def test_the_schemas_of_events_and_records_can_be_read(api: httpx.Client) -> None:
    assert api.get("/v1/schemas").json() == schemas()
