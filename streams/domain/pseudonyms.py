"""The secrets that hide ids, and how one takes the place of another without losing anybody.

While former secrets are kept, everything goes on under the oldest of them (`stored`), and the identity log is told
which key the newest one gives: the same account, the same identifier. So no event counts twice, no consent is forgotten
and no profile moves, whichever worker reads it. Once the former secrets are gone, the log's word leads from the new key
to the old account.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secrets:
    """current: 16 to 64 bytes. previous: the former ones, newest first."""

    current: bytes
    previous: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, secret: bytes | Secrets) -> Secrets:
        """A single secret, or what it is already."""
        return secret if isinstance(secret, Secrets) else cls(secret)

    @property
    def stored(self) -> bytes:
        """What keys are made with: the oldest that is kept."""
        return self.previous[-1] if self.previous else self.current

    @property
    def is_changing(self) -> bool:
        """Whether a former secret is kept."""
        return bool(self.previous)

    def __iter__(self) -> Iterator[bytes]:
        """The newest first."""
        return iter((self.current, *self.previous))
