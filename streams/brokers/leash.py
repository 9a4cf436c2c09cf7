"""Processes that must not outlive the one that started them.

Run as a program, this file is the leash: it starts a command, prints its process id, passes SIGTERM on, and ends
the command when its own standard input closes, which happens whenever and however its owner dies. A parent-death
signal alone would not do: the kernel sends it when the starting *thread* ends, and only Linux has it.
Standard library only, so that it starts in milliseconds and needs no import path.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Final

PR_SET_PDEATHSIG: Final = 1
GRACE_S: Final = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the command until it ends or standard input closes; its exit status.

    arguments: the file that takes the command's output, or "" to leave it on standard output; a folder to delete
    when the owner has died, or ""; then the command.
    """
    log_path, doomed, *command = sys.argv[1:] if arguments is None else arguments
    log = Path(log_path).open("ab") if log_path else None  # noqa: SIM115 - open as long as the process
    child = subprocess.Popen(  # noqa: S603 - the owner chose the command
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        preexec_fn=_die_with_leash if sys.platform == "linux" else None,  # noqa: PLW1509 - no thread runs yet
    )

    def pass_on(_signal: int, _frame: FrameType | None) -> None:
        child.terminate()

    signal.signal(signal.SIGTERM, pass_on)
    print(child.pid, flush=True)  # noqa: T201 - the owner reads it
    orphaned = threading.Event()
    threading.Thread(target=_end_with_owner, args=(child, orphaned), daemon=True).start()
    status = child.wait()
    if orphaned.is_set() and doomed:
        shutil.rmtree(doomed, ignore_errors=True)
    return status


def _end_with_owner(child: subprocess.Popen[bytes], orphaned: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not sys.stdin.read: its lock would stand in the way at exit
        pass
    orphaned.set()
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()


def _die_with_leash() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
