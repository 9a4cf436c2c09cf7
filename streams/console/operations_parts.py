"""What the operations pages need from outside, as ports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from streams.adapters.letter_samples import Sample
from streams.domain.accounts import AccountKey
from streams.domain.audit_records import AuditRecord
from streams.domain.dead_letters import DeadLetter, Original
from streams.service.flow import StageStand
from streams.service.letter_box import LetterBox
from streams.service.letter_trials import LetterTrials
from streams.service.people_preview import PreviewRules
from streams.service.redrive_letters import LetterStore


class Stands(Protocol):
    """Where the stages stand."""

    def read(self) -> list[StageStand]:
        """Now; one call at a time, about a second at most. Raises Unavailable."""


class Letters(LetterStore, Protocol):
    """Dead letters and what is done with them."""

    @property
    def box(self) -> LetterBox:
        """The latest by their heads; the first call may take seconds."""

    def fault(self) -> str:
        """Why the box may lack letters, empty when it does not."""


class AuditLog(Protocol):
    """The audit, readable."""

    def latest(self) -> list[AuditRecord]:
        """Newest first; seconds at most. Raises Unavailable."""


class Identities(Protocol):
    """Says to the identity log who is who."""

    def say(self, what: Literal["linked", "unlinked"], accounts: Sequence[AccountKey], command_id: str) -> None:
        """Returns once the command cannot be lost; the same id counts once. Raises Unavailable."""


@dataclass(frozen=True)
class Operations:
    """trials: what the gate says of a letter now. sample: a letter's bytes as they may be shown, by what is kept.

    preview: how profiles are published. platform_of: whose events a topic carries, None for other topics.
    """

    stands: Stands
    letters: Letters
    trials: LetterTrials
    sample: Callable[[DeadLetter, Original], Sample]
    audit_log: AuditLog
    identities: Identities
    preview: PreviewRules
    platform_of: Callable[[str], str | None]
