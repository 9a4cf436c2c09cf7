"""`braid state`: a copy of what a stopped worker or serve keeps on its disk, and its way back."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Final

import typer

from streams.adapters.clock import SystemClock
from streams.adapters.folders import writable_folder
from streams.adapters.snapshot_manifest import Manifest, Owner, read_manifest, secret_mark
from streams.adapters.state_snapshots import check_fits, put_back, take
from streams.brokers.topics import TOMBSTONE_RETENTION_DAYS
from streams.domain.decay import DAY_S
from streams.errors import Retryable, Unavailable
from streams.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Keep a copy of the local state, and put it back.")

#: A day is left to start the process and catch up before the topics forget what was deleted.
MAX_AGE_S: Final = (TOMBSTONE_RETENTION_DAYS - 1.0) * DAY_S

DirectoryArgument = Annotated[Path, typer.Argument(help="The folder of the snapshot.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def snapshot(directory: DirectoryArgument, json: JsonOption = False) -> None:
    """Copy the state below BRAID_STATE_DIR of a process that is stopped, with a digest of every file.

    It holds what the state holds about people: keep it where the state may be kept, and delete it after a week.

    Example: braid state snapshot /backup/worker-1
    """
    settings = Settings.load()
    try:
        taken = take(settings.state_dir, directory, _owner(settings), SystemClock().now_s(), MAX_AGE_S)
    except Retryable as error:
        raise Unavailable(f"{error}; stop it first, and name a new folder") from error
    for name in taken.too_old:
        typer.echo(f"{name}: left out, for it is too old to catch up; it comes back from its topic", err=True)
    _tell(taken.manifest, directory, "kept in", json=json)


@app.command()
def restore(directory: DirectoryArgument, json: JsonOption = False) -> None:
    """Put a snapshot back below BRAID_STATE_DIR, where nothing of it may be; the process then catches up by itself.

    Refused are a damaged snapshot, one of another prefix or secret, and one that is older than 6 days.

    Example: braid state restore /backup/worker-1
    """
    settings = Settings.load()
    manifest, owner = read_manifest(directory), _owner(settings)
    previous = [secret_mark(secret) for secret in settings.pseudonym_secrets().previous]
    check_fits(manifest, owner, previous, SystemClock().now_s(), MAX_AGE_S)
    put_back(directory, writable_folder(settings.state_dir, "BRAID_STATE_DIR"), manifest)
    if manifest.owner.encoder != owner.encoder:
        before = manifest.owner.encoder
        typer.echo(f"encoder {before} then, {owner.encoder} now: vectors are made anew (docs/models.md)", err=True)
    _tell(manifest, settings.state_dir, "restored to", json=json)


def _owner(settings: Settings) -> Owner:
    return Owner(settings.topics.prefix, secret_mark(settings.pseudonym_key()), settings.encoder.model)


def _tell(manifest: Manifest, where: Path, what: str, *, json: bool) -> None:
    n_bytes = sum(file.n_bytes for file in manifest.files)
    if json:
        parts = [part.name for part in manifest.parts]
        typer.echo(json_format.dumps({"parts": parts, "n_files": len(manifest.files), "n_bytes": n_bytes}))
        return
    for part in manifest.parts:
        typer.echo(f"{part.name} {what} {where}")
    typer.echo(f"{len(manifest.parts)} folders, {len(manifest.files)} files, {n_bytes:,} bytes", err=True)
