"""What the console's pages of platforms answer from, made from settings: the gate as workers have it, and topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from streams.adapters.event_reading import documents_for, names_for, types_for
from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.adapters.topic_looks import KafkaTopics
from streams.brokers.connection import consumer_config
from streams.brokers.rights import SERVE_GROUP
from streams.brokers.topic_admin import is_embedded
from streams.console.platform_parts import MappingInUse, PlatformParts
from streams.domain.accounts import AccountKey, Home
from streams.domain.topic_names import TopicNames
from streams.errors import UsageError
from streams.serve.parts import ServeParts
from streams.service import normalise, update_profiles
from streams.service.check_event import EventChecker
from streams.service.judge_records import Judge
from streams.service.sample_platform import PlatformSampler
from streams.service.trace_event import Tracer
from streams.settings import Settings
from streams.wiring import actions_of, limits_of

#: Stages that an event passes; each is the consumer group of its name.
STAGES: Final = (normalise.STAGE, update_profiles.STAGE)

_log = structlog.get_logger(__name__)


def platform_parts(settings: Settings, serve: ServeParts) -> PlatformParts | None:
    """Nothing is read here but mapping files. None for a faulty one: serve decides nothing by it, so it starts."""
    try:
        mappings = load_mappings(settings.ingest.mappings_dir)
        actions = actions_of(settings, mappings)
    except UsageError as error:
        _log.warning("platforms_not_told", why=str(error))
        return None
    limits, names = limits_of(settings), TopicNames(settings.topics.prefix)
    decoders = decoder_for(mappings, limits.max_event_bytes)

    def resolve(accounts: Sequence[AccountKey]) -> list[Home]:
        return [Home(account, serve.resolve(account)) for account in accounts]

    gate = normalise.Normaliser(settings.pseudonym_secrets(), decoders, actions, limits, resolve)
    judge = Judge(gate, decoders, types_for(mappings, limits.max_event_bytes))
    topics = KafkaTopics(
        consumer_config(settings.kafka, SERVE_GROUP),
        {stage: names.group_of(stage) for stage in STAGES},
        is_embedded,
    )
    return PlatformParts(
        sampler=PlatformSampler(topics, judge, names, serve.clock),
        checker=EventChecker(judge, documents_for(mappings, limits.max_event_bytes), actions, limits),
        tracer=Tracer(
            topics,
            judge,
            names_for(mappings, limits.max_event_bytes),
            names,
            serve.profiles.profile_of,
            serve.clock,
        ),
        mappings={
            platform: MappingInUse(f"{platform}.toml", dict(mapping.types), sorted(mapping.actions))
            for platform, mapping in mappings.items()
        },
    )
