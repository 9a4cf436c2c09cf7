"""The only reader of the environment: `BRAID_*` variables (nested by `__`) over `braid.toml` over defaults.

Deep code never sees these classes; the composition root hands it plain values. `docs/configuration.md` is generated
from the descriptions here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from streams.domain.platforms import BUILT_IN, parse_platform
from streams.domain.pseudonyms import Secrets
from streams.domain.sensitive import DEFAULT_TERMS
from streams.domain.trait_intake import DEFAULT_TRAITS, trait_name
from streams.errors import UsageError

PREFIX = "BRAID_"
TOML_FILE = "braid.toml"
DAY_S = 86_400.0
#: Read by tests and benchmarks, or naming another file; not settings of the product.
OUTSIDE_NAMES = frozenset({"BRAID_BENCH_DATA", "BRAID_CONFIG", "BRAID_FAILPOINT", "BRAID_TEST_KAFKA"})


Role = Literal["read", "analyst", "erase", "audit", "metrics", "admin"]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kafka(_Group):
    """Where the cluster is and how to log in."""

    bootstrap_servers: str = Field("127.0.0.1:9092", description="Comma-separated host:port of the Kafka brokers.")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How clients talk to the brokers."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism, used with SASL_PLAINTEXT and SASL_SSL."
    )
    sasl_username: str = Field("", description="SASL user.")
    sasl_password: SecretStr = Field(SecretStr(""), description="SASL password.")
    ssl_ca_file: str = Field("", description="CA certificates in PEM; empty = those of the system.")
    session_timeout_s: float = Field(
        10.0, ge=1, le=90, description="A worker silent for longer loses its partitions."  # Faust allows no more
    )
    group_instance_id: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,200}$",
        description="Name of this worker alone: started again within the session timeout it gets its partitions back, "
        "and nobody else's move. Empty: they are shared out anew at every start and stop.",
    )


class Topics(_Group):
    """Names, sizes and retention of the topics."""

    prefix: str = Field("", description="Put before every topic name, for example `staging.`.")
    platforms: tuple[str, ...] = Field(
        tuple(BUILT_IN), description="Platforms whose `events.<platform>` topics are read; mapping files add theirs."
    )
    partitions: int = Field(
        4, ge=1, le=10_000, description="Partitions of every topic except `identity` and `dead-letters`."
    )
    replication: int = Field(1, ge=1, le=9, description="Replication factor; 3 in production.")
    events_retention_days: float = Field(7, gt=0, description="How long events and dead letters are kept.")
    identity_retention_days: float = Field(
        365, gt=0, description="How long link commands are kept: a rebuild of the identities needs all of them."
    )
    audit_retention_days: float = Field(365, gt=0, description="How long the audit of calls about people is kept.")

    @field_validator("platforms")
    @classmethod
    def _platform_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(parse_platform(name) for name in names)


class EncoderChoice(_Group):
    """Which model turns text into vectors."""

    model: str = Field(
        "intfloat/multilingual-e5-small",
        description="`hashed` (no weights), `minilm` (the packaged weights), or a Hugging Face name or local path.",
    )
    device: str = Field("auto", description="`auto`, `cpu`, `cuda`, `cuda:1`; auto takes a GPU when there is one.")
    dtype: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="auto takes bfloat16 where the processor or GPU computes in it, else float32."
    )
    pooling: Literal["auto", "mean", "cls", "last"] = Field(
        "auto", description="How token vectors become one; auto reads the model's own sentence-transformers files."
    )
    passage_prefix: str = Field(
        "auto", description="Put before item and user texts; auto knows the E5 family's `passage: `, else nothing."
    )
    query_prefix: str = Field("auto", description="Put before search queries; auto knows the E5 family's `query: `.")
    max_text_tokens: int = Field(128, ge=8, le=8192, description="Longer texts are cut; the cuts are counted.")
    max_batch_tokens: int = Field(4096, ge=64, description="Token budget of one encoder call.")
    lexical: Literal["auto", "on", "off"] = Field(
        "auto",
        description="Character n-gram channel beside the semantic one; auto adds it to the packaged English model.",
    )
    cache_bytes: int = Field(
        512 << 20, ge=0, description="Bound of the embedding cache on disk, at least 1 MiB; 0 turns it off."
    )
    n_threads: int = Field(0, ge=0, description="Processor threads of the encoder; 0 leaves them to torch.")

    @field_validator("cache_bytes")
    @classmethod
    def _cache_holds_something(cls, n_bytes: int) -> int:
        if 0 < n_bytes < 1 << 20:
            raise ValueError("use 0, or at least 1048576 (1 MiB)")
        return n_bytes


class Ingest(_Group):
    """What the gate accepts."""

    mappings_dir: str = Field("", description="Folder of mapping files (`<platform>.toml`) for foreign dialects.")
    lateness_days: float = Field(
        30, ge=0, description="An event older than this on arrival is counted and dropped; 0 = no bound."
    )
    future_tolerance_s: float = Field(
        300, ge=0, description="Event times up to this far ahead of the broker's clock are set to it."
    )
    max_future_days: float = Field(1, ge=0, description="Times further ahead than this become dead letters.")
    max_event_bytes: int = Field(1_000_000, ge=1_000, description="Larger records become dead letters.")
    max_text_chars: int = Field(4_000, ge=16, description="Longer texts are cut.")
    currency: str = Field("USD", description="The one currency prices are kept in.")
    currency_rates: dict[str, float] = Field(
        {"USD": 1.0, "EUR": 1.08, "GBP": 1.27, "CNY": 0.14, "JPY": 0.0066},
        description="Value of one unit of a currency in `currency`; a price in another currency is left out.",
    )
    traits: tuple[str, ...] = Field(
        tuple(sorted(DEFAULT_TRAITS)),
        description="Names of the declared traits that are kept (`docs/privacy.md`); none that names a person.",
    )

    @field_validator("traits")
    @classmethod
    def _trait_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(trait_name(name) for name in names)


class Profile(_Group):
    """How events become profiles."""

    short_half_life_days: float = Field(2, gt=0, description="Half-life of the short-horizon vector.")
    long_half_life_days: float = Field(60, gt=0, description="Half-life of the long-horizon vector and of tags.")
    action_weights: dict[str, float] = Field(
        {}, description='Overrides of the weights by action, for example `{"product.viewed": 0.5}`.'
    )
    platform_weights: dict[str, float] = Field(
        {"ads": 0.0},
        description="Share of each platform in the unified view; ads move only their own block by default.",
    )
    recent_events: int = Field(20, ge=1, le=500, description="Latest events kept per account as evidence.")
    dedup_ids: int = Field(4096, ge=16, le=100_000, description="Latest event ids kept per account to drop repeats.")
    max_tags: int = Field(128, ge=4, le=1_000, description="Tags kept per account.")
    max_edges: int = Field(16, ge=0, le=1_000, description="Relations kept per account, the heaviest; 0 keeps none.")
    idle_days: float = Field(
        400, ge=0, description="A profile that nothing came for in so many days is let go; 0 keeps all."
    )
    sensitive_tags: tuple[str, ...] = Field(
        DEFAULT_TERMS,
        description="Words and phrases; tags that hold one are never made (health, faith, politics, sexuality, origin, "
        "trade unions). Set it to replace the list of streams/domain/sensitive.py.",
    )
    published_tags: int = Field(12, ge=1, le=200, description="Tags in the published profile and platform blocks.")


class Meaning(_Group):
    """How the words that people write are read; see `docs/meaning.md`."""

    read: bool = Field(True, description="Read sentiment, names and topics; false leaves words to the encoder alone.")
    taxonomy: str = Field("", description="TOML file of topics in place of the packaged one; empty = packaged.")
    lexicons: str = Field("", description="Folder of TOML files with further names; empty = the packaged ones alone.")


class Recommend(_Group):
    """How recommendations are ranked; see `docs/ranking.md`."""

    behaviour: bool = Field(True, description="Keep what people took to in memory and re-rank by it; false: content.")
    model: str = Field(
        "",
        description="Folder of models that `braid train` wrote, of which `current` serves, or one of them; looked at "
        "while serving, so another one is taken up without a restart. Empty = the packaged re-ranker.",
    )


class Console(_Group):
    """The web console of serve; see `docs/console.md`."""

    enabled: bool = Field(
        True,
        description="Show the console at /. Without it serve needs fewer rights on Kafka (`braid rights serve`) and "
        "shows the description of the API alone, at /docs.",
    )


class Segments(_Group):
    """Groups of people by rule."""

    file: str = Field("", description="TOML file of segments (`docs/segments.md`); empty = none.")


class Intent(_Group):
    """When the latest session is about buying, comparing or browsing; units are in `docs/profiles.md`."""

    session_gap_minutes: float = Field(30, gt=0, description="A pause of this length ends a session.")
    buy: float = Field(1.0, gt=0, description="Steps to a purchase that make it the intent; a thing in the cart is 1.")
    compare: float = Field(2.0, gt=0, description="Things of a kind looked at, beyond the first, that compare.")


class Guards(_Group):
    """How much one account may move a profile; see `docs/guards.md`."""

    window_hours: float = Field(24, gt=0, description="Span of event time that the bounds are for.")
    most: float = Field(
        400, gt=0, description="Weight an account may bring in a window, in each direction: a like is 3, a purchase 8."
    )
    most_alike: float = Field(40, gt=0, description="Of it, about one item, or with one text where there is no item.")


class Consent(_Group):
    """What holds while a person said nothing about a purpose."""

    profile: bool = Field(True, description="Keep what people do and fold it into profiles.")
    recommend: bool = Field(True, description="Choose for people by their profiles.")
    train: bool = Field(True, description="Learn from profiles.")
    share: bool = Field(False, description="Hand profiles to others.")


class Identity(_Group):
    """Which accounts may become one person."""

    max_accounts: int = Field(1_000, ge=1, description="Most accounts of one person; a link beyond it is refused.")
    max_joined: dict[Literal["userid", "email", "phone", "device"], Annotated[int, Field(ge=1)]] = Field(
        {"userid": 100, "email": 20, "phone": 10, "device": 5},
        description="Accounts that one identifier may join, by kind; beyond it people share it and it links nobody.",
    )
    unique_kinds: tuple[Literal["userid", "email", "phone", "device"], ...] = Field(
        ("userid",), description="Identifiers of which a person has at most one; a link that would join two is refused."
    )
    placeholders: tuple[str, ...] = Field((), description="Values that say nothing, beside the built-in ones.")
    blocked: tuple[str, ...] = Field(
        (), description="Identifiers that link nobody: `<kind>:<value>` or `<kind>#<keyed hash>`."
    )


class Engine(_Group):
    """The transport and the checkpoint."""

    max_batch_records: int = Field(
        20_000, ge=1, description="Most records in one micro-batch; larger ones touch each user less often."
    )
    max_batch_users: int = Field(
        2_500, ge=1, description="Most users in one micro-batch of `profile`: about 20 kB of one transaction each."
    )
    fetch_max_bytes: int = Field(8 << 20, ge=1 << 14, description="Bytes asked for per partition and fetch.")
    fetch_min_bytes: int = Field(65_536, ge=1, description="A fetch waits for this much, or for the linger.")
    linger_s: float = Field(0.05, ge=0.001, le=5, description="Longest wait for a fuller fetch when traffic is thin.")
    transaction_timeout_s: float = Field(30, ge=5, description="A checkpoint that takes longer ends the process.")
    standby: bool = Field(False, description="Keep warm copies of the state of partitions owned by other workers.")


class ApiKey(_Group):
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


class Api(_Group):
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


class WriteKey(_Group):
    """Whose events one write key publishes, how it is called, and until when."""

    platform: str
    name: str = ""
    expires: AwareDatetime | None = None
    rate_per_s: float | None = Field(None, ge=0)

    @field_validator("platform")
    @classmethod
    def _platform_name(cls, name: str) -> str:
        return parse_platform(name)


class IngestApi(_Group):
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


class Mcp(_Group):
    """Tools for assistants (Model Context Protocol); see `docs/mcp.md`."""

    enabled: bool = Field(
        False,
        description="Answer read-only tools at `/mcp` of serve, with the keys of the HTTP API; needs the extra `mcp`.",
    )


class Metrics(_Group):
    """The operator port."""

    host: str = Field("127.0.0.1", description="Address of /metrics, /healthz and /readyz of a worker.")
    port: int = Field(9100, ge=0, le=65535, description="Port of the same; 0 = any free one.")


class Pseudonym(_Group):
    """How platform user ids are hidden."""

    key: SecretStr = Field(
        SecretStr(""), description="Secret of 16-64 bytes for account keys; the same on every worker and serve."
    )
    previous_keys: tuple[SecretStr, ...] = Field(
        (), description="Secrets before it, newest first, while it takes their place: see docs/privacy.md."
    )


class DeadLetterOriginals(_Group):
    """What dead letters keep of the refused record."""

    original: Literal["plain", "sealed", "none"] = Field(
        "plain", description="Its bytes as they came, encrypted with the key, or none of them."
    )
    key: SecretStr = Field(
        SecretStr(""), description="Of `sealed`: 64 hex digits (AES-256); `braid tail dead-letters` opens with it."
    )


class Index(_Group):
    """The nearest-item index."""

    kind: Literal["auto", "exact", "hnsw"] = Field("auto", description="auto: exact while small, HNSW beyond.")
    max_delta_rows: int = Field(4_000, ge=16, description="Newer rows scanned flat before the main index is rebuilt.")
    snapshot_interval_s: float = Field(300, ge=1, description="Pause between snapshots.")
    people: bool = Field(
        False, description="Index people too, for `similar-people`; about 3 kB of memory each with 384 dimensions."
    )


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    state_dir: Path = Field(Path(".braid"), description="Folder of RocksDB state, caches and snapshots.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Least severe line logged.")
    log_format: Literal["auto", "json", "text"] = Field("auto", description="auto: text on a terminal, else JSON.")
    kafka: Kafka = Kafka()
    topics: Topics = Topics()
    encoder: EncoderChoice = EncoderChoice()
    ingest: Ingest = Ingest()
    consent: Consent = Consent()
    identity: Identity = Identity()
    profile: Profile = Profile()
    meaning: Meaning = Meaning()
    recommend: Recommend = Recommend()
    segments: Segments = Segments()
    console: Console = Console()
    intent: Intent = Intent()
    guards: Guards = Guards()
    engine: Engine = Engine()
    index: Index = Index()
    api: Api = Api()
    ingest_api: IngestApi = IngestApi()
    mcp: Mcp = Mcp()
    metrics: Metrics = Metrics()
    pseudonym: Pseudonym = Pseudonym()
    dead_letters: DeadLetterOriginals = DeadLetterOriginals()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments beat the environment, the environment beats the file."""
        toml = Path(os.environ.get("BRAID_CONFIG", TOML_FILE))
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml))

    @classmethod
    def load(cls, **overrides: object) -> Settings:
        """Read, check and report all faults at once. Raises UsageError."""
        unknown = sorted(_unknown_names(os.environ))
        if unknown:
            raise UsageError("\n".join(unknown))
        try:
            return cls(**overrides)  # type: ignore[arg-type]  # pydantic checks them
        except ValidationError as error:
            raise UsageError("\n".join(_fault(fault) for fault in error.errors())) from error

    def pseudonym_key(self) -> bytes:
        """The secret for account keys. Raises UsageError when it is missing, short or long."""
        key = self.pseudonym.key.get_secret_value().encode()
        if not 16 <= len(key) <= 64:
            raise UsageError(
                f"BRAID_PSEUDONYM__KEY has {len(key)} bytes: set a secret of 16-64 bytes, "
                f"for example BRAID_PSEUDONYM__KEY={secrets.token_hex(16)}; docs/privacy.md says how to change it later"
            )
        return key

    def pseudonym_secrets(self) -> Secrets:
        """The same with the secrets whose place it takes. Raises UsageError."""
        current = self.pseudonym_key()
        previous = tuple(key.get_secret_value().encode() for key in self.pseudonym.previous_keys)
        for place, key in enumerate(previous, 1):
            if not 16 <= len(key) <= 64:
                raise UsageError(f"BRAID_PSEUDONYM__PREVIOUS_KEYS: entry {place} has {len(key)} bytes, not 16-64")
        if len({current, *previous}) <= len(previous):
            raise UsageError("BRAID_PSEUDONYM__PREVIOUS_KEYS: a secret is there twice, or is BRAID_PSEUDONYM__KEY")
        return Secrets(current, previous)

    def dead_letter_key(self) -> bytes | None:
        """32 bytes, or None where none is set. Raises UsageError when it is none or is missing for `sealed`."""
        key = self.dead_letters.key.get_secret_value()
        if not key and self.dead_letters.original != "sealed":
            return None
        try:
            raw = bytes.fromhex(key)
        except ValueError:
            raw = b""
        if len(raw) != 32:
            raise UsageError(
                f"BRAID_DEAD_LETTERS__KEY has {len(key)} characters: set 64 hex digits (`openssl rand -hex 32` makes "
                "them), or BRAID_DEAD_LETTERS__ORIGINAL=plain or none"
            )
        return raw


