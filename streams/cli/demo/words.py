"""Profiles and recommendations as lines for a reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from rich.panel import Panel
from rich.table import Table

from streams.cli.demo.served import Served

WIDTH: Final = 100
_N_TAGS: Final = 6


def panel(title: str, text: str) -> Panel:
    """A box as wide as all others."""
    return Panel(text, title=title, title_align="left", width=WIDTH)


def recommendations(served: Served, profile_id: str, platforms: Iterable[str]) -> Table:
    """What each platform would show, and the nearest thing the person did, on another platform where there is one."""
    table = Table(box=None, padding=(0, 1), width=WIDTH)
    for name, ratio in (("on", None), ("recommended", 5), ("because of", 7), ("close", None)):
        table.add_column(name, ratio=ratio, no_wrap=True)
    for platform in platforms:
        answer = served.recommended_on(platform, profile_id)
        for item in answer["items"]:
            events = item.get("reason", {}).get("events", [])
            event = next((event for event in events if event["platform"] != platform), events[0] if events else None)
            because = f"{verb(event['type'])} {event['title']}" if event else answer["basis"]
            table.add_row(platform, item["title"], because, f"{event['similarity']:.2f}" if event else "")
    return table


def verb(event_type: str) -> str:
    """`shop.order.completed` as a reader says it: `shop: order completed`."""
    platform, *action = event_type.split(".")
    return f"{platform}: {' '.join(action)}"


def titles(answer: dict[str, Any]) -> str:
    """Recommended items by their names."""
    return " · ".join(item["title"] for item in answer["items"]) or "nothing yet"


def interests(profile: dict[str, Any], n_tags: int = _N_TAGS) -> str:
    """The strongest tags with their scores; a word that is a category and a topic counts once."""
    scores: dict[str, float] = {}
    for tag in profile["tags"]:
        scores.setdefault(tag["tag"], tag["score"])
    shown = [(word, score) for word, score in scores.items() if score > 0][:n_tags]
    return ", ".join(f"{word} [dim]{score:.1f}[/]" for word, score in shown) or "none yet"


def main_interests(profile: dict[str, Any], n: int = 4) -> str:
    """The interests that are kept apart, the largest first, each with the platforms that it was learnt on."""
    kept = sorted(profile["vectors"]["interests"], key=lambda interest: -interest["mass"])[:n]
    told = []
    for interest in kept:
        platforms = dict.fromkeys(event["type"].partition(".")[0] for event in interest["evidence"])
        told.append(f"{interest['label']} [dim]({', '.join(platforms)})[/]")
    return "; ".join(told) or "none yet"


def shares(profile: dict[str, Any]) -> str:
    """How much of the profile each platform made, and by how many events."""
    blocks = sorted(profile["platforms"].items(), key=lambda entry: -entry[1]["share"])
    return ", ".join(f"{name} {block['share']:.0%} ({sum(block['counts'].values())} events)" for name, block in blocks)
