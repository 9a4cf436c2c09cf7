"""The story of one person as the demo tells it, in front of an API that follows the commands, or does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from streams.cli.api_client import ApiClient
from streams.cli.demo.one_person import OnePerson
from streams.cli.demo.served import Served
from streams.errors import Unavailable
from streams.simulation import Simulation

SIMULATION = Simulation(seed=7, now_s=1_700_000_000.0, n_people=3, n_items=400)
MAYA = SIMULATION.story()[1]


@dataclass(frozen=True)
class People(ApiClient):
    """An API of Maya's accounts: who is one with whom, and how many events each has."""

    n_events: dict[str, int] = field(default_factory=dict)
    home: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: Mapping[str, str]) -> dict[str, Any]:
        assert path == "/v1/accounts/lookup"
        assert MAYA.accounts[body["platform"]] == body["account"]
        home = self.home[body["platform"]]
        return {"profile_id": home, "known": any(self.n_events[platform] for platform in self._of(home))}

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        profile_id = path.split("/")[3]
        if path.endswith("/recommendations"):
            event = {"type": "video.video.liked", "platform": "video", "title": "A ridge at dawn", "similarity": 0.9}
            return {"items": [{"title": f"for {query['platform']}", "reason": {"events": [event]}}], "basis": ""}
        own = [platform for platform in self._of(profile_id) if self.n_events[platform]]
        if not own:
            raise Unavailable("there is no profile of this person")
        n_events = sum(self.n_events[platform] for platform in own)
        blocks = {name: {"share": self.n_events[name] / n_events, "counts": {"x": self.n_events[name]}} for name in own}
        kind = "merge" if len(own) > 1 else "split"
        tags = [{"tag": f"liked on {name}", "score": 1.0} for name in own]
        return {
            "profile_id": profile_id, "revision": 1, "events_applied": n_events, "platforms": blocks, "tags": tags,
            "change": {"kind": kind},
            "vectors": {"interests": [{"label": "ridges", "mass": 1.0, "evidence": [{"type": f"{own[0]}.x.y"}]}]},
        }  # fmt: skip

    def follow(self, command: dict[str, Any]) -> None:
        """What the identity log and the profiles come to."""
        named = [entry["platform"] for entry in command["data"]["accounts"]]
        if command["type"] == "identity.linked":
            self.home.update(dict.fromkeys(named, self.home[named[0]]))
        else:
            self.home.update({platform: f"{platform}-alone-id" for platform in named})

    def _of(self, profile_id: str) -> list[str]:
        return [platform for platform, home in self.home.items() if home == profile_id]


def told(*, follows: bool, **n_events: int) -> str:
    api = People("", "", n_events, {platform: f"{platform}-profile-id" for platform in MAYA.accounts})
    published = {api.home[platform]: 1 for platform, number in n_events.items() if number}
    screen = StringIO()
    served = Served(api, published, patience_s=5.0 if follows else 0.02)
    console = Console(file=screen, width=120, no_color=True)
    OnePerson(console, served, SIMULATION, api.follow if follows else lambda _: None).tell()
    return " ".join(screen.getvalue().replace("│", " ").split())


@pytest.mark.requirement("B3", "B4")
def test_the_story_shows_the_parts_the_whole_and_the_parts_again_with_numbers_that_add_up() -> None:
    said = told(follows=True, shop=40, video=30, social=5)
    assert "Maya: 3 accounts, 3 profiles" in said
    assert "one profile, shop-pro…, change merge: 75 = 40 + 30 + 5 events" in said
    assert "shop 53% (40 events), video 40% (30 events), social 7% (5 events)" in said
    assert "interests ridges (shop) each platform" in said
    assert "for shop video: video liked A ridge at dawn 0.90" in said
    assert "two profiles again, change merge: 75 = 70 + 5 events" in said
    assert said.index("3 profiles") < said.index("one profile") < said.index("two profiles again")


def test_a_link_that_nobody_follows_is_said_to_be_late_and_nothing_more_is_claimed() -> None:
    said = told(follows=False, shop=40, video=30, social=5)
    assert "the one profile of Maya did not come within 0.02 s: look at the worker's metrics" in said
    assert "later" not in said


def test_an_account_without_events_is_left_out_of_the_story() -> None:
    said = told(follows=True, shop=40, video=30, social=0)
    assert "Maya: 2 accounts, 2 profiles" in said
    assert "70 = 40 + 30 events" in said
    assert "identity.unlinked video" in said


def test_a_person_with_fewer_than_two_profiles_is_no_story() -> None:
    assert "fewer than two accounts in so few events" in told(follows=True, shop=40, video=0, social=0)