def _fault(fault: ErrorDetails) -> str:
    """Setting, value and what is wrong with it; a secret's value stays out."""
    # Two levels name a setting; a third would be a key inside it, which may itself be the secret.
    name = f"{PREFIX}{'__'.join(str(part) for part in fault['loc'][:2]).upper()}"
    is_secret = any(word in name for word in ("PASSWORD", "KEY"))
    return f"{name}: {fault['msg']}" if is_secret else f"{name} = {fault.get('input')!r}: {fault['msg']}"


def failpoint() -> str:
    """The fault a test asked for (`BRAID_FAILPOINT`, see engine.faults); empty in production."""
    return os.environ.get("BRAID_FAILPOINT", "")


def _unknown_names(environ: os._Environ[str]) -> Iterator[str]:
    """Pydantic ignores a misspelt top-level variable; a setting that is silently ignored is a fault."""
    known = {f"{PREFIX}{name.upper()}" for name in known_names()}
    for name in environ:
        if name.startswith(PREFIX) and name not in known and name not in OUTSIDE_NAMES:
            near = get_close_matches(name, known, n=1)
            yield f"{name}: no such setting" + (f"; did you mean {near[0]}?" if near else "")


def known_names() -> Iterator[str]:
    """Dotted-by-`__` names of every setting, groups included."""
    for name, field in Settings.model_fields.items():
        yield name
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, _Group):
            yield from (f"{name}__{inner}" for inner in kind.model_fields)


def environment_without_braid() -> dict[str, str]:
    """The environment for a child process whose Braid settings come from elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
