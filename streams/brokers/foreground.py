"""A broker that runs until it is told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final, Protocol, Self

from streams.errors import Unavailable

WATCH_INTERVAL_S: Final = 1.0


class Broker(Protocol):
    """Something clients connect to while the context lasts."""

    @property
    def bootstrap_servers(self) -> str:
        """host:port, comma-separated."""

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


def run_until_signalled(broker: Broker, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; `announce` gets the addresses once clients are served. Main thread only.

    A signal during the start ends it right after. Raises Unavailable when the broker ends by itself.
    """
    done = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        done.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with broker:
            announce(broker.bootstrap_servers)
            while not done.wait(WATCH_INTERVAL_S):
                if not broker.is_alive:
                    raise Unavailable("the broker ended by itself: run it with --data and read the logs in that folder")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
