"""What a sender is told: a verdict for every event, in the order it sent them, and one status for the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

Status = Literal["accepted", "rejected", "unconfirmed"]

#: Codes of accepted events; those of the last two move no profile.
ACCEPTED: Final = "accepted"
LATE: Final = "late"
IGNORED: Final = "ignored"
#: Codes beside the reasons of dead letters.
NO_CONSENT: Final = "no_consent"
UNCONFIRMED: Final = "unconfirmed"

RETRY_AFTER_S: Final = 1


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of one event. index: its place in the request. id: as it was sent, "" where it cannot be told.

    accepted: confirmed by all in-sync replicas, at `topic`, `partition`, `offset`. rejected: written nowhere, however
    often it comes. unconfirmed: perhaps written; send it again. message, remedy: never a value of the event.
    """

    index: int
    id: str
    status: Status
    code: str
    message: str = ""
    remedy: str = ""
    topic: str = ""
    partition: int | None = None
    offset: int | None = None


class Answer(msgspec.Struct, frozen=True):
    """Of one request: how many events got which verdict, and each."""

    accepted: int
    rejected: int
    unconfirmed: int
    events: Sequence[Verdict]

    @classmethod
    def of(cls, events: Sequence[Verdict]) -> Answer:
        """Count them."""
        said = Counter(each.status for each in events)
        return cls(said["accepted"], said["rejected"], said["unconfirmed"], events)

    @property
    def http_status(self) -> int:
        """200 when something was accepted, 422 when nothing was, 503 when something is to be sent again.

        Not 207 for a part: Segment's libraries take any status but 200 for a failure and send everything again.
        """
        if self.unconfirmed:
            return 503
        return 200 if self.accepted else 422
