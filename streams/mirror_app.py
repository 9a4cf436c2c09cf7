"""The composition root of `braid mirror`."""

from __future__ import annotations

from functools import partial
from threading import Event

import structlog
from confluent_kafka.admin import AdminClient

from streams.adapters.confirmed_writer import ConfirmedWriter
from streams.adapters.profile_mirror import Mirrored, ProfileMirror
from streams.brokers import topic_admin
from streams.brokers.connection import admin_config, consumer_config, producer_config
from streams.brokers.contact import check_contact
from streams.brokers.topics import declared_topics, mirror_topic
from streams.domain.profile_json import profile_as_json
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable, UsageError
from streams.settings import Settings
from streams.telemetry import metrics
from streams.telemetry.operator_port import OperatorPort
from streams.wiring import read_platforms

_log = structlog.get_logger(__name__)


def run_mirror(settings: Settings, to: str, stopping: Event, *, with_vectors: bool, until_end: bool) -> Mirrored:
    """Copy `profiles` to a topic of JSON values, made where it is missing, until `stopping` is set.

    to: the topic's name without the prefix. Raises UsageError for a topic of Braid's own, Unavailable for what the
    cluster lacks or refuses.
    """
    names = TopicNames(settings.topics.prefix)
    target = names.prefix + to
    declared = {spec.name for spec in declared_topics(settings.topics, read_platforms(settings))}
    if target in declared:
        raise UsageError(f"--to {to}: Braid itself writes or reads {target}; name a topic of its own")
    check_contact(settings.kafka)
    _make(settings, names.profiles, target)
    mirror = ProfileMirror(
        consumer_config(settings.kafka, names.group_of("mirror", to)),
        ConfirmedWriter(producer_config(settings.kafka)),
        names.profiles,
        target,
        partial(profile_as_json, with_vectors=with_vectors),
    )
    port = OperatorPort(
        settings.metrics.host, settings.metrics.port, lambda: [] if mirror.is_assigned else ["partitions of profiles"]
    )
    metrics.start_process_metrics()
    _log.info("mirror_starts", source=names.profiles, target=target, metrics_port=port.port)
    try:
        return mirror.run(stopping, until_end=until_end)
    finally:
        port.close()


def _make(settings: Settings, source: str, target: str) -> None:
    """The target with as many partitions as the source has, so that a key keeps its number."""
    admin = AdminClient(admin_config(settings.kafka))
    found = topic_admin.cluster_metadata(admin).topics.get(source)
    if found is None or not found.partitions:
        raise Unavailable(f"topic {source}: does not exist; `braid topics apply` creates the topics")
    topic_admin.apply(admin, (mirror_topic(settings.topics, target, len(found.partitions)),))
