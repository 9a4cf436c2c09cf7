"""Every error Braid raises on purpose, named by what the caller does next.

    BraidError
    ├── InvalidEvent      the record can never be applied       → dead letter, count, go on
    ├── Overloaded        more than can be taken right now      → pause, try again later
    ├── Retryable         may work the next time                → bounded retry with jitter, then stop
    ├── CorruptState      what is stored cannot be trusted      → stop the process; the docstring says what to do
    ├── NewerFormat       a newer release wrote it              → stop the process; run that release, delete nothing
    └── UsageError        the person at the keyboard can mend it → say setting, value and remedy; exit 2
        └── Unavailable   the machine lacks something           → the same, exit 1

Programming errors stay ValueError, TypeError and AssertionError and end the worker.
"""

from __future__ import annotations


class BraidError(Exception):
    """Base of all deliberate errors."""


class InvalidEvent(BraidError):  # noqa: N818 - named by the reaction, as the tree says
    """A record that can never be applied: it becomes a dead letter with its original bytes.

    `reason` is a short snake_case word from a closed set (a metric label); `detail` is for people and never
    contains the payload.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Overloaded(BraidError):  # noqa: N818
    """More work than can be taken now: the caller pauses and tries again."""


class Retryable(BraidError):  # noqa: N818
    """A failure of something outside that may pass: retried within a bound, then fatal."""


class CorruptState(BraidError):  # noqa: N818
    """Stored bytes failed their check.

    Operator action: stop the process, delete the directory that the message names, start again; the state is
    rebuilt from the changelog (worker) or from the topics (serve).
    """


class NewerFormat(BraidError):  # noqa: N818
    """Stored bytes are in a format that a newer release made; what they mean is not guessed.

    Operator action: run the newer release. Deleting a folder does not help, since the topics hold the same.
    """


class UsageError(BraidError):
    """The person at the keyboard can mend it; the message names setting, value and remedy."""

    exit_code = 2


class Unavailable(UsageError):  # noqa: N818
    """Something the machine should provide is missing (a broker, Java, a folder one may write to)."""

    exit_code = 1
