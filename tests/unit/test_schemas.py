"""H11: what is published about events, records, topics and the API is true, complete and valid by its own standard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from docs.asyncapi import CHANNELS, asyncapi
from docs.generate import DOCS, pages
from docs.openapi import openapi
from streams.brokers.topics import declared_topics
from streams.domain.profile_json import profile_as_json
from streams.domain.profiles import encode_profile
from streams.domain.schemas import DIALECT, schemas
from streams.settings import Topics
from tests.dialects.golden import dialects, golden
from tests.support.cloud_events import a_cloud_event
from tests.support.sample_profiles import a_profile

pytestmark = pytest.mark.requirement("H11")
ASYNCAPI_SCHEMA = Path("tests/browser/vendor/@asyncapi/specs-6.11.1/3.0.0-without-$id.json")


def is_valid(name: str, document: Any) -> bool:
    return jsonschema_rs.validator_for(schemas()[name]).is_valid(document)


@pytest.mark.parametrize("page", sorted(name for name in pages() if name.startswith("schemas/")))
def test_what_is_published_is_what_the_code_says(page: str) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == pages()[page], "run `make docs`"


@pytest.mark.parametrize("name", schemas())
def test_each_schema_is_one(name: str) -> None:
    jsonschema_rs.meta.validate(schemas()[name])
    assert schemas()[name]["$schema"] == DIALECT


@pytest.mark.parametrize("dialect", dialects())
def test_what_the_gate_took_from_the_dialects_is_valid(dialect: str) -> None:
    taken = [outcome["cloudevent"] for outcome in golden(dialect) if outcome["outcome"] == "counts"]
    assert all(is_valid("event", event) for event in taken)


@pytest.mark.parametrize("consent", ["granted", "denied", {"profile": True, "train": False}])
def test_consent_is_a_word_or_an_object_by_purpose(consent: Any) -> None:
    assert is_valid("event", a_cloud_event(consent=consent))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None}, {"id": ""}, {"source": 5}, {"specversion": "0.3"}, {"time": None}, {"subject": None},
        {"data": {"rating": 6}}, {"data": {"item": {"title": "no id"}}}, {"data": "text"}, {"experiment": "two words:a"},
        {"consent": "perhaps"}, {"consent": {"spying": True}}, {"data": {"quantity": 0}},
    ],
)  # fmt: skip
def test_what_the_gate_refuses_is_invalid(changes: dict[str, Any]) -> None:
    assert not is_valid("event", a_cloud_event(**changes))


def test_a_visitor_needs_no_account_and_an_item_nobody() -> None:
    assert is_valid("event", a_cloud_event(subject=None, anonymousid="v-1"))
    assert is_valid("item", a_cloud_event("shop.item.upserted", subject=None))


def test_a_profile_is_valid_but_for_its_vectors_which_are_bytes_in_messagepack() -> None:
    profile = json.loads(profile_as_json(encode_profile(a_profile()), with_vectors=True))
    wrong = {error.instance_path[-1] for error in jsonschema_rs.validator_for(schemas()["profile"]).iter_errors(profile)}
    assert wrong == {"short", "long", "vector"}
    as_text = msgspec.to_builtins(a_profile())  # bytes as base64, as the API writes them
    assert is_valid("profile", as_text)


@pytest.mark.skipif(not ASYNCAPI_SCHEMA.is_file(), reason="npm was not there for `python -m streams.console.vendoring`")
def test_the_topics_are_a_valid_asyncapi_document() -> None:
    schema = json.loads(ASYNCAPI_SCHEMA.read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(schema).validate(asyncapi())
    broken = asyncapi() | {"operations": {"sendNothing": {"action": "think", "channel": {"$ref": "#/channels/items"}}}}
    assert not jsonschema_rs.validator_for(schema).is_valid(broken)


def test_each_channel_is_a_topic_with_its_key_partitions_and_policy() -> None:
    declared = {spec.name: spec for spec in declared_topics(Topics())}
    document = asyncapi()
    for name, channel in CHANNELS.items():
        kafka = document["channels"][name]["bindings"]["kafka"]
        assert document["channels"][name]["messages"]["record"]["bindings"]["kafka"]["key"]["description"] == channel.key
        if channel.topic in declared:
            policy = ",".join(kafka["topicConfiguration"]["cleanup.policy"])
            assert policy == declared[channel.topic].configs["cleanup.policy"]
            assert kafka["partitions"] == declared[channel.topic].n_partitions


def test_each_payload_that_is_named_is_a_schema_beside_the_document() -> None:
    named = {channel.schema for channel in CHANNELS.values() if channel.schema}
    assert named == set(schemas())
    assert all((DOCS / "schemas" / f"{name}.json").is_file() for name in named)


def test_the_api_describes_itself_validly() -> None:
    OpenAPIV31SpecValidator(openapi()).validate()
    assert "/v1/schemas" in openapi()["paths"]
