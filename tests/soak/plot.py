"""A sheet of small line plots as SVG: one a measure, the warm-up shaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from tests.soak.slopes import Verdict

WIDTH, HEIGHT, COLUMNS = 300, 110, 3
MARGIN, TITLE = 12, 30


def sheet(
    at_s: Sequence[float], series: Mapping[str, Sequence[float]], verdicts: Mapping[str, Verdict], warm_s: float
) -> str:
    """The whole document."""
    cells = [
        _cell(number, name, at_s, values, verdicts[name], warm_s)
        for number, (name, values) in enumerate(series.items())
    ]
    n_rows = -(-len(cells) // COLUMNS)
    size = f'width="{COLUMNS * (WIDTH + MARGIN)}" height="{n_rows * (HEIGHT + TITLE + MARGIN)}"'
    style = "text{font:11px sans-serif;fill:#333}polyline{fill:none;stroke:#26c;stroke-width:1}rect{fill:#eee}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}><style>{style}</style>{"".join(cells)}</svg>\n'


def _cell(
    number: int, name: str, at_s: Sequence[float], values: Sequence[float], verdict: Verdict, warm_s: float
) -> str:
    row, column = divmod(number, COLUMNS)
    top, span_s = max(*values, 1e-9), max(at_s[-1], 1e-9)
    points = " ".join(
        f"{WIDTH * at / span_s:.1f},{HEIGHT - HEIGHT * value / top:.1f}" for at, value in zip(at_s, values, strict=True)
    )
    says = f"{name}  max {top:,.4g}  {verdict.per_hour:+,.3g}/h  {'flat' if verdict.is_flat else 'GROWS'}"
    place = f"translate({column * (WIDTH + MARGIN)},{row * (HEIGHT + TITLE + MARGIN) + TITLE})"
    return (
        f'<g transform="{place}"><text y="-6">{escape(says)}</text>'
        f'<rect width="{WIDTH * min(warm_s / span_s, 1.0):.1f}" height="{HEIGHT}"/><polyline points="{points}"/></g>'
    )
