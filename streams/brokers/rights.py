"""What each role must be allowed on the cluster, and no more. Pure: `braid rights` prints it, tests prove it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from streams.domain.topic_names import TopicNames

KafkaRole = Literal["worker", "serve", "ingest", "platform", "operator", "auditor", "reader"]
Resource = Literal["topic", "group", "transactional-id"]
Operation = Literal["read", "write", "create", "describe", "describe-configs"]

ROLES: Final[tuple[KafkaRole, ...]] = ("worker", "serve", "ingest", "platform", "operator", "auditor", "reader")
#: How the groups and transactional ids of Braid begin, behind the prefix of the topics.
APPLICATION: Final = "braid-"
#: A group id that a client needs to read at all, though it neither joins nor commits.
SERVE_GROUP, READER_GROUP = "braid-serve", "profile-reader"


@dataclass(frozen=True)
class Right:
    """One operation on one resource. is_prefix: on all whose names begin so. Read and write include describe."""

    resource: Resource
    name: str
    operation: Operation
    is_prefix: bool = False


def rights_of(
    role: KafkaRole, names: TopicNames, platforms: Sequence[str], *, with_console: bool = True
) -> tuple[Right, ...]:
    """The rights of one role. platforms: whose events topics there are; of `platform`, those it may write.

    with_console: whether `serve` shows the console, which looks at every topic and acts on some.

    >>> rights_of("reader", TopicNames(), ())
    (Right(resource='topic', name='profiles', operation='read', is_prefix=False), \
Right(resource='group', name='profile-reader', operation='read', is_prefix=False))
    """
    events = [names.events(platform) for platform in platforms]
    if role == "worker":
        return _worker(names, events)
    if role == "operator":
        return _operator(names, events)
    if role in {"ingest", "platform"}:
        return _topics("write", events if role == "ingest" else [*events, names.items, names.identity])
    if role == "auditor":
        return _topics("read", [names.audit, names.identities])
    if role == "reader":
        return (*_topics("read", [names.profiles]), Right("group", READER_GROUP, "read"))
    return _serve(names) + (_console(names, events) if with_console else ())


def _serve(names: TopicNames) -> tuple[Right, ...]:
    return (
        *_topics("read", [names.item_vectors, names.profiles, names.identities]),
        # Erasures are asked of a user's record in its own order: they go to `user-events`.
        *_topics("write", [names.audit, names.user_events]),
        Right("group", SERVE_GROUP, "read"),
    )


def _console(names: TopicNames, events: list[str]) -> tuple[Right, ...]:
    # It follows an event from its platform to a profile; who may see the audit sees it there.
    seen = [*events, names.items, names.identity, names.user_events, names.dead_letters, names.audit]
    return (
        *_topics("read", seen),
        # Letters are redriven to where they came from, and end; merges and splits are asked for.
        *_topics("write", [*events, names.dead_letters, names.identity]),
        # Where the stages stand is their groups' to tell; joining one needs more than this.
        Right("group", names.prefix + APPLICATION, "describe", is_prefix=True),
    )


def _worker(names: TopicNames, events: list[str]) -> tuple[Right, ...]:
    inner = _inner(names)
    application = names.prefix + APPLICATION
    groups = [Right("group", begin, "read", is_prefix=True) for begin in dict.fromkeys((application, APPLICATION))]
    return (
        # Letters of the erased are found in the topic itself.
        *_topics("read", [*events, names.items, names.identity, names.dead_letters, *inner]),
        # Who is erased is unlinked: the profile stage says so to the identity stage.
        # Merges and splits are audited where they happen.
        *_topics("write", [*inner, names.identity, names.profiles, names.dead_letters, names.audit]),
        *groups,
        Right("transactional-id", application, "write", is_prefix=True),
    )


def _operator(names: TopicNames, events: list[str]) -> tuple[Right, ...]:
    ends = [names.items, names.identity, names.profiles, names.dead_letters, names.audit]
    every = [*events, *ends, *_inner(names)]
    return (
        *_topics("create", every),
        *_topics("describe", [topic for topic in every if topic != names.dead_letters]),
        *_topics("describe-configs", every),
        *_topics("read", [names.dead_letters]),
    )


def _inner(names: TopicNames) -> list[str]:
    changelogs = [names.identity_state, names.profile_state, names.letter_state]
    return [names.user_events, names.item_vectors, names.identities, *changelogs]


def _topics(operation: Operation, topics: Iterable[str]) -> tuple[Right, ...]:
    return tuple(Right("topic", topic, operation) for topic in topics)


def command_of(principal: str, rights: Iterable[Right], bootstrap_servers: str) -> tuple[str, ...]:
    """The same as lines for Kafka's own tool, one for each kind of resource and operation."""
    grouped: dict[tuple[str, str, bool], list[str]] = {}
    for right in rights:
        grouped.setdefault((right.resource, right.operation, right.is_prefix), []).append(right.name)
    operations = {"describe-configs": "DescribeConfigs"}
    return tuple(
        f"kafka-acls.sh --bootstrap-server {bootstrap_servers} --command-config admin.properties --add "
        f"--allow-principal {principal} --operation {operations.get(operation, operation.capitalize())}"
        + "".join(f" --{resource} '{name}'" for name in sorted(named))
        + (" --resource-pattern-type prefixed" if is_prefix else "")
        for (resource, operation, is_prefix), named in grouped.items()
    )
