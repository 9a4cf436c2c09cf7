"""The end of a demo: three people a reader can check, what they are recommended elsewhere and why, and one event."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from streams.cli.api_client import ApiClient
from streams.domain.events import event_id
from streams.simulation import Person, Simulation

_N_ITEMS: Final = 3
_N_TAGS: Final = 6
_PATIENCE_S: Final = 10.0
#: What each person is asked to be recommended on: platforms that they are not (only) on.
_ELSEWHERE: Final = ("video", "news", "shop", "social", "music")

#: Somebody the simulation does not know, and what they turn out to like.
_FIRST_LOVE: Final = "astronomy"
_NEWCOMER: Final = Person(
    name="Noor",
    language="en",
    chinese_share=0.0,
    pace=1.0,
    accounts={"shop": "c-first-visit"},
    interests=(),
    dislike="",
)

Send = Callable[[dict[str, Any]], None]


class Story:
    """Tells what the API answers; counts the recommendations it showed."""

    def __init__(
        self, console: Console, api: ApiClient, simulation: Simulation, published: Mapping[str, int]
    ) -> None:
        """published: the last revision of every profile, which serve may be a moment behind of."""
        self._published = published
        self._console = console
        self._api = api
        self._simulation = simulation
        self.n_recommended = 0

    def tell_people(self) -> None:
        """The three people of the story, an account each."""
        for person in self._simulation.story():
            platform = self._busiest(person)
            profile = self._served(person, platform)
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
        """Somebody new, their first event, and what it changed."""
        items = self._simulation.catalogue.items
        item = next(entry for entry in items if (entry.platform, entry.topic) == ("shop", _FIRST_LOVE))
        now_s = time.time()  # noqa: TID251
        event = self._simulation.event(_NEWCOMER, "shop.order.completed", now_s, item=item, quantity=1)
        before = self._recommended_on("video", self._id_of(_NEWCOMER, "shop"))
        sent_s = time.monotonic()
        send(event)
        after = self._wait_for_trigger(event_id(event["source"], event["id"]).hex())
        if after is None:
            self._console.print("the event did not reach a profile in time; look at the worker's metrics")
            return
        waited_ms = 1000 * (time.monotonic() - sent_s)
        now = self._recommended_on("video", after["profile_id"])
        self._console.print(
            Panel(
                f"before  nothing known, so what is popular now on video:\n        {_titles(before)}\n"
                f"event   {event['type']}: {item.item.title}\n"
                f"after   revision {after['revision']}, cold start {after['quality']['cold_start']}, "
                f"interests: {_tags(after)}\n        {_titles(now)}\n"
                f"why     trigger {after['change']['trigger_ids'][0]}; readable {waited_ms:.0f} ms after sending",
                title=f"one event: {_NEWCOMER.name}, never seen before, buys something",
                title_align="left",
                width=100,
            )
        )

    def _busiest(self, person: Person) -> str:
        """The platform of the account with most revisions: the one with most to tell."""
        return max(person.accounts, key=lambda platform: self._published.get(self._id_of(person, platform), 0))

    def _served(self, person: Person, platform: str) -> dict[str, Any] | None:
        """The profile once serve has its last published revision; None when nothing was published."""
        revision = self._published.get(self._id_of(person, platform))
        give_up_at_s = time.monotonic() + _PATIENCE_S
        while revision is not None and time.monotonic() < give_up_at_s:
            profile = self._profile(person, platform)
            if profile is not None and profile["revision"] >= revision:
                return profile
            time.sleep(0.02)
        return None

    def _wait_for_trigger(self, trigger: str) -> dict[str, Any] | None:
        give_up_at_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < give_up_at_s:
            profile = self._profile(_NEWCOMER, "shop")
            if profile is not None and trigger in profile["change"]["trigger_ids"]:
                return profile
            time.sleep(0.01)
        return None

    def _recommended_on(self, platform: str, profile_id: str) -> dict[str, Any]:
        query = {"platform": platform, "k": str(_N_ITEMS), "explain": "true"}
        answer = self._api.get(f"/v1/profiles/{profile_id}/recommendations", query)
        self.n_recommended += len(answer["items"])
        return answer

    def _id_of(self, person: Person, platform: str) -> str:
        found = self._api.post("/v1/accounts/lookup", {"platform": platform, "account": person.accounts[platform]})
        return str(found["profile_id"])

    def _profile(self, person: Person, platform: str) -> dict[str, Any] | None:
        """None while nothing is known of the person."""
        found = self._api.post("/v1/accounts/lookup", {"platform": platform, "account": person.accounts[platform]})
        return self._api.get(f"/v1/profiles/{found['profile_id']}", {}) if found["known"] else None

    def _recommendations(self, profile_id: str, own: str) -> Table:
        table = Table("on", "recommended", "because this person", "close", box=None, padding=(0, 1), width=100)
        for platform in [name for name in _ELSEWHERE if name != own][:3]:
            answer = self._recommended_on(platform, profile_id)
            for item in answer["items"]:
                events = item.get("reason", {}).get("events", [])
                because = f"{_verb(events[0]['type'])} {events[0]['title']}" if events else answer["basis"]
                close = f"{events[0]['similarity']:.2f}" if events else ""
                table.add_row(platform, item["title"], because, close)
        return table


def _verb(event_type: str) -> str:
    """`shop.order.completed` as a reader says it: `order completed`."""
    return " ".join(event_type.split(".")[1:])


def _titles(answer: dict[str, Any]) -> str:
    return " · ".join(item["title"] for item in answer["items"]) or "nothing yet"


def _scores(profile: dict[str, Any] | None) -> dict[str, float]:
    """Score by word; a word that is a category and a topic counts once."""
    scores: dict[str, float] = {}
    for tag in profile["tags"] if profile is not None else ():
        scores.setdefault(tag["tag"], tag["score"])
    return scores


def _tags(profile: dict[str, Any] | None) -> str:
    shown = [(word, score) for word, score in _scores(profile).items() if score > 0][:_N_TAGS]
    return ", ".join(f"{word} [dim]{score:.1f}[/]" for word, score in shown) or "none yet"
