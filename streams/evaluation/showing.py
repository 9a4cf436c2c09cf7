"""A report for people: tables for the terminal, Markdown for a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from streams.evaluation.evaluating import ALL, Report
from streams.evaluation.figures import Row

#: More than these and the terminal is too narrow; the files have them all.
MAX_PLATFORMS: Final = 3
_ONLY_IN_JSON: Final = ("ndcg10_ci95", "mrr_ci95")


def tables(report: Report) -> Iterator[Table]:
    """A table for each protocol: HR@10 by platform where there are few, and everything over all of them."""
    for protocol in dict.fromkeys(row["protocol"] for row in report.rows):
        rows = [row for row in report.rows if row["protocol"] == protocol]
        yield _table(protocol, rows)
    if report.comparisons:
        yield _comparisons([row for row in report.comparisons if row["platform"] == ALL])


def _table(protocol: str, rows: Sequence[Row]) -> Table:
    totals = [row for row in rows if row["platform"] == ALL]
    platforms = [name for name in dict.fromkeys(row["platform"] for row in rows) if name != ALL]
    platforms = platforms if 1 < len(platforms) <= MAX_PLATFORMS else []
    table = Table(
        title=f"{protocol}, {totals[0]['n']:,} targets",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    table.add_column("HR@10", no_wrap=True)
    for name in [*platforms, "all", "± 95 %", "NDCG", "MRR", "cover", "div", "bits"]:
        table.add_column(name, justify="right", no_wrap=True)
    best = max(row["hr10"] for row in totals)
    for row in totals:
        of_method = {each["platform"]: each for each in rows if each["method"] == row["method"]}
        cells = [*(_short(of_method[name]["hr10"]) for name in platforms), *_cells(row)]
        table.add_row(row["method"], *cells, style="bold" if row["hr10"] == best else None)
    return table


def _comparisons(rows: Sequence[Row]) -> Table:
    table = Table(
        title="HR@10 of Braid against the others, target by target",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=0,
        show_edge=False,
    )
    for name in ("protocol", "against", "times", "more by", "95 %"):
        table.add_column(name, justify="left" if name in {"protocol", "against"} else "right", no_wrap=True)
    for row in rows:
        figures = (_rough(row["hr10_ratio"]), _short(row["hr10_difference"]), _short(row["ci95"]))
        table.add_row(row["protocol"], row["against"], *figures)
    return table


def sentiment_table(rows: Sequence[Row]) -> Table:
    """One row for each split and method."""
    names = ("set", "split", "method", "n", "accuracy", "precision", "recall", "f1")
    table = Table(title="sentiment", title_justify="left")
    for name in names:
        table.add_column(name, justify="left" if name in {"set", "split", "method"} else "right")
    for row in rows:
        table.add_row(*(_short(row.get(name)) for name in names))
    return table


def markdown(report: Report) -> str:
    """The whole report as Markdown tables."""
    lines = ["# Evaluation", "", ", ".join(f"{name} {value}" for name, value in report.settings.items())]
    sections = (
        ("Accuracy", report.rows),
        ("Braid against each other method", report.comparisons),
        ("By group", report.groups),
        ("Fairness", report.fairness),
    )
    for title, rows in sections:
        names = [name for name in dict.fromkeys(name for row in rows for name in row) if name not in _ONLY_IN_JSON]
        if rows:
            lines += ["", f"## {title}", "", f"| {' | '.join(names)} |", f"|{'---|' * len(names)}"]
            lines += [f"| {' | '.join(_short(row.get(name)) for name in names)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    low, high = row["ci95"]
    others = [_short(row[name]) for name in ("ndcg10", "mrr", "coverage")]
    return [
        _short(row["hr10"]),
        _short((high - low) / 2),
        *others,
        _rough(row["diversity"]),
        _rough(row["novelty"]),
    ]


def _short(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple | list):
        return " … ".join(_short(each) for each in value)
    return f"{value:.4f}".removeprefix("0") if isinstance(value, float) else str(value)


def _rough(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
