"""The figures of `docs/concepts.md`, written by `python -m docs.generate`: curves are computed by what they explain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from docs.svg import GREY, HEADING, NOTE, Place, Type, arrow, box, line, svg, words
from streams.domain.actions import BUILT_IN
from streams.domain.decay import DAY_S, DecayedSum
from streams.settings import Profile

FILLS: Final = {"shop": "#dbeafe", "video": "#fde68a", "social": "#dcfce7"}
TOPIC, STAGE = "#f3f4f6", "#dbeafe"
LONG, SHORT = "#1d4ed8", "#c2410c"
BEFORE, BEHIND = Type(colour=GREY, anchor="end"), Type(colour=GREY, anchor="start")
#: Of the figure of a sum that fades: (day, what somebody did), none of which is scaled by a signal.
DEEDS: Final = ((4, "product.viewed"), (16, "post.liked"), (30, "wishlist.added"), (46, "article.disliked"))
LAST_DAY: Final = 70


def drawn() -> dict[str, str]:
    """Path below docs -> SVG."""
    return {
        "pictures/way.svg": svg(966, 276, "The way of an event", _way()),
        "pictures/fading.svg": svg(800, 330, "A sum that fades", _fading()),
        "pictures/accounts.svg": svg(910, 270, "Accounts of one person", _accounts()),
    }


def _way() -> Iterator[str]:
    """One event from its platform to an answer. Square: topics; round: what runs."""
    stations = (
        ("events.shop", "what a platform", "says, as it came"),
        ("normalise", "checks, cleans, masks,", "hides the account's id"),
        ("profile", "folds the event into", "its person's sums"),
        ("profiles", "one record a person,", "the latest"),
        ("serve", "index and local views;", "HTTP, console, tools"),
    )
    for number, (name, *said) in enumerate(stations):
        x, is_topic = 16 + 194 * number, number in {0, 3}
        yield box((x, 60), (158, 84), TOPIC if is_topic else STAGE, 0 if is_topic else 8)
        yield words((x + 79, 86), name, HEADING)
        yield from (words((x + 79, 108 + 18 * n), part, Type()) for n, part in enumerate(said))
        if number:
            yield arrow((x - 34, 102), (x - 3, 102))
    yield words((386, 52), "user-events", NOTE)
    for x, fill, name, what in ((16, TOPIC, "items", "what there is"), (210, STAGE, "catalogue", "a vector for each")):
        yield box((x, 190), (158, 66), fill, 0 if fill == TOPIC else 8)
        yield words((x + 79, 216), name, HEADING)
        yield words((x + 79, 238), what, Type())
    yield arrow((176, 223), (207, 223))
    yield arrow((370, 223), (871, 223), (871, 147))
    yield arrow((483, 223), (483, 147))
    yield words((677, 214), "item-vectors", NOTE)
    yield arrow((289, 58), (289, 24), (408, 24))
    yield words((416, 28), "dead-letters: what can never be used, with place and reason", BEHIND)


def _fading() -> Iterator[str]:
    """The sum behind one tag: what four events bring and time takes, with both half-lives."""
    left, top, width, height, least, most = 56.0, 46.0, 720.0, 230.0, -4.0, 8.0

    def at(day: float, value: float) -> Place:
        return left + day / LAST_DAY * width, top + height * (most - value) / (most - least)

    yield line([at(0, most), at(0, least)])
    yield line([at(0, 0), at(LAST_DAY, 0)])
    yield from (words((left - 10, at(0, value)[1] + 4), f"{value}", BEFORE) for value in range(-4, 9, 2))
    yield from (words((at(day, 0)[0], top + height + 18), f"{day}", NOTE) for day in range(0, LAST_DAY + 1, 10))
    yield words((left + width / 2, top + height + 38), "days", NOTE)
    for day, name in DEEDS:
        yield line([at(day, most), at(day, least)], GREY, dashes="2 4")
        yield words((at(day, most)[0], top - 10), f"{name} {BUILT_IN[name].weight:+g}", Type())
    rules = Profile()
    for days, colour, what in (
        (rules.long_half_life_days, LONG, "tags, long vector"),
        (rules.short_half_life_days, SHORT, "short vector"),
    ):
        yield line([at(day, value) for day, value in _sums(days)], colour, 2)
        place = (left + width, at(0, 3.4 if colour == LONG else -0.9)[1])
        yield words(place, f"half-life {days:g} days: {what}", Type(colour=colour, anchor="end"))


def _sums(half_life_days: float) -> Iterator[Place]:
    """(day, sum) along the days, before and after each event."""
    fading, left = DecayedSum(half_life_days * DAY_S), list(DEEDS)
    for quarter in range(LAST_DAY * 4 + 1):
        day = quarter / 4
        yield day, fading.at(day * DAY_S)
        while left and left[0][0] <= day:
            came, name = left.pop(0)
            fading.add(came * DAY_S, BUILT_IN[name].weight)
            yield day, fading.at(day * DAY_S)


def _accounts() -> Iterator[str]:
    """Three accounts: before a link, linked, and one of them taken out again."""
    columns = (
        ("nobody knows", (("shop",), ("video",), ("social",))),
        ("identity.linked", (("shop", "video", "social"),)),
        ("identity.unlinked social", (("shop", "video"), ("social",))),
    )
    events = {"shop": 20, "video": 31, "social": 53}
    for number, (title, people) in enumerate(columns):
        left, y = 20.0 + 310 * number, 56.0
        yield words((left + 125, 34), title, HEADING)
        for accounts in people:
            height = 44.0 * len(accounts) + 12
            yield box((left, y), (250, height), TOPIC)
            for place, platform in enumerate(accounts):
                yield box((left + 10, y + 10 + 44 * place), (128, 36), FILLS[platform])
                yield words((left + 74, y + 33 + 44 * place), f"{platform}: {events[platform]}", Type(13))
            yield words((left + 194, y + height / 2 + 5), f"{sum(events[each] for each in accounts)} events", Type(13))
            y += height + 14
        if number:
            yield arrow((left - 52, 128), (left - 8, 128))
