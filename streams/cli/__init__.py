"""The command line: one command a file, wired together here. Errors are lines, never tracebacks, unless asked for."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of `braid`."""
    if sys.argv[1:2] == ["serve"]:
        # Requests run side by side: threads of BLAS would wait for each other. It reads this when numpy is loaded.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # noqa: TID251 - for numpy, which reads nothing else
    from streams.cli.commands import run  # noqa: PLC0415 - `import streams.cli` alone must stay cheap

    run()
