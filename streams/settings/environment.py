"""The only reader of the environment: `BRAID_*` variables (nested by `__`) over `braid.toml` over defaults."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from streams.domain.pseudonyms import Secrets
from streams.errors import UsageError
from streams.settings.group import Group
from streams.settings.people import Consent, Guards, Identity, Intent, Meaning, Profile, Pseudonym, Segments
from streams.settings.pipeline import DeadLetterOriginals, EncoderChoice, Engine, Ingest, Kafka, Metrics, Topics
from streams.settings.serving import Api, Console, Index, IngestApi, Mcp, Recommend

PREFIX = "BRAID_"
TOML_FILE = "braid.toml"
#: Read by tests and benchmarks, or naming another file; not settings of the product.
OUTSIDE_NAMES = frozenset(
    {"BRAID_BENCH_DATA", "BRAID_CONFIG", "BRAID_FAILPOINT", "BRAID_TEST_DEVICE", "BRAID_TEST_KAFKA"}
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
        if isinstance(kind, type) and issubclass(kind, Group):
            yield from (f"{name}__{inner}" for inner in kind.model_fields)


def environment_without_braid() -> dict[str, str]:
    """The environment for a child process whose Braid settings come from elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
