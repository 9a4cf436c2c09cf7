"""Dead letters that are tried at the gate as it is now, and written again where it takes them; the others stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from streams.domain.dead_letters import DeadLetter
from streams.service.letter_box import LetterLine
from streams.service.letter_trials import LetterTrials, Verdict

#: Of one request: each is read, tried and confirmed while somebody waits.
MAX_REDRIVEN: Final = 500


class LetterStore(Protocol):
    """Whole letters, and what is done with them."""

    def letters(self, lines: Sequence[LetterLine]) -> list[DeadLetter]:
        """Whole, opened where they are sealed and the key is here; without those that are gone. Raises Unavailable."""

    def may_redrive(self, letter: DeadLetter) -> bool:
        """Whether its record can be written again."""

    def redrive(self, letters: Sequence[DeadLetter]) -> int:
        """Write the records again, then end the letters; returns how many were. Raises Unavailable."""


class Tried(NamedTuple):
    """A letter with what the gate says of it now. is_ready: the gate takes it, and its record may be written again."""

    line: LetterLine
    letter: DeadLetter
    verdict: Verdict
    is_ready: bool


class Redriven(msgspec.Struct, frozen=True):
    """n_redriven: written again. n_refused: not taken, so they stay. n_gone: had ended before. n_left: beyond the most
    of one request.
    """

    n_redriven: int
    n_refused: int
    n_gone: int
    n_left: int


class LetterRedriver:
    """Looks at no more than MAX_REDRIVEN letters at a time."""

    def __init__(self, store: LetterStore, trials: LetterTrials) -> None:
        self._store = store
        self._trials = trials

    def tried(self, lines: Sequence[LetterLine]) -> list[Tried]:
        """The letters that are still there, in the order of the lines. Writes nothing. Raises Unavailable."""
        letters = {letter.place.decode(): letter for letter in self._store.letters(lines[:MAX_REDRIVEN])}
        here = [(line, letters[line.place]) for line in lines[:MAX_REDRIVEN] if line.place in letters]
        verdicts = self._trials.of([letter for _, letter in here])
        return [
            Tried(line, letter, verdict, verdict.outcome == "accepted" and self._store.may_redrive(letter))
            for (line, letter), verdict in zip(here, verdicts, strict=True)
        ]

    def redrive(self, lines: Sequence[LetterLine], n_asked: int) -> Redriven:
        """Those that the gate takes now. n_asked: letters that were meant, also where they are gone.

        Raises Unavailable.
        """
        tried = self.tried(lines)
        ready = [each.letter for each in tried if each.is_ready]
        n_redriven = self._store.redrive(ready)
        return Redriven(
            n_redriven=n_redriven,
            n_refused=len(tried) - len(ready),
            n_gone=min(n_asked, MAX_REDRIVEN) - len(tried) + len(ready) - n_redriven,
            n_left=max(0, len(lines) - MAX_REDRIVEN),
        )
