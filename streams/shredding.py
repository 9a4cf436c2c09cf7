"""A thread that removes the bytes of what was deleted.

RocksDB keeps them in its files until it happens to rewrite them. Erased people must be gone from the disk within a
stated bound: INTERVAL_S and the time of one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Final, Protocol

import structlog

from streams.errors import BraidError
from streams.intervals import Repeated

INTERVAL_S: Final = 5.0

_log = structlog.get_logger(__name__)


class Shreddable(Protocol):
    """A store that knows what was deleted from it."""

    def shred(self) -> int:
        """Remove deleted bytes; returns how many keys. Raises BraidError."""


def shredding(stores: Callable[[], Iterable[Shreddable]], interval_s: float = INTERVAL_S) -> Repeated:
    """Not started yet. stores: what is open now, asked for anew each time."""

    def shred_all() -> None:
        for store in list(stores()):
            _shred(store)

    return Repeated("shredding", shred_all, interval_s)


def _shred(store: Shreddable) -> None:
    began_s = perf_counter()
    try:
        n_keys = store.shred()
    except BraidError as error:  # given up at this moment, or damaged: whoever works with it says so
        _log.warning("not_shredded", why=str(error))
        return
    if n_keys:
        _log.info("shredded", n_keys=n_keys, took_s=round(perf_counter() - began_s, 3))
