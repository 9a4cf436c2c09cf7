"""States as objects, remembered beside their bytes: decoding one takes longer than folding an event into it."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Lock
from typing import Final

from streams.domain.states import UserState

#: About 30 kB each.
REMEMBERED: Final = 4_096


class StateMemo:
    """Nothing but a memory of `unpack_state`: an entry counts only while the stored bytes equal its own.

    So it needs no word of crashes, hand-overs or restores. Whoever takes a state has it alone and may change it.
    """

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._known: dict[str, tuple[bytes, UserState]] = {}
        self._lock = Lock()

    def take(self, wanted: Iterable[tuple[str, bytes | None]]) -> dict[str, UserState]:
        """Of (user, stored bytes), the states that are known."""
        found: dict[str, UserState] = {}
        with self._lock:
            for user, raw in wanted:
                known = self._known.pop(user, None)
                if known is not None and known[0] == raw:
                    found[user] = known[1]
        return found

    def keep(self, packed: Iterable[tuple[str, bytes, UserState]]) -> None:
        """Remember (user, bytes, state); whoever was not asked for longest is forgotten."""
        with self._lock:
            for user, raw, state in packed:
                self._known[user] = (raw, state)
            for user in list(self._known)[: max(0, len(self._known) - self._remembered)]:
                del self._known[user]
