"""Questions to serve while it soaks: profiles, recommendations, explanations, searches, at a steady pace."""

from __future__ import annotations

import random
import threading

import httpx

from tests.soak.feeding import PEOPLE, PLATFORMS

INTERVAL_S = 0.25
#: An account that serve has not met yet is no failure.
FINE = {200, 404}


class Asker:
    """One question after the other on a thread of its own."""

    def __init__(self, url: str, seed: int = 1) -> None:
        self._api = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self._rng = random.Random(seed)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="asker", daemon=True)
        self.n_found = 0
        self.n_failed = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()
        self._api.close()

    def _run(self) -> None:
        while not self._stopped.wait(INTERVAL_S):
            try:
                status = self._ask()
            except httpx.TransportError:
                status = 599
            self.n_found += status == 200
            self.n_failed += status not in FINE

    def _ask(self) -> int:
        if self._rng.random() < 0.2:
            return self._api.post("/v1/search", json={"text": "trail running shoe", "k": 10}).status_code
        about = self._rng.choice(("profile", "recommendations", "explanation"))
        platform, person = self._rng.choice(PLATFORMS), self._rng.randrange(PEOPLE)
        return self._api.get(f"/v1/accounts/{platform}/person-{person}/{about}").status_code
