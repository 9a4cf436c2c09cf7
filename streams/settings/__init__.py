"""What an operator can set, by subject: environment over `braid.toml` over defaults.

Deep code never sees these classes; the composition root hands it plain values. `docs/configuration.md` is generated
from the descriptions here.
"""

from streams.settings.environment import (
    OUTSIDE_NAMES,
    PREFIX,
    Settings,
    environment_without_braid,
    failpoint,
    known_names,
)
from streams.settings.people import Profile
from streams.settings.pipeline import EncoderChoice, Ingest, Kafka, Metrics, Topics
from streams.settings.serving import Api, ApiKey, Console, Index, IngestApi, Mcp, Role, WriteKey

__all__ = [
    "OUTSIDE_NAMES",
    "PREFIX",
    "Api",
    "ApiKey",
    "Console",
    "EncoderChoice",
    "Index",
    "Ingest",
    "IngestApi",
    "Kafka",
    "Mcp",
    "Metrics",
    "Profile",
    "Role",
    "Settings",
    "Topics",
    "WriteKey",
    "environment_without_braid",
    "failpoint",
    "known_names",
]
