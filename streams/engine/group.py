"""Several stages in one process: their Faust apps start and stop side by side on one event loop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import mode

from streams.engine.lag import watch_lag
from streams.engine.shell import StageApp
from streams.ports import Clock

_LAG_INTERVAL_S = 2.0


class StageGroup(mode.Service):
    """Starts the apps at once: each waits seconds for its group, which would add up one after the other."""

    def __init__(self, apps: Sequence[StageApp], clock: Clock) -> None:
        self._apps = list(apps)
        self._clock = clock
        super().__init__()

    async def on_start(self) -> None:
        """Start all stages; a failure to start ends the worker."""
        for app in self._apps:
            app.beacon.reattach(self.beacon)
        await asyncio.gather(*(app.maybe_start() for app in self._apps))
        for app in self._apps:
            self.add_future(watch_lag(app, self._clock, _LAG_INTERVAL_S))

    async def on_stop(self) -> None:
        """Stop all stages: running checkpoints finish, everything else comes again."""
        await asyncio.gather(*(app.stop() for app in self._apps))


def run_stages(apps: Sequence[StageApp], clock: Clock, log_level: str) -> NoReturn:
    """Run until SIGTERM or SIGINT, then leave the process."""
    group = StageGroup(apps, clock)
    worker = mode.Worker(
        group, override_logging=False, redirect_stdouts=False, loglevel=log_level, daemon=True, quiet=True
    )
    code = 0
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    # Threads may still be inside an encoder call whose batch was given up; waiting for them could take long.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
