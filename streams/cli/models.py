"""`braid models`: which ranking models there are, and which one serves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from streams.ranking import model_files

app = typer.Typer(no_args_is_help=True, help="See which ranking models there are, and choose the one that serves.")

DirectoryArgument = Annotated[Path, typer.Argument(help="The folder that `braid train --out` wrote to.")]


@app.command(name="list")
def list_models(directory: DirectoryArgument) -> None:
    """List the models of a folder, with what each was made from and reached; * marks the one in use.

    Example: braid models list models
    """
    table = Table("", Column("model", no_wrap=True), "made from", "encoder", "adapter", "content", "hits")
    for each in model_files.models_in(directory):
        table.add_row(
            "*" if each.is_current else "",
            each.name,
            str(each.described.created_from.get("data", "")),
            each.described.encoder or "-",
            (each.described.adapter or "-").rpartition("+")[2],
            f"{each.described.content_weight:g}",
            _hits(each.metrics),
        )
    Console().print(table)


@app.command()
def use(directory: DirectoryArgument, name: Annotated[str, typer.Argument(help="A model of `list`.")]) -> None:
    """Let a model be the one that serves; a serve that watches `<directory>/current` goes over to it.

    Example: braid models use models model-0123456789ab
    """
    before = model_files.current_of(directory)
    model_files.use(directory, name)
    typer.echo(f"{directory / model_files.CURRENT}: {name} (before: {before or 'none'})")


def _hits(metrics: Any) -> str:
    hits = metrics.get("reranker", {}).get("hits")
    return "" if hits is None else f"{hits:.1%}"
