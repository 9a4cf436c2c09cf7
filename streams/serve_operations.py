"""What the operations pages work with, made from settings. Nothing is started or connected here."""

from __future__ import annotations

from functools import partial

from streams.adapters.audit_reader import AuditReader
from streams.adapters.cloudevents import decode
from streams.adapters.confirmed_writer import ConfirmedWriter
from streams.adapters.identity_commands import IdentityCommands
from streams.adapters.letter_desk import LetterDesk, RedriveRules, Unseal
from streams.adapters.letter_samples import LetterSamples
from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.adapters.record_reader import RecordReader
from streams.adapters.sealing import Sealer
from streams.adapters.stage_stands import KafkaStands, StageSource
from streams.adapters.topic_looks import KafkaTopics
from streams.brokers.connection import client_config, consumer_config, producer_config
from streams.brokers.rights import SERVE_GROUP
from streams.brokers.topic_admin import is_embedded
from streams.console.operations_parts import Operations
from streams.domain.topic_names import TopicNames
from streams.errors import UsageError
from streams.serve.parts import ServeParts
from streams.service.letter_trials import LetterTrials
from streams.service.normalise import Normaliser
from streams.service.people_preview import PreviewRules
from streams.settings import DAY_S, Settings
from streams.wiring import (
    actions_of,
    identity_gate_of,
    limits_of,
    read_platforms,
    space_mark_of,
)


def operations_of(settings: Settings, serve: ServeParts) -> Operations:
    """All of it over the same brokers."""
    names, writer = TopicNames(settings.topics.prefix), ConfirmedWriter(producer_config(settings.kafka))
    consumer = consumer_config(settings.kafka, SERVE_GROUP)
    limits = limits_of(settings)
    return Operations(
        stands=_stands(settings, names, serve),
        letters=LetterDesk(
            consumer,
            names.dead_letters,
            writer,
            RedriveRules(partial(_may_be_written_again, names), _unseal(settings)),
            serve.clock,
        ),
        trials=_trials(settings, names, serve),
        sample=LetterSamples(settings.ingest.mappings_dir, limits.max_event_bytes).of,
        audit_log=AuditReader(KafkaTopics(consumer, {}, is_embedded), names.audit),
        identities=IdentityCommands(writer, names.identity),
        preview=PreviewRules(
            settings.profile.long_half_life_days * DAY_S,
            settings.profile.platform_weights,
            settings.profile.published_tags,
        ),
        platform_of=partial(_platform_of, names),
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


def _trials(settings: Settings, names: TopicNames, serve: ServeParts) -> LetterTrials:
    limits, secrets = limits_of(settings), settings.pseudonym_secrets()
    max_bytes = limits.max_event_bytes

    def normaliser() -> Normaliser:
        mappings = load_mappings(settings.ingest.mappings_dir)
        actions = actions_of(settings, mappings)
        return Normaliser(secrets, decoder_for(mappings, max_bytes), actions, limits)

    items = limits, partial(decode, max_bytes=max_bytes)
    return LetterTrials(names, normaliser, partial(identity_gate_of, settings), items, serve.clock)


def _unseal(settings: Settings) -> Unseal | None:
    """None without a key: sealed letters are then neither tried nor redriven here."""
    try:
        key = settings.dead_letter_key()
    except UsageError:
        return None
    return None if key is None else Sealer(key).open


def _platform_of(names: TopicNames, topic: str) -> str | None:
    try:
        return str(names.platform_of(topic))
    except ValueError:
        return None


def _may_be_written_again(names: TopicNames, topic: str) -> bool:
    """Events count once, in any order. Of items and links the last word counts: an old one must not become it."""
    return topic == names.user_events or _platform_of(names, topic) is not None
