"""What serve answers about the people of the demo, asked again until it is there or has taken too long."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from streams.cli.api_client import ApiClient
from streams.errors import Unavailable
from streams.simulation import Person

T = TypeVar("T")
Answer = dict[str, Any]

PATIENCE_S: Final = 10.0
_POLL_S: Final = 0.01
_N_ITEMS: Final = 3


class Served:
    """Asks by raw account, as a service would; counts the recommendations it was given."""

    def __init__(self, api: ApiClient, published: Mapping[str, int], patience_s: float = PATIENCE_S) -> None:
        """published: the last revision of every living profile, which serve may be a moment behind of."""
        self._api = api
        self._published = published
        self.patience_s = patience_s
        self.n_recommended = 0

    def id_of(self, person: Person, platform: str) -> str:
        """The profile an account belongs to now, known or not."""
        return str(self._found(person, platform)["profile_id"])

    def profile(self, person: Person, platform: str) -> Answer | None:
        """None while there is none."""
        found = self._found(person, platform)
        if not found["known"]:
            return None
        try:
            return self._api.get(f"/v1/profiles/{found['profile_id']}", {})
        except Unavailable:  # merged away between the two questions
            return None

    def latest(self, person: Person, platform: str) -> Answer | None:
        """The profile once serve has its last published revision; None when nothing was published of it."""
        revision = self._published.get(self.id_of(person, platform))
        if revision is None:
            return None

        def look() -> Answer | None:
            profile = self.profile(person, platform)
            return profile if profile is not None and profile["revision"] >= revision else None

        return self.wait(look)

    def wait(self, look: Callable[[], T | None]) -> T | None:
        """What `look` finds, asked until it finds something; None after `patience_s`."""
        give_up_at_s = time.monotonic() + self.patience_s
        while time.monotonic() < give_up_at_s:
            found = look()
            if found is not None:
                return found
            time.sleep(_POLL_S)
        return None

    def recommended_on(self, platform: str, profile_id: str) -> Answer:
        """A few items of one platform, with reasons."""
        query = {"platform": platform, "k": str(_N_ITEMS), "explain": "true"}
        answer = self._api.get(f"/v1/profiles/{profile_id}/recommendations", query)
        self.n_recommended += len(answer["items"])
        return answer

    def _found(self, person: Person, platform: str) -> Answer:
        return self._api.post("/v1/accounts/lookup", {"platform": platform, "account": person.accounts[platform]})
