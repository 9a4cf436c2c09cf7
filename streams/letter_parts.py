"""Who works on dead letters, made from settings: the same for the console and the command line. Connects nothing."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from streams.adapters.cloudevents import decode
from streams.adapters.confirmed_writer import ConfirmedWriter
from streams.adapters.letter_desk import LetterDesk, RedriveRules, Unseal
from streams.adapters.letter_samples import LetterSamples
from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.adapters.sealing import Sealer
from streams.domain.topic_names import TopicNames
from streams.errors import UsageError
from streams.ports import Clock
from streams.service.letter_trials import LetterTrials
from streams.service.normalise import Normaliser
from streams.settings import Settings
from streams.wiring import actions_of, identity_gate_of, limits_of


def letter_desk_of(
    settings: Settings, consumer: Mapping[str, object], writer: ConfirmedWriter, clock: Clock
) -> LetterDesk:
    """Lists, reads, redrives. consumer: a consumer's configuration."""
    names = TopicNames(settings.topics.prefix)
    rules = RedriveRules(partial(_may_be_written_again, names), _unseal(settings))
    return LetterDesk(consumer, names.dead_letters, writer, rules, clock)


def letter_trials_of(settings: Settings, clock: Clock) -> LetterTrials:
    """What the gate says now. Raises UsageError without a secret."""
    limits, secrets = limits_of(settings), settings.pseudonym_secrets()
    max_bytes = limits.max_event_bytes

    def normaliser() -> Normaliser:
        mappings = load_mappings(settings.ingest.mappings_dir)
        actions = actions_of(settings, mappings)
        return Normaliser(secrets, decoder_for(mappings, max_bytes), actions, limits)

    items = limits, partial(decode, max_bytes=max_bytes)
    names = TopicNames(settings.topics.prefix)
    return LetterTrials(names, normaliser, partial(identity_gate_of, settings), items, clock)


def letter_samples_of(settings: Settings) -> LetterSamples:
    """What may be shown of a letter's bytes."""
    return LetterSamples(settings.ingest.mappings_dir, limits_of(settings).max_event_bytes)


def platform_of(names: TopicNames, topic: str) -> str | None:
    """Whose events a topic carries, None for a topic of no platform."""
    try:
        return str(names.platform_of(topic))
    except ValueError:
        return None


def _unseal(settings: Settings) -> Unseal | None:
    """None without a key: sealed letters are then neither tried nor redriven here."""
    try:
        key = settings.dead_letter_key()
    except UsageError:
        return None
    return None if key is None else Sealer(key).open


def _may_be_written_again(names: TopicNames, topic: str) -> bool:
    """Events count once, in any order. Of items and links the last word counts: an old one must not become it."""
    return topic == names.user_events or platform_of(names, topic) is not None
