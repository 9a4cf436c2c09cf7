"""`braid evaluate`: how good the recommendations and the readings of texts are, measured on logged data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Split = Literal["test", "valid"]
DataArgument = Annotated[
    Path, typer.Argument(help="A folder of tables or CloudEvents, or a file of labelled texts: docs/evaluation.md.")
]
ProtocolsOption = Annotated[str, typer.Option(help="Some, with commas, like P1,P2; default: those the data allow.")]
MethodsOption = Annotated[str, typer.Option(help="Some, with commas, like braid,popularity; default: all but some.")]
SplitOption = Annotated[Split, typer.Option(help="`valid` asks about earlier events: what parameters are chosen on.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Of every draw; the same seed gives the same figures.")]
LimitOption = Annotated[int | None, typer.Option(min=1, help="Most targets of a protocol, drawn, for a quick look.")]
JsonOption = Annotated[
    Path | None, typer.Option("--json", help="Write {rows, groups, comparisons, fairness, settings}.")
]
PlotOption = Annotated[Path | None, typer.Option("--plot", help="Draw HR@10 of every method: .png, .svg or .pdf.")]
ReportOption = Annotated[Path | None, typer.Option("--report", help="Write all tables as Markdown.")]
MetricsOption = Annotated[Path | None, typer.Option("--metrics", help="Write hit rates and fairness for Prometheus.")]

VectorsOption = Annotated[bool, typer.Option("--vectors", help="Read labelled texts with the encoder's vectors too.")]


def evaluate(
    data: DataArgument,
    protocols: ProtocolsOption = "",
    methods: MethodsOption = "",
    split: SplitOption = "test",
    seed: SeedOption = 0,
    limit_targets: LimitOption = None,
    json_file: JsonOption = None,
    plot_file: PlotOption = None,
    report_file: ReportOption = None,
    metrics_file: MetricsOption = None,
    vectors: VectorsOption = False,
) -> None:
    """Replay logged behaviour in time, let each method rank what comes next, and compare; or score readings of texts.

    No method is told an event at or after the time of what it has to foretell.

    Example: braid evaluate ../shared/data/amazon_food_kitchen --protocols P1,P3 --json figures.json
    """
    from streams.cli.evaluation_run import Files, Wanted, run  # noqa: PLC0415 - loads scipy and numba

    wanted = Wanted(data, _names(protocols), _names(methods), split, seed, limit_targets, vectors)
    run(wanted, Files(json_file, plot_file, report_file, metrics_file))


def _names(said: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in said.split(",") if name.strip())
