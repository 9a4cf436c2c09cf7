"""The owner's end of the leash: start, watch, stop and kill one process that dies with this one."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from streams.brokers import leash
from streams.errors import Unavailable

START_TIMEOUT_S: Final = 20.0


class LeashedProcess:
    """A running command.

    log: file that takes its output; without one the output is read by `read_line`. doomed: a folder to delete should
    this process die without stopping it.
    environment: None = our own. Raises Unavailable when the command cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        log: Path | None = None,
        cwd: Path | None = None,
        doomed: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command[0]
        # bufsize 0: a line left in a buffer would be invisible to select.
        # A session of its own: Ctrl-C in a terminal goes to the owner, who then ends things in order.
        self._leash = subprocess.Popen(  # noqa: S603 - the caller chose the command
            [sys.executable, "-I", leash.__file__, str(log or ""), str(doomed or ""), *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=cwd,
            env=environment,
            start_new_session=True,
        )
        self.pid = 0
        self.pid = int(self.read_line(START_TIMEOUT_S))

    @property
    def is_alive(self) -> bool:
        """Whether the command still runs."""
        return self._leash.poll() is None

    def read_line(self, timeout_s: float) -> str:
        """The next line of output. Raises Unavailable when none comes in time or the command has ended."""
        assert self._leash.stdout is not None
        ready, _, _ = select.select([self._leash.stdout], [], [], timeout_s)
        line = self._leash.stdout.readline() if ready else b""
        if not line:
            self.kill()
            fault = f"said nothing within {timeout_s:.0f} s" if not ready else "ended before it was ready"
            raise Unavailable(f"{self._command} {fault}; its own messages are on standard error or in its log")
        return line.decode().strip()

    def stop(self, timeout_s: float) -> None:
        """SIGTERM, then SIGKILL once the time is over. Returns when the process is gone."""
        if self.is_alive:
            self._leash.terminate()
        try:
            self._leash.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()
        self._close()

    def kill(self) -> None:
        """SIGKILL, as a crash would; also ends a process that is stopped. Returns when the process is gone."""
        if self.is_alive and self.pid:
            with suppress(ProcessLookupError):  # it may end between the look and the blow
                os.kill(self.pid, signal.SIGKILL)
        elif self.is_alive:
            self._leash.kill()
        self._leash.wait()
        self._close()

    def _close(self) -> None:
        for pipe in (self._leash.stdin, self._leash.stdout):
            if pipe is not None:
                pipe.close()
