"""Finds profiles that nothing came for in a long time and asks them to be let go, in the order of their own events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, Protocol

import msgspec
import structlog

from streams.errors import BraidError
from streams.intervals import Repeated
from streams.ports import Clock

#: Between sweeps; the first one waits as long, so that a restart does not begin with one.
INTERVAL_S: Final = 3_600.0
BATCH: Final = 500

_log = structlog.get_logger(__name__)


class _Head(msgspec.Struct, array_like=True):
    """The beginning of a packed UserState."""

    fence: int
    revision: int
    updated_s: float
    accounts: dict[str, msgspec.Raw]


_decode: Final = msgspec.msgpack.Decoder(_Head).decode


class Scannable(Protocol):
    """A table of user states."""

    def items(self) -> Iterable[tuple[bytes, bytes]]:
        """Every entry, in key order."""


class Expiring:
    """tables: those owned now. expire: takes users and the time since which nothing came. idle_s: how long may pass."""

    def __init__(
        self,
        tables: Callable[[], Iterable[Scannable]],
        expire: Callable[[list[str], float], None],
        clock: Clock,
        idle_s: float,
    ) -> None:
        self._tables = tables
        self._expire = expire
        self._clock = clock
        self._idle_s = idle_s

    def start(self, interval_s: float = INTERVAL_S) -> None:
        """Begin to sweep at intervals; returns at once."""
        Repeated("expiring", self._try, interval_s).start()

    def sweep(self) -> int:
        """Look through everything once; returns how many users were asked. Raises BraidError."""
        before_s, n_users = self._clock.now_s() - self._idle_s, 0
        for table in self._tables():
            idle = idle_users(table, before_s)
            while users := list(islice(idle, BATCH)):
                self._expire(users, before_s)
                n_users += len(users)
        return n_users

    def _try(self) -> None:
        try:
            n_users = self.sweep()
        except BraidError as error:  # given up meanwhile, or no broker: the next sweep looks again
            _log.warning("sweep_ended_early", why=str(error))
        else:
            _log.info("swept", n_idle=n_users)


def idle_users(table: Scannable, before_s: float) -> Iterator[str]:
    """Users with accounts for whom nothing came since `before_s`, by the broker's clock."""
    for key, raw in table.items():
        try:
            head = _decode(raw)
        except msgspec.DecodeError:  # the fold will say so
            continue
        if head.accounts and head.updated_s < before_s:
            yield key.decode("ascii", "replace")
