"""`braid keys`: make an API key, or the hash of one that exists."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Mapping
from typing import Annotated, Final, get_args

import typer
from pydantic import ValidationError

from streams.errors import UsageError
from streams.serve.api_keys import KeyGrant, KeyRing, Role, check_name, hash_of
from streams.settings import ApiKey, WriteKey

app = typer.Typer(no_args_is_help=True, help="Make API keys; only their hashes are configured.")

#: So that scanners for leaked secrets can be told what a key looks like.
PREFIX: Final = "braid_"
KEY_BYTES: Final = 32

RoleOption = Annotated[str, typer.Option(help="read, analyst, erase, audit, metrics or admin.")]
NameOption = Annotated[str, typer.Option(help="What metrics and the audit call it, for example shop-site.")]
PlatformOption = Annotated[list[str] | None, typer.Option("--platform", help="Only people of it; may be repeated.")]
ExpiresOption = Annotated[str, typer.Option(help="RFC 3339 time from which it is refused; empty: never.")]


@app.command()
def new(
    role: RoleOption = "read", name: NameOption = "", platform: PlatformOption = None, expires: ExpiresOption = ""
) -> None:
    """Make a key of 256 random bits. It is printed once; the configuration gets its hash.

    The key alone goes to standard output, everything else to standard error.

    Example: braid keys new --role read --name shop-site --expires 2027-01-01T00:00:00Z
    """
    _check(role, name, platform or [], expires)
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    said: dict[str, object] = {"role": role, "name": name, "platforms": platform or [], "expires": expires}
    line = json.dumps({hash_of(key): {field: value for field, value in said.items() if value}})
    typer.echo(key)
    typer.echo("The key is shown this once. Configure its hash, beside those that are there:", err=True)
    typer.echo(f"BRAID_API__KEYS='{line}'", err=True)


@app.command()
def write(
    platform: Annotated[str, typer.Option(help="Whose events it publishes, for example shop.")],
    name: NameOption = "",
    expires: ExpiresOption = "",
) -> None:
    """Make a write key of `braid ingest`: it publishes the events of one platform and nothing else.

    The key alone goes to standard output, everything else to standard error.

    Example: braid keys write --platform shop --name shop-sdk
    """
    said = {"platform": platform, "name": name, "expires": expires}
    given = {field: value for field, value in said.items() if value}
    _check_fields(WriteKey, given)
    if name:
        check_name(name, "--name")
    key = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    typer.echo(key)
    typer.echo("The key is shown this once. Configure its hash, beside those that are there:", err=True)
    typer.echo(f"BRAID_INGEST_API__KEYS='{json.dumps({hash_of(key): given})}'", err=True)


@app.command("hash")
def hash_() -> None:
    """Read a key from standard input and print what stands for it in BRAID_API__KEYS or BRAID_INGEST_API__KEYS.

    Example: braid keys hash < key.txt
    """
    typer.echo(hash_of(sys.stdin.readline().strip()))


def _check(role: str, name: str, platforms: list[str], expires: str) -> None:
    """What serve would refuse later is refused now."""
    if role not in get_args(Role):
        raise UsageError(f"--role {role}: no such role; use {', '.join(get_args(Role))}")
    _check_fields(ApiKey, {"role": role, "platforms": platforms, **({"expires": expires} if expires else {})})
    KeyRing({hash_of(PREFIX + secrets.token_urlsafe(KEY_BYTES)): KeyGrant("read", name)})


def _check_fields(kind: type[ApiKey | WriteKey], said: Mapping[str, object]) -> None:
    try:
        kind.model_validate(said)
    except ValidationError as error:
        fault = error.errors()[0]
        option = {"expires": "--expires"}.get(str(fault["loc"][0]), "--platform")
        raise UsageError(f"{option} {fault['input']}: {fault['msg']}") from error
