"""What `braid check` looks at, made from settings. Connects nothing before a check runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from streams.adapters.clock import SystemClock
from streams.adapters.mapping_files import load_mappings
from streams.brokers.rights import KafkaRole, rights_of
from streams.brokers.topics import declared_topics
from streams.checks import machine
from streams.checks.cluster import Cluster
from streams.checks.encoding import encoder
from streams.checks.findings import Check, Finding
from streams.domain.topic_names import TopicNames
from streams.settings import EncoderChoice, Settings
from streams.wiring import actions_of, encoder_of, read_platforms

#: What a table of a partition holds in memory before it writes a file.
_MEMTABLE_BYTES: Final = 32 << 20


def checks_of(settings: Settings, role: KafkaRole) -> list[Check]:
    """For a process of that role: worker or serve. Raises UsageError for names of platforms."""
    platforms = read_platforms(settings)
    names = TopicNames(settings.topics.prefix)
    rights = rights_of(role, names, platforms, with_console=settings.console.enabled)
    table = declared_topics(settings.topics, platforms)
    cluster = Cluster(settings.kafka, table, role, rights, SystemClock())
    buffer_bytes = settings.topics.partitions * _MEMTABLE_BYTES
    return [
        Check("python", machine.python),
        Check("packages", machine.packages),
        Check("secrets", partial(_secrets, settings)),
        Check("mapping files", partial(_mapping_files, settings)),
        Check("state folder", partial(machine.disk, settings.state_dir, settings.encoder.cache_bytes, buffer_bytes)),
        Check("broker", cluster.look),
        Check("encoder", partial(encoder, partial(encoder_of, settings), partial(_placement, settings.encoder))),
    ]


def _secrets(settings: Settings) -> Iterator[Finding]:
    secrets = settings.pseudonym_secrets()
    n_previous = len(secrets.previous)
    yield Finding("secrets", "ok", f"pseudonym key set, {n_previous} before it")
    key = settings.dead_letter_key()
    kept = settings.dead_letters.original
    yield Finding("secrets", "ok", f"dead letters keep originals {kept}, key {'not set' if key is None else 'set'}")


def _mapping_files(settings: Settings) -> Iterator[Finding]:
    """None is no finding: most platforms speak the contract."""
    mappings = load_mappings(settings.ingest.mappings_dir)
    actions_of(settings, mappings)
    if mappings:
        yield Finding("mapping files", "ok", ", ".join(mappings))


def _placement(choice: EncoderChoice) -> str:
    if choice.model == "hashed":
        return "no device: the hashed encoder needs none"
    from encoders.devices import choose_placement  # noqa: PLC0415 - loads torch

    return choose_placement(choice.device, choice.dtype).reason
