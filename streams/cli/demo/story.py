"""The end of a demo, second part: people a reader can check, what they are recommended and why, and one event."""

from __future__ import annotations

import time
from typing import Final

from rich.console import Console

from streams.cli.demo.one_person import Send
from streams.cli.demo.served import Answer, Served
from streams.cli.demo.words import interests, panel, recommendations, shares, titles
from streams.domain.events import event_id
from streams.simulation import Person, Simulation

#: What people are asked to be recommended on; those that they are not on come first.
_PLATFORMS: Final = ("video", "news", "shop", "social", "music")
_N_PLATFORMS: Final = 2

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


class Story:
    """Tells what the API answers."""

    def __init__(self, console: Console, served: Served, simulation: Simulation) -> None:
        self._console, self._served, self._simulation = console, served, simulation

    def tell_people(self) -> None:
        """The people of the story whose accounts are linked."""
        for person in self._simulation.story():
            if not person.is_known:
                continue
            profile = self._profile(person)
            if profile is None:
                self._console.print(f"{person.name} did nothing in so few events; try --events 6000")
                continue
            known = "linked by a provider" if person.is_linked else "with the same `userid` on their events"
            self._console.print(
                panel(
                    f"{person.name}: one profile of {len(profile['platforms'])} accounts {known}",
                    f"{person.story}\n"
                    f"{profile['events_applied']} events, revision {profile['revision']}, "
                    f"confidence {profile['quality']['confidence']:.0%}; made by {shares(profile)}\n"
                    f"interests  {interests(profile)}",
                )
            )
            elsewhere = sorted(_PLATFORMS, key=lambda platform: platform in person.accounts)[:_N_PLATFORMS]
            self._console.print(recommendations(self._served, profile["profile_id"], elsewhere))

    def tell_one_event(self, send: Send) -> None:
        """Somebody new, their first event, and what it changed."""
        items = self._simulation.catalogue.items
        item = next(entry for entry in items if (entry.platform, entry.topic) == ("shop", _FIRST_LOVE))
        now_s = time.time()  # noqa: TID251
        event = self._simulation.event(_NEWCOMER, "shop.order.completed", now_s, item=item, quantity=1)
        before = self._served.recommended_on("video", self._served.id_of(_NEWCOMER, "shop"))
        trigger = event_id(event["source"], event["id"]).hex()
        sent_s = time.monotonic()
        send(event)
        after = self._served.wait(lambda: self._triggered(trigger))
        if after is None:
            self._console.print("the event did not reach a profile in time; look at the worker's metrics")
            return
        waited_ms = 1000 * (time.monotonic() - sent_s)
        now = self._served.recommended_on("video", after["profile_id"])
        self._console.print(
            panel(
                f"one event: {_NEWCOMER.name}, never seen before, buys something",
                f"before  nothing known, so what is popular now on video:\n        {titles(before)}\n"
                f"event   {event['type']}: {item.item.title}\n"
                f"after   revision {after['revision']}, cold start {after['quality']['cold_start']}, "
                f"interests: {interests(after)}\n        {titles(now)}\n"
                f"why     trigger {after['change']['trigger_ids'][0]}; readable {waited_ms:.0f} ms after sending",
            )
        )

    def _profile(self, person: Person) -> Answer | None:
        """By the first account that did something; an account that did nothing may be linked to nobody."""
        found = (self._served.latest(person, platform) for platform in person.accounts)
        return next((profile for profile in found if profile is not None), None)

    def _triggered(self, trigger: str) -> Answer | None:
        profile = self._served.profile(_NEWCOMER, "shop")
        return profile if profile is not None and trigger in profile["change"]["trigger_ids"] else None
