"""What a person sees while it runs: bars on a terminal, a line every few seconds elsewhere. All on standard error."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

_LINE_EVERY_S = 3.0


class Screen:
    """Steps with progress; a step without total spins."""

    def __init__(self, *, quiet: bool) -> None:
        self.console = Console(stderr=True, quiet=quiet)
        columns: list[ProgressColumn] = [
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<44}"),
            BarColumn(24),
            _Count(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
        ]
        self._progress = Progress(*columns, console=self.console, disable=quiet or not self.console.is_terminal)
        self._plain = not quiet and not self.console.is_terminal
        self._told_s = 0.0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def step(self, what: str, total: int | None = None) -> TaskID:
        """Begin a step."""
        if self._plain:
            self.console.print(f"{what} ...")
        return self._progress.add_task(what, total=total, note="")

    def update(self, step: TaskID, completed: int, note: str = "") -> None:
        """Move a step on."""
        self._progress.update(step, completed=completed, note=note)
        if self._plain and time.monotonic() - self._told_s > _LINE_EVERY_S:
            self._told_s = time.monotonic()
            self.console.print(f"  {completed:,} so far  {note}", highlight=False)

    def done(self, step: TaskID, note: str = "") -> None:
        """End a step."""
        task = self._progress.tasks[step]
        total = task.total if task.total is not None else 1
        self._progress.update(step, total=total, completed=total, note=note)
        if self._plain:
            self.console.print(f"  done  {note}".rstrip(), highlight=False)

    def say(self, text: str) -> None:
        """A line between the steps."""
        self._progress.console.print(text, highlight=False, soft_wrap=True)


class _Count(ProgressColumn):
    def render(self, task: Task) -> Text:
        """`n/total`, or nothing for a step that only spins."""
        if task.total is None or task.total == 1:
            return Text("".rjust(13))
        return Text(f"{int(task.completed):>6,}/{int(task.total):,}".ljust(13))
