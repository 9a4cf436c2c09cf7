"""A picture of a report: HR@10 with its interval, a panel for each protocol."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from streams.errors import Unavailable, UsageError
from streams.evaluation.evaluating import ALL, OURS, Report

SUFFIXES: Final = (".png", ".svg", ".pdf")
#: Blue and grey of Okabe and Ito's palette: told apart by everybody.
_OURS, _OTHERS = "#0072B2", "#999999"
_ACROSS: Final = 2


def check_plot(file: Path) -> None:
    """Say before a long run that its picture could not be drawn. Raises UsageError, Unavailable."""
    if file.suffix not in SUFFIXES:
        raise UsageError(f"--plot {file}: give a file that ends in {', '.join(SUFFIXES)}")
    _pyplot()


def plot(report: Report, file: Path) -> None:
    """Write the picture. Raises Unavailable without matplotlib."""
    pyplot = _pyplot()
    protocols = list(dict.fromkeys(row["protocol"] for row in report.rows))
    across = min(len(protocols), _ACROSS)
    down = -(-len(protocols) // across)
    figure, grid = pyplot.subplots(down, across, figsize=(6.0 * across, 3.2 * down), squeeze=False)
    panels = list(grid.flat)
    for unused in panels[len(protocols) :]:
        unused.set_visible(False)
    for panel, protocol in zip(panels[: len(protocols)], protocols, strict=True):
        _panel(panel, [row for row in report.rows if row["protocol"] == protocol and row["platform"] == ALL])
    figure.tight_layout()
    # Without a date the same report gives the same bytes.
    figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)
    pyplot.close(figure)


def _panel(panel: Any, rows: list[dict[str, Any]]) -> None:
    rows = sorted(rows, key=lambda row: float(row["hr10"]))
    values = [row["hr10"] for row in rows]
    errors = [[row["hr10"] - row["ci95"][0] for row in rows], [row["ci95"][1] - row["hr10"] for row in rows]]
    names = [row["method"].replace("_", " ") for row in rows]
    colours = [_OURS if row["method"] == OURS else _OTHERS for row in rows]
    panel.barh(names, values, xerr=errors, color=colours, error_kw={"elinewidth": 1, "capsize": 2})
    for place, (value, (_, high)) in enumerate(zip(values, (row["ci95"] for row in rows), strict=True)):
        panel.annotate(
            f"{value:.4f}", (high, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=7
        )
    panel.set_title(f"{rows[0]['protocol']}, {rows[0]['n']:,} targets", fontsize=10)
    panel.set_xlabel("HR@10, 95 % interval", fontsize=8)
    panel.set_xlim(0, 1.25 * max(*(row["ci95"][1] for row in rows), 1e-6))
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def _pyplot() -> Any:
    try:
        import matplotlib as mpl  # noqa: PLC0415 - an extra: only who wants a picture needs it
    except ImportError:
        raise Unavailable("--plot: matplotlib is not installed; pip install 'braid-profiles[evaluate]'") from None
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    return plt
