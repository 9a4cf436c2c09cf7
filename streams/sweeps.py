"""Looks through all user states from time to time and asks some users for something, in the order of their own events.

Two sweeps: profiles that nothing came for in a long time are let go; profiles whose vectors are of an encoder that was
exchanged are published in the space of the present one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final, Protocol

import msgspec
import structlog

from streams.domain.spaces import is_foreign
from streams.domain.states import unpack_state
from streams.errors import BraidError
from streams.intervals import Repeated

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


class Sweep:
    """tables: those owned now. find: of a table, the users to ask. ask: takes some of them; raises BraidError."""

    def __init__(
        self,
        name: str,
        tables: Callable[[], Iterable[Scannable]],
        find: Callable[[Scannable], Iterator[str]],
        ask: Callable[[list[str]], None],
    ) -> None:
        self._name = name
        self._tables = tables
        self._find = find
        self._ask = ask

    def start(self, interval_s: float = INTERVAL_S) -> None:
        """Begin to sweep at intervals; returns at once."""
        Repeated(self._name, self._try, interval_s).start()

    def sweep(self) -> int:
        """Look through everything once; returns how many users were asked. Raises BraidError."""
        n_users = 0
        for table in self._tables():
            found = self._find(table)
            while users := list(islice(found, BATCH)):
                self._ask(users)
                n_users += len(users)
        return n_users

    def _try(self) -> None:
        try:
            n_users = self.sweep()
        except BraidError as error:  # given up meanwhile, or no broker: the next sweep looks again
            _log.warning("sweep_ended_early", sweep=self._name, why=str(error))
        else:
            _log.info("swept", sweep=self._name, n_asked=n_users)


def idle_users(table: Scannable, before_s: float) -> Iterator[str]:
    """Users with accounts for whom nothing came since `before_s`, by the broker's clock."""
    for key, raw in table.items():
        try:
            head = _decode(raw)
        except msgspec.DecodeError:  # the fold will say so
            continue
        if head.accounts and head.updated_s < before_s:
            yield key.decode("ascii", "replace")


def foreign_users(table: Scannable, space: bytes) -> Iterator[str]:
    """Users with vectors of another space than this one."""
    for key, raw in table.items():
        try:
            state = unpack_state(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):  # the table's own entries are no states
            continue
        if any(is_foreign(account, space) for account in state.accounts.values()):
            yield key.decode("ascii", "replace")
