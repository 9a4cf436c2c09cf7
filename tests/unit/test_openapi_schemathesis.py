"""The API keeps its own description: every answer has a documented status, type and shape, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from streams.domain.profiles import ProfileRecord
from streams.serve.api import create_api
from tests.support.serving import Did, Town, opened, subject_items

pytestmark = [pytest.mark.requirement("N14"), pytest.mark.filterwarnings("ignore::DeprecationWarning")]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
GENERATED = settings(max_examples=25, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
LOCAL = {"Host": "127.0.0.1"}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    for town in opened(tmp_path_factory.mktemp("town")):
        town.publish_items(subject_items())
        town.live(Did("shop.wishlist.added", "shop:cooking-0"), Did("video.video.liked", "video:cooking-1"))
        yield town


@pytest.fixture(scope="module")
def described(town: Town) -> Any:
    return schemathesis.openapi.from_asgi("/openapi.json", create_api(town.parts), headers=LOCAL)


def test_every_answer_is_as_described(described: Any) -> None:
    statuses = set()

    def check(case: Case) -> None:
        statuses.add(case.call_and_validate(checks=CHECKS, headers=LOCAL).status_code)

    operations = [found.ok() for found in described.include(path_regex="^/v1/").get_all_operations()]
    for operation in operations:
        GENERATED(given(operation.as_strategy())(check))()
    assert len(operations) == 19
    assert {200, 404, 422} <= statuses


@pytest.mark.parametrize("tail", ["?vectors=true", "", "/recommendations?explain=true", "/explanation", "/history?language=zh", "/similar-people"])
def test_what_is_known_of_a_person_is_as_described(town: Town, described: Any, tail: str) -> None:
    profile = town.live(Did("news.article.read", "news:football-0"))
    template = "/v1/profiles/{profile_id}" + tail.partition("?")[0]
    query = dict([tail.partition("?")[2].split("=")]) if "?" in tail else {}
    case = described[template]["GET"].Case(path_parameters={"profile_id": profile.profile_id}, query=query)
    answer = case.call_and_validate(checks=CHECKS, headers=LOCAL)
    assert answer.status_code == 200


def test_what_is_sent_is_described_field_by_field(town: Town) -> None:
    schemas = create_api(town.parts).openapi()["components"]["schemas"]
    assert schemas["ProfileRecord"]["properties"].keys() == set(ProfileRecord.__struct_fields__)
    assert "short" not in schemas["PlatformBlock"]["required"]


def test_every_operation_says_what_it_answers(town: Town) -> None:
    paths = create_api(town.parts).openapi()["paths"]
    operations = {f"{verb} {path}": said for path, verbs in paths.items() for verb, said in verbs.items()}
    for name, said in operations.items():
        if " /v1/" not in name:
            continue
        responses = said["responses"]
        asked_for = ("422",) if {"parameters", "requestBody"} & said.keys() else ()
        assert responses.get("200", responses.get("202"))["content"]["application/json"]["schema"], name
        for status in ("401", "403", "500", *asked_for):
            assert "application/problem+json" in responses[status]["content"], (name, status)
