"""The topics as an AsyncAPI 3 document, made from the declared topics; payloads refer to the JSON Schemas beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from streams.brokers.topics import TopicSpec, declared_topics, mirror_topic
from streams.domain.topic_names import PROFILES_JSON, TopicNames
from streams.settings import Topics

VERSION: Final = "3.0.0"
BINDING: Final = "0.5.0"
NAMES: Final = TopicNames()
#: Of a topic's settings those that the binding knows; the value of these is a number.
NUMBERS: Final = ("retention.ms", "delete.retention.ms", "max.message.bytes")


class Channel(NamedTuple):
    """A topic as outsiders meet it. schema: file below docs/schemas, None where it is no JSON. is_read: by Braid."""

    topic: str
    what: str
    key: str
    content_type: str
    schema: str | None
    is_read: bool


CLOUD_EVENT: Final = "application/cloudevents+json"
CHANNELS: Final[Mapping[str, Channel]] = {
    "events": Channel(
        NAMES.events("shop"), "What people did on a platform.", "Any; it decides the partition alone.",
        CLOUD_EVENT, "event", is_read=True,
    ),
    "items": Channel(
        NAMES.items, "Items as platforms describe them; null deletes.", "`<platform>:<item_id>`.",
        CLOUD_EVENT, "item", is_read=True,
    ),
    "identity": Channel(
        NAMES.identity, "Who is who: links and unlinks, in the order in which they apply.", "Any.",
        CLOUD_EVENT, "identity", is_read=True,
    ),
    "profiles": Channel(
        NAMES.profiles, "The profiles: a MessagePack map of the schema's fields, vectors as bytes; null = gone.",
        "The profile's id.", "application/msgpack", "profile", is_read=False,
    ),
    "profilesJson": Channel(
        PROFILES_JSON, "The profiles as JSON where `braid mirror` runs, vectors as lists or left out; null = gone.",
        "The profile's id.", "application/json", None, is_read=False,
    ),
    "deadLetters": Channel(
        NAMES.dead_letters, "Records that were refused, with the reason; null = gone with its person.",
        "`<topic>/<partition>/<offset>` of the record.", "application/msgpack", None, is_read=False,
    ),
    "audit": Channel(
        NAMES.audit, "Who asked about whom, and what became of it.", "Mark of the person.",
        "application/json", "audit", is_read=False,
    ),
}  # fmt: skip


def asyncapi() -> dict[str, Any]:
    """The document, with the default settings of topics."""
    topics = Topics()
    specs = {spec.name: spec for spec in declared_topics(topics)}
    specs[PROFILES_JSON] = mirror_topic(topics, PROFILES_JSON, topics.partitions)
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Braid",
            "version": "1",
            "description": "Topics that Braid shares with others; sizes are the defaults of BRAID_TOPICS__*.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CLOUD_EVENT,
        "channels": {name: _channel(channel, specs[channel.topic]) for name, channel in CHANNELS.items()},
        "operations": {
            f"{'receive' if channel.is_read else 'send'}{name[:1].upper()}{name[1:]}": {
                "action": "receive" if channel.is_read else "send",
                "channel": {"$ref": f"#/channels/{name}"},
                "summary": channel.what,
            }
            for name, channel in CHANNELS.items()
        },
    }


def _channel(channel: Channel, spec: TopicSpec) -> dict[str, Any]:
    settings: dict[str, Any] = {"cleanup.policy": spec.configs["cleanup.policy"].split(",")}
    settings |= {name: int(spec.configs[name]) for name in NUMBERS if name in spec.configs}
    made: dict[str, Any] = {
        "address": channel.topic,
        "description": channel.what,
        "messages": {"record": _message(channel)},
        "bindings": {
            "kafka": {
                "topic": channel.topic,
                "partitions": spec.n_partitions,
                "replicas": spec.replication,
                "topicConfiguration": settings,
                "bindingVersion": BINDING,
            }
        },
    }
    if channel.topic == NAMES.events("shop"):
        made["address"] = "events.{platform}"
        made["parameters"] = {
            "platform": {"description": "Name of the platform.", "enum": list(Topics().platforms), "default": "shop"}
        }
        del made["bindings"]["kafka"]["topic"]
    return made


def _message(channel: Channel) -> dict[str, Any]:
    key = {"type": "string", "description": channel.key}
    message: dict[str, Any] = {
        "contentType": channel.content_type,
        "bindings": {"kafka": {"key": key, "bindingVersion": BINDING}},
    }
    if channel.schema is not None:
        message["payload"] = {"$ref": f"./{channel.schema}.json"}
    return message
