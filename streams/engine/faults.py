"""Named points at which a test may kill or stop the process: the arrows of the checkpoint.

`BRAID_FAILPOINT=<action>:<point>:<n>` fires once, at the n-th pass: `kill` (SIGKILL), `stop` (SIGSTOP) or `exit`
(os._exit). Without it a pass costs one function call.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from streams.errors import UsageError

Fault = Callable[[str], None]

POINTS = (
    "assigned",
    "initialised",
    "restored",
    "prepared",
    "folded",
    "begun",
    "produced-some",
    "produced-all",
    "marker-sent",
    "flushed",
    "committed",
    "stored",
    "acked",
)


def no_fault(_point: str) -> None:
    """The fault of production: none."""


def parse_fault(text: str) -> Fault:
    """The fault that `BRAID_FAILPOINT` describes. Raises UsageError."""
    if not text:
        return no_fault
    action, _, rest = text.partition(":")
    point, _, number = rest.partition(":")
    if action not in _ACTIONS or point not in POINTS or not (number or "1").isdigit():
        raise UsageError(f"BRAID_FAILPOINT={text!r}: use {'|'.join(_ACTIONS)}:{'|'.join(POINTS)}:<pass>")
    return _Countdown(_ACTIONS[action], point, int(number or "1"))


class _Countdown:
    def __init__(self, act: Callable[[], None], point: str, passes: int) -> None:
        self._act, self._point, self._left = act, point, passes

    def __call__(self, point: str) -> None:
        if point != self._point or self._left <= 0:
            return
        self._left -= 1
        if self._left == 0:
            self._act()


_ACTIONS: dict[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "exit": lambda: os._exit(70),
}
