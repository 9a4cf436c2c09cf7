"""The command line: one command a file, wired together here. Errors are lines, never tracebacks, unless asked for."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Entry point of `braid`."""
    from streams.cli.commands import run  # noqa: PLC0415 - `import streams.cli` alone must stay cheap

    run()
