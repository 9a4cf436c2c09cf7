"""The topics as the broker has them, checked at a worker's start: a missing one is said once, with the remedy."""

from __future__ import annotations

from dataclasses import dataclass

from confluent_kafka import KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient

from streams.brokers import topic_admin
from streams.brokers.connection import admin_config
from streams.brokers.topics import declared_topics
from streams.domain.platforms import Platform, parse_platform
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable
from streams.settings import Settings

_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class SourceTopics:
    """platforms: whose events are read. topic_ids: identity of the source topics, empty where the broker tells none."""

    platforms: tuple[Platform, ...]
    topic_ids: dict[str, str]
    is_embedded: bool = False

    @classmethod
    def verified(cls, settings: Settings, mapped: tuple[Platform, ...]) -> SourceTopics:
        """Raises Unavailable when no broker answers, a topic is missing, or partition counts differ."""
        table = declared_topics(settings.topics, mapped)
        admin = AdminClient(admin_config(settings.kafka))
        metadata = topic_admin.cluster_metadata(admin)
        if topic_admin.is_embedded(metadata):
            topic_admin.apply(admin, table)  # in memory and empty at every start: nobody could have done it before
        else:
            faults = [
                difference
                for difference in topic_admin.check(admin, table)
                if difference.kind == "fault" and difference.field in {"topic", "partitions"}
            ]
            if faults:
                listed = "; ".join(f"{fault.topic}: {fault.field} {fault.found}" for fault in faults[:5])
                remedies = "; ".join(dict.fromkeys(fault.remedy for fault in faults))
                raise Unavailable(f"{len(faults)} topics are not as declared ({listed}): {remedies}")
        names = TopicNames(settings.topics.prefix)
        platforms = tuple(dict.fromkeys((*map(parse_platform, settings.topics.platforms), *mapped)))
        sources = [names.user_events, names.items, names.identity, names.dead_letters]
        if topic_admin.is_embedded(metadata):
            return cls(platforms, {}, is_embedded=True)
        return cls(platforms, _topic_ids(admin, sources))


def _topic_ids(admin: AdminClient, topics: list[str]) -> dict[str, str]:
    described = admin.describe_topics(TopicCollection(topics), request_timeout=_TIMEOUT_S)
    try:
        return {name: str(future.result().topic_id) for name, future in described.items()}
    except KafkaException as error:
        raise Unavailable(f"topics cannot be described ({error.args[0].str()}): check the user's rights") from error
