"""A thread that removes the bytes of what was deleted.

RocksDB keeps them in its files until it happens to rewrite them. Erased people must be gone from the disk within a
stated bound: INTERVAL_S and the time of one pass.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Final, Protocol

import structlog

from streams.errors import BraidError

INTERVAL_S: Final = 5.0

_log = structlog.get_logger(__name__)


class Shreddable(Protocol):
    """A store that knows what was deleted from it."""

    def shred(self) -> int:
        """Remove deleted bytes; returns how many keys. Raises BraidError."""


class Shredding:
    """stores: what is open now, asked for anew each time."""

    def __init__(self, stores: Callable[[], Iterable[Shreddable]], interval_s: float = INTERVAL_S) -> None:
        self._stores = stores
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shredding", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the pass that runs."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            for store in list(self._stores()):
                self._shred(store)

    def _shred(self, store: Shreddable) -> None:
        began_s = perf_counter()
        try:
            n_keys = store.shred()
        except BraidError as error:  # given up at this moment, or damaged: whoever works with it says so
            _log.warning("not_shredded", why=str(error))
            return
        if n_keys:
            _log.info("shredded", n_keys=n_keys, took_s=round(perf_counter() - began_s, 3))
