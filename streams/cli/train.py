"""`braid train`: learn how to rank from logged behaviour, and write it as a model with its metrics."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

DataArgument = Annotated[Path, typer.Argument(help="A folder of tables or CloudEvents: docs/evaluation.md.")]
OutOption = Annotated[Path, typer.Option(help="Where the model's folder, named by its content, is written.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of every draw; the same seed gives the same model.")]
NetworksOption = Annotated[int, typer.Option(min=1, max=8, help="How many networks are averaged.")]
VectorsOption = Annotated[
    bool, typer.Option("--vectors/--no-vectors", help="Encode the items: needed for adapter and content weight.")
]
AdapterOption = Annotated[bool, typer.Option("--adapter/--no-adapter", help="Try to learn an adapter of the vectors.")]
DimOption = Annotated[
    int | None, typer.Option("--dim", min=1, help="Shorten vectors to so many dimensions, whether that gains or not.")
]
BalanceOption = Annotated[
    bool, typer.Option("--balance", help="Let people with short and with long histories count alike.")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Learn from what was before this day, UTC.")
]
UseOption = Annotated[bool, typer.Option("--use/--no-use", help="Let `current` name the new model.")]


def train(
    data: DataArgument,
    out: OutOption,
    seed: SeedOption = 0,
    networks: NetworksOption = 3,
    vectors: VectorsOption = True,
    adapter: AdapterOption = True,
    dim: DimOption = None,
    balance: BalanceOption = False,
    until: UntilOption = None,
    use: UseOption = True,
) -> None:
    """Replay logged behaviour, learn to rank what was taken above what was on offer, and write a versioned model.

    Learns the re-ranker, an adapter of the encoder's vectors, and how much content counts. What is latest is held out;
    an adapter that gains nothing there is not written. A serve that watches the folder goes over to the new model.

    Example: braid train ../shared/data/amazon_food_kitchen --out models
    """
    from streams.cli.training_run import Wanted, run  # noqa: PLC0415 - loads torch and numba

    until_s = None if until is None else until.replace(tzinfo=UTC).timestamp()
    run(Wanted(data, out, seed, networks, vectors, adapter and vectors, dim, balance, until_s, use))
