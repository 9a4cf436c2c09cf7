"""The rights on the cluster: what each role may touch, and that the manual says the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.brokers.rights import ROLES, Right, command_of, rights_of
from streams.brokers.topics import declared_topics
from streams.domain.topic_names import TopicNames
from streams.settings import Topics

SECURITY = Path(__file__).parents[2] / "docs" / "security.md"
PLATFORMS = ("shop", "video")
NAMES = TopicNames()


def touched(role: str, operation: str, names: TopicNames = NAMES) -> set[str]:
    rights = rights_of(role, names, PLATFORMS)  # type: ignore[arg-type]
    return {right.name for right in rights if right.resource == "topic" and right.operation == operation}


@pytest.mark.requirement("N11", "N14")
def test_platforms_write_inputs_and_read_nothing():
    assert touched("platform", "write") == {"events.shop", "events.video", "items", "identity"}
    assert {right.operation for right in rights_of("platform", NAMES, PLATFORMS)} == {"write"}


@pytest.mark.requirement("N11", "N14")
def test_ingest_writes_events_and_nothing_else():
    assert touched("ingest", "write") == {"events.shop", "events.video"}
    assert {right.operation for right in rights_of("ingest", NAMES, PLATFORMS)} == {"write"}


@pytest.mark.requirement("N14")
def test_every_inner_topic_is_written_by_the_stages_alone():
    writers = {
        topic: [role for role in ROLES if topic in touched(role, "write")]
        for topic in ("user-events", "item-vectors", "identities", "identity-state", "profiles", "profile-state",
                      "letter-state", "dead-letters", "audit")
    }  # fmt: skip
    assert writers.pop("audit") == ["worker", "serve"]
    assert writers.pop("user-events") == ["worker", "serve"]  # erasures, asked over HTTP
    assert writers.pop("dead-letters") == ["worker", "serve"]  # a letter that was redriven ends
    assert writers == {topic: ["worker"] for topic in writers}


@pytest.mark.requirement("N14")
def test_raw_bytes_and_the_audit_are_read_by_those_whose_work_it_is():
    assert [role for role in ROLES if "dead-letters" in touched(role, "read")] == ["worker", "serve", "operator"]
    assert [role for role in ROLES if "audit" in touched(role, "read")] == ["serve", "auditor"]
    assert [role for role in ROLES if touched(role, "create")] == ["operator"]


@pytest.mark.requirement("N14")
def test_serve_sees_where_the_stages_stand_and_joins_none_of_them():
    groups = {(right.name, right.operation) for right in rights_of("serve", NAMES, PLATFORMS) if right.resource == "group"}
    assert groups == {("braid-serve", "read"), ("braid-", "describe")}


@pytest.mark.requirement("N14")
def test_a_serve_without_the_console_needs_what_the_api_needs_and_no_more():
    rights = rights_of("serve", NAMES, PLATFORMS, with_console=False)
    assert {right.name for right in rights if right.operation == "read" and right.resource == "topic"} == {
        "item-vectors", "profiles", "identities"
    }  # fmt: skip
    assert {right.name for right in rights if right.operation == "write"} == {"audit", "user-events"}


@given(st.sampled_from(["", "staging."]), st.lists(st.sampled_from(["shop", "video", "gym"]), min_size=1, unique=True))
def test_the_operator_can_make_and_verify_every_declared_topic(prefix: str, platforms: list[str]):
    names = TopicNames(prefix)
    declared = {spec.name for spec in declared_topics(Topics(prefix=prefix, platforms=tuple(platforms)))}
    rights = rights_of("operator", names, platforms)
    for operations in ({"create"}, {"describe", "read"}, {"describe-configs"}):
        assert {right.name for right in rights if right.operation in operations} == declared


def test_the_worker_sees_every_declared_topic():
    declared = {spec.name for spec in declared_topics(Topics(platforms=PLATFORMS))}
    assert {right.name for right in rights_of("worker", NAMES, PLATFORMS) if right.resource == "topic"} == declared


@given(st.sampled_from(ROLES))
def test_a_role_has_each_right_once_and_all_of_them_under_the_prefix(role):
    rights = rights_of(role, TopicNames("staging."), PLATFORMS)
    assert len(set(rights)) == len(rights)
    assert all(right.name.startswith("staging.") for right in rights if right.resource == "topic")


def test_the_commands_name_every_right_once():
    rights = [Right("topic", "b", "read"), Right("topic", "a", "read"), Right("group", "g-", "read", is_prefix=True)]
    one, other = command_of("User:x", rights, "kafka:9093")
    assert one.endswith("--allow-principal User:x --operation Read --topic 'a' --topic 'b'")
    assert other.endswith("--operation Read --group 'g-' --resource-pattern-type prefixed")


@pytest.mark.parametrize("role", ROLES)
def test_the_manual_lists_exactly_these_commands(role):
    page = SECURITY.read_text(encoding="utf-8")
    begin = page.index(f"### {role}\n")
    block = page[begin:].split("```")[1].strip().splitlines()[1:]
    assert block == list(command_of(f"User:braid-{role}", rights_of(role, NAMES, ["shop"]), "$KAFKA"))
