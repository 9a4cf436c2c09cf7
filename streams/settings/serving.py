"""What answers over HTTP: profiles, recommendations, pages, and events that come in."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field, SecretStr, field_validator

from streams.domain.platforms import parse_platform
from streams.settings.group import Group

Role = Literal["read", "analyst", "erase", "audit", "metrics", "admin"]


class Index(Group):
    """The nearest-item index."""

    kind: Literal["auto", "exact", "hnsw"] = Field("auto", description="auto: exact while small, HNSW beyond.")
    max_delta_rows: int = Field(4_000, ge=16, description="Newer rows scanned flat before the main index is rebuilt.")
    snapshot_interval_s: float = Field(300, ge=1, description="Pause between snapshots.")
    people: bool = Field(
        False, description="Index people too, for `similar-people`; about 3 kB of memory each with 384 dimensions."
    )


class Recommend(Group):
    """How recommendations are ranked; see `docs/ranking.md`."""

    behaviour: bool = Field(True, description="Keep what people took to in memory and re-rank by it; false: content.")
    model: str = Field(
        "",
        description="Folder of models that `braid train` wrote, of which `current` serves, or one of them; looked at "
        "while serving, so another one is taken up without a restart. Empty = the packaged re-ranker.",
    )


class ApiKey(Group):
    """What one API key may do, how it is called, and until when."""

    role: Role
    name: str = ""
    platforms: frozenset[str] = frozenset()
    expires: AwareDatetime | None = None
    rate_per_s: float | None = Field(None, ge=0)

    @field_validator("platforms")
    @classmethod
    def _platform_names(cls, names: frozenset[str]) -> frozenset[str]:
        return frozenset(parse_platform(name) for name in names)


class Api(Group):
    """The HTTP interface of `braid serve`."""

    host: str = Field("127.0.0.1", description="Address to listen on; anything but loopback needs keys.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 = any free one.")
    keys: dict[str, Role | ApiKey] = Field(
        {},
        description="`sha256:<hex>` of an API key (`braid keys new`), or a long raw one -> role (`read`, "
        "`analyst`, `erase`, `audit`, `metrics`, `admin`), or a table: `role`, `name`, `platforms`, `expires`, "
        "`rate_per_s`.",
    )
    key: SecretStr = Field(SecretStr(""), description="The API key that `braid profile` and its like send.")
    rate_per_s: float = Field(500, ge=0, description="Calls a second of each key, per process; 0 = no limit.")
    anonymous_rate_per_s: float = Field(
        10, ge=0, description="Calls a second of all callers without a valid key together; 0 = no limit."
    )
    account_urls: bool = Field(
        True, description="Take raw account ids in URLs (`/v1/accounts/...`); off for callers outside a trusted net."
    )


class WriteKey(Group):
    """Whose events one write key publishes, how it is called, and until when."""

    platform: str
    name: str = ""
    expires: AwareDatetime | None = None
    rate_per_s: float | None = Field(None, ge=0)

    @field_validator("platform")
    @classmethod
    def _platform_name(cls, name: str) -> str:
        return parse_platform(name)


class IngestApi(Group):
    """The HTTP interface of `braid ingest`; see `docs/ingest.md`."""

    host: str = Field("127.0.0.1", description="Address to listen on; anything but loopback needs keys.")
    port: int = Field(8001, ge=0, le=65535, description="Port to listen on; 0 = any free one.")
    operator_port: int = Field(
        9101, ge=0, le=65535, description="Port of /metrics, /healthz and /readyz, on BRAID_METRICS__HOST; 0 = any."
    )
    keys: dict[str, str | WriteKey] = Field(
        {},
        description="`sha256:<hex>` of a write key (`braid keys write`), or a long raw one -> the platform whose "
        "events it publishes, or a table: `platform`, `name`, `expires`, `rate_per_s`.",
    )
    rate_per_s: float = Field(1_000, ge=0, description="Requests a second of each key, per process; 0 = no limit.")
    anonymous_rate_per_s: float = Field(
        10, ge=0, description="Requests a second of all senders without a valid key together; 0 = no limit."
    )
    max_event_bytes: int = Field(32 * 1024, ge=1_000, le=1_000_000, description="Larger events are rejected.")
    max_body_bytes: int = Field(500 * 1024, ge=1_000, le=16 << 20, description="Larger requests are refused.")
    max_batch_events: int = Field(1_000, ge=1, le=10_000, description="Most events in one request.")
    max_waiting: int = Field(
        20_000, ge=1, description="Most events that wait for the brokers; beyond it requests are answered with 429."
    )
    confirm_s: float = Field(
        10, ge=1, le=120, description="How long the brokers may take to confirm an event before its sender hears 503."
    )


class Mcp(Group):
    """Tools for assistants (Model Context Protocol); see `docs/mcp.md`."""

    enabled: bool = Field(
        False,
        description="Answer read-only tools at `/mcp` of serve, with the keys of the HTTP API; needs the extra `mcp`.",
    )


class Console(Group):
    """The web console of serve; see `docs/console.md`."""

    enabled: bool = Field(
        True,
        description="Show the console at /. Without it serve needs fewer rights on Kafka (`braid rights serve`) and "
        "shows the description of the API alone, at /docs.",
    )
