"""How values look on a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from markupsafe import Markup, escape

SHORT_ID: Final = 8


def time_of(at_s: float | None) -> Markup:
    """A moment, UTC; scripts may turn it into the reader's own time.

    >>> time_of(0.0)
    Markup('<time datetime="1970-01-01T00:00:00Z">1970-01-01 00:00:00 UTC</time>')
    """
    if not at_s and at_s != 0.0:
        return Markup("–")
    date, clock = datetime.fromtimestamp(at_s, UTC).isoformat()[:19].split("T")
    return Markup(f'<time datetime="{date}T{clock}Z">{date} {clock} UTC</time>')  # noqa: S704 - digits


def duration(seconds: float) -> str:
    """A length of time in two digits or so.

    >>> [duration(s) for s in (0.0, 0.25, 12.3, 95, 7300, 200_000)]
    ['0 s', '250 ms', '12 s', '1.6 min', '2.0 h', '2.3 d']
    """
    if seconds < 1.0:
        return f"{seconds * 1000:.0f} ms" if seconds else "0 s"
    for size, unit in ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def percent(share: float) -> str:
    """A share in [0, 1].

    >>> percent(0.123), percent(1.0), percent(0.0004)
    ('12.3 %', '100 %', '0.04 %')
    """
    value = share * 100.0
    digits = 0 if value in {0.0, 100.0} else 1 if value >= 1.0 else 2
    return f"{value:.{digits}f} %"


def count(number: float) -> str:
    r"""A number of things, with thin spaces between thousands.

    >>> count(1234567)
    '1\u202f234\u202f567'
    """
    return f"{number:,.0f}".replace(",", "\u202f")


def score(value: float) -> str:
    """A signed figure in three digits.

    >>> score(0.12345), score(-12.3), score(0.0)
    ('0.123', '−12.3', '0')
    """
    return f"{value:.3g}".replace("-", "−")


def short_id(identifier: str) -> str:
    """The head of a hash, enough for people to tell two apart."""
    return identifier[:SHORT_ID]


def breakable(name: str) -> Markup:
    """A name with dots that a line may be broken behind, escaped.

    >>> str(breakable("shop.order.<b>"))
    'shop.<wbr>order.<wbr>&lt;b&gt;'
    """
    return escape(name).replace(".", Markup(".<wbr>"))


FILTERS: Final[dict[str, Callable[..., str]]] = {
    "time": time_of, "duration": duration, "percent": percent, "count": count, "score": score, "short_id": short_id,
    "breakable": breakable,
}  # fmt: skip
