"""Shapes of the figures as SVG. Places are (x, y) in pixels from the upper left corner."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

INK, GREY, PAPER = "#1f2937", "#6b7280", "#ffffff"
Place = tuple[float, float]
#: The point of an arrow; `arrow` names it.
_TIP = (
    '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="6" refY="4" orient="auto">'
    f'<path d="M0,1 L7,4 L0,7 z" fill="{INK}"/></marker></defs>'
)


@dataclass(frozen=True)
class Type:
    """How words look. anchor: which part of them stands at their place: start, middle or end."""

    size: int = 12
    colour: str = INK
    anchor: str = "middle"
    bold: bool = False


HEADING = Type(14, bold=True)
NOTE = Type(colour=GREY)


def svg(width: float, height: float, title: str, shapes: Iterable[str]) -> str:
    """The file. title: what a reader without eyes is told."""
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    paper = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    body = "\n".join(shapes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="system-ui, sans-serif">\n'
        f"<title>{escape(title)}</title>\n{_TIP}\n{paper}\n{body}\n</svg>\n"
    )


def box(at: Place, size: Place, fill: str, radius: int = 8) -> str:
    """A rectangle with round corners."""
    return (
        f'<rect x="{at[0]:g}" y="{at[1]:g}" width="{size[0]:g}" height="{size[1]:g}" rx="{radius}" '
        f'fill="{fill}" stroke="{INK}"/>'
    )


def words(at: Place, said: str, look: Type) -> str:
    """One line of text, its base line at the place."""
    weight = ' font-weight="600"' if look.bold else ""
    return (
        f'<text x="{at[0]:g}" y="{at[1]:g}" font-size="{look.size}" fill="{look.colour}" '
        f'text-anchor="{look.anchor}"{weight}>{escape(said)}</text>'
    )


def line(places: Sequence[Place], colour: str = INK, width: float = 1, dashes: str = "") -> str:
    """From place to place."""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width:g}"{dashed}/>'


def arrow(*places: Place) -> str:
    """From place to place, with a point at the last."""
    return line(places).replace("/>", ' marker-end="url(#tip)"/>')
