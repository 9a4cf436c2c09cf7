"""The end of a demo: three people a reader can check, what they are recommended elsewhere and why, and one event."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from streams.cli.api_client import ApiClient
from streams.simulation import Person, Simulation

_N_ITEMS: Final = 3
_N_TAGS: Final = 6
_PATIENCE_S: Final = 10.0
#: What each person is asked to be recommended on: platforms that they are not (only) on.
_ELSEWHERE: Final = ("video", "news", "shop", "social", "music")

Send = Callable[[dict[str, Any]], None]


class Story:
    """Tells what the API answers; counts the recommendations it showed."""

    def __init__(self, console: Console, api: ApiClient, simulation: Simulation) -> None:
        self._console = console
        self._api = api
        self._simulation = simulation
        self.n_recommended = 0

    def tell_people(self) -> None:
        """The three people of the story, an account each."""
        for person in self._simulation.story():
            platform = next(iter(person.accounts))
            profile = self._profile(person, platform)
            if profile is None:
                self._console.print(f"{person.name} did nothing in so few events; try --events 6000")
                continue
            self._console.print(
                Panel(
                    f"{person.story}\n"
                    f"[bold]{platform}[/] account, {profile['events_applied']} events, revision {profile['revision']}, "
                    f"confidence {profile['quality']['confidence']:.0%}\n"
                    f"interests: {_tags(profile)}",
                    title=person.name,
                    title_align="left",
                    width=100,
                )
            )
            self._console.print(self._recommendations(profile["profile_id"], platform))

    def tell_one_event(self, send: Send) -> None:
        """One more event of one person, and what it changed."""
        person = self._simulation.story()[1]
        before = self._profile(person, "shop")
        item = next(
            entry
            for entry in self._simulation.catalogue.items
            if entry.platform == "shop" and entry.topic == "camping" and entry.language == "en"
        )
        event = self._simulation.event(person, "shop.order.completed", time.time(), item=item, quantity=1)  # noqa: TID251
        sent_s = time.monotonic()
        send(event)
        after = self._wait_for_newer(person, "shop", 0 if before is None else before["revision"])
        if after is None:
            self._console.print("the event did not reach a profile in time; look at the worker's metrics")
            return
        self._console.print(
            Panel(
                f"before  {_revision(before)}{_tags(before)}\n"
                f"event   {event['type']}: {item.item.title}\n"
                f"after   {_revision(after)}{_tags(after)}\n"
                f"moved   {_moved(before, after)}\n"
                f"why     trigger {', '.join(after['change']['trigger_ids'])}, "
                f"readable over HTTP {1000 * (time.monotonic() - sent_s):.0f} ms after it was sent",
                title=f"one event: {person.name} buys something new",
                title_align="left",
                width=100,
            )
        )

    def _wait_for_newer(self, person: Person, platform: str, revision: int) -> dict[str, Any] | None:
        give_up_at_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up_at_s:
            profile = self._profile(person, platform)
            if profile is not None and profile["revision"] > revision:
                return profile
            time.sleep(0.01)
        return None

    def _profile(self, person: Person, platform: str) -> dict[str, Any] | None:
        """None while nothing is known of the person."""
        found = self._api.post("/v1/accounts/lookup", {"platform": platform, "account": person.accounts[platform]})
        return self._api.get(f"/v1/profiles/{found['profile_id']}", {}) if found["known"] else None

    def _recommendations(self, profile_id: str, own: str) -> Table:
        table = Table("on", "recommended", "because this person", "close", box=None, padding=(0, 1), width=100)
        for platform in [name for name in _ELSEWHERE if name != own][:3]:
            query = {"platform": platform, "k": str(_N_ITEMS), "explain": "true"}
            answer = self._api.get(f"/v1/profiles/{profile_id}/recommendations", query)
            for item in answer["items"]:
                self.n_recommended += 1
                events = item.get("reason", {}).get("events", [])
                because = f"{_verb(events[0]['type'])} {events[0]['title']}" if events else answer["basis"]
                close = f"{events[0]['similarity']:.2f}" if events else ""
                table.add_row(platform, item["title"], because, close)
        return table


def _verb(event_type: str) -> str:
    """`shop.order.completed` as a reader says it: `order completed`."""
    return " ".join(event_type.split(".")[1:])


def _revision(profile: dict[str, Any] | None) -> str:
    return "" if profile is None else f"revision {profile['revision']}: "


def _scores(profile: dict[str, Any] | None) -> dict[str, float]:
    """Score by word; a word that is a category and a topic counts once."""
    scores: dict[str, float] = {}
    for tag in profile["tags"] if profile is not None else ():
        scores.setdefault(tag["tag"], tag["score"])
    return scores


def _tags(profile: dict[str, Any] | None) -> str:
    shown = [(word, score) for word, score in _scores(profile).items() if score > 0][:_N_TAGS]
    return ", ".join(f"{word} [dim]{score:.1f}[/]" for word, score in shown) or "none yet"


def _moved(before: dict[str, Any] | None, after: dict[str, Any]) -> str:
    """The words whose score changed most."""
    old = _scores(before)
    moves = {word: score - old.get(word, 0.0) for word, score in _scores(after).items()}
    ranked = sorted(moves.items(), key=lambda move: -abs(move[1]))[:4]
    return ", ".join(f"{word} [bold]{change:+.1f}[/]" + ("" if word in old else " (new)") for word, change in ranked)
