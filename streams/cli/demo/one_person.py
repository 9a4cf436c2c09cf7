"""The end of a demo, first part: a person of several accounts becomes one, and is taken apart again."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rich.console import Console

from streams.cli.demo.served import Answer, Served
from streams.cli.demo.words import interests, main_interests, panel, recommendations, shares
from streams.simulation import Person, Simulation
from streams.simulation.identities import Verb

Send = Callable[[dict[str, Any]], None]

_N_TAGS: Final = 3


class OnePerson:
    """Sends a link and an unlink, and shows what the API answers once it has followed."""

    def __init__(self, console: Console, served: Served, simulation: Simulation, send: Send) -> None:
        self._console, self._served, self._simulation, self._send = console, served, simulation, send

    def tell(self) -> None:
        """The story of whoever of its people nobody knows yet."""
        for person in self._simulation.story():
            if not person.is_known:
                self._tell(person)

    def _tell(self, person: Person) -> None:
        found = {platform: self._served.latest(person, platform) for platform in person.accounts}
        parts = {platform: profile for platform, profile in found.items() if profile is not None}
        if len(parts) < 2:
            self._say(f"{person.name} used fewer than two accounts in so few events; try --events 6000")
            return
        self._show_apart(person, parts)
        if self._join(person, parts) is not None:
            self._take_out(person, parts)

    def _show_apart(self, person: Person, parts: dict[str, Answer]) -> None:
        lines = [
            f"{platform:<7}{_short(profile)}  {profile['events_applied']:>3} events  {interests(profile, _N_TAGS)}"
            for platform, profile in parts.items()
        ]
        title = f"{person.name}: {len(parts)} accounts, {len(parts)} profiles, for nobody knows that they are hers"
        self._console.print(panel(title, "\n".join([person.story, *lines])))

    def _join(self, person: Person, parts: dict[str, Answer]) -> Answer | None:
        """Link all accounts; the one profile, or None when it did not come."""
        sent_s = self._command("linked", person.accounts, "login")
        whole = self._served.wait(lambda: self._whole(person, parts))
        waited_s = time.monotonic() - sent_s
        if whole is None:
            self._say_late(f"the one profile of {person.name}")
            return None
        counts = " + ".join(str(part["events_applied"]) for part in parts.values())
        self._console.print(
            panel(
                f"a provider says that they are one: identity.linked {', '.join(person.accounts)}",
                f"{waited_s:.2f} s later one profile, {_short(whole)}, change {whole['change']['kind']}: "
                f"{whole['events_applied']} = {counts} events\n"
                f"made by    {shares(whole)}\n"
                f"interests  {main_interests(whole)}\n"
                "each platform may now use what the others learnt:",
            )
        )
        self._console.print(recommendations(self._served, whole["profile_id"], parts))
        return whole

    def _take_out(self, person: Person, parts: dict[str, Answer]) -> None:
        """Unlink the last account and show both profiles."""
        total, (*kept, out) = _n_events(parts), parts
        sent_s = self._command("unlinked", {out: person.accounts[out]}, "wrong_person")
        two = self._served.wait(lambda: self._apart(person, kept[0], out, total))
        waited_s = time.monotonic() - sent_s
        if two is None:
            self._say_late(f"the two profiles of {person.name}")
            return
        lines = [
            f"profile {_short(profile)}  {shares(profile)}\n         interests {interests(profile, _N_TAGS)}"
            for profile in two
        ]
        counts = " + ".join(str(profile["events_applied"]) for profile in two)
        self._console.print(
            panel(
                f"it was somebody else's {out} account: identity.unlinked {out}",
                f"{waited_s:.2f} s later two profiles again, change {two[0]['change']['kind']}: "
                f"{total} = {counts} events\n" + "\n".join(lines),
            )
        )

    def _command(self, verb: Verb, accounts: Mapping[str, str], reason: str) -> float:
        """Send a link or unlink; the monotonic time at which that was."""
        sent_s = time.monotonic()
        self._send(self._simulation.identity_event(verb, accounts, time.time(), reason))  # noqa: TID251
        return sent_s

    def _whole(self, person: Person, parts: dict[str, Answer]) -> Answer | None:
        """The one profile of all accounts with all their events; None while it is not there."""
        if len({self._served.id_of(person, platform) for platform in parts}) > 1:
            return None
        profile = self._served.profile(person, next(iter(parts)))
        if profile is None or profile["platforms"].keys() != parts.keys():
            return None
        return profile if profile["events_applied"] == _n_events(parts) else None

    def _apart(self, person: Person, kept: str, out: str, total: int) -> tuple[Answer, Answer] | None:
        """(what is left, what was taken out) with all events between them; None while they are not there."""
        left, taken = self._served.profile(person, kept), self._served.profile(person, out)
        if left is None or taken is None or taken["platforms"].keys() != {out}:
            return None
        return (left, taken) if left["events_applied"] + taken["events_applied"] == total else None

    def _say_late(self, what: str) -> None:
        self._say(
            f"{what} did not come within {self._served.patience_s:g} s: look at the worker's metrics "
            "braid_identity_commands_total, braid_account_moves_total"
        )

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


def _n_events(parts: dict[str, Answer]) -> int:
    return sum(part["events_applied"] for part in parts.values())


def _short(profile: Answer) -> str:
    return f"{profile['profile_id'][:8]}…"
