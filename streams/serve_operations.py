"""What the operations pages work with, made from settings. Nothing is started or connected here."""

from __future__ import annotations

from functools import partial

from streams.adapters.audit_reader import AuditReader
from streams.adapters.confirmed_writer import ConfirmedWriter
from streams.adapters.identity_commands import IdentityCommands
from streams.adapters.record_reader import RecordReader
from streams.adapters.stage_stands import KafkaStands, StageSource
from streams.adapters.topic_looks import KafkaTopics
from streams.brokers.connection import client_config, consumer_config, producer_config
from streams.brokers.rights import SERVE_GROUP
from streams.brokers.topic_admin import is_embedded
from streams.console.operations_parts import Operations
from streams.domain.decay import DAY_S
from streams.domain.topic_names import TopicNames
from streams.letter_parts import letter_desk_of, letter_samples_of, letter_trials_of, platform_of
from streams.serve.parts import ServeParts
from streams.service.people_preview import PreviewRules
from streams.settings import Settings
from streams.wiring import read_platforms, space_mark_of


def operations_of(settings: Settings, serve: ServeParts) -> Operations:
    """All of it over the same brokers."""
    names, writer = TopicNames(settings.topics.prefix), ConfirmedWriter(producer_config(settings.kafka))
    consumer = consumer_config(settings.kafka, SERVE_GROUP)
    return Operations(
        stands=_stands(settings, names, serve),
        letters=letter_desk_of(settings, consumer, writer, serve.clock),
        trials=letter_trials_of(settings, serve.clock),
        sample=letter_samples_of(settings).of_line,
        audit_log=AuditReader(KafkaTopics(consumer, {}, is_embedded), names.audit),
        identities=IdentityCommands(writer, names.identity),
        preview=PreviewRules(
            settings.profile.long_half_life_days * DAY_S,
            settings.profile.platform_weights,
            settings.profile.published_tags,
            fades_alike=not settings.profile.action_half_lives_days,
        ),
        platform_of=partial(platform_of, names),
    )


def _stands(settings: Settings, names: TopicNames, serve: ServeParts) -> KafkaStands:
    # Another encoder reads the items anew, in a group of its own: see `worker_parts.WorkerParts.catalogue`.
    generation = space_mark_of(serve.encoder).hex()
    stages = {
        "normalise": StageSource(
            [names.events(platform) for platform in read_platforms(settings)], names.group_of("normalise")
        ),
        "identity": StageSource([names.identity], names.group_of("identity")),
        "catalogue": StageSource(
            [names.items], names.group_of("catalogue", generation), f"{names.group_of('catalogue')}-"
        ),
        "profile": StageSource([names.user_events], names.group_of("profile")),
        "letters": StageSource([names.dead_letters], names.group_of("letters")),
    }
    reader = RecordReader(consumer_config(settings.kafka, SERVE_GROUP))
    return KafkaStands(client_config(settings.kafka), reader, stages, serve.clock)
