"""How a command that goes on is asked to end."""

from __future__ import annotations

import signal
import threading


def asked_to_stop() -> threading.Event:
    """Set by SIGTERM and by Ctrl-C, from now on; for the main thread."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping
