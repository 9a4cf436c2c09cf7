"""What is worth a closer look: some hundred items out of all, each brought in by one strong signal.

Sources: what runs hot on the platform, co-visits, neighbours, transfer from other platforms, titles, and whatever the
caller adds (the nearest items of the content index). Recall is their business, order is the re-ranker's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking import neighbours
from streams.ranking.features import Candidates, Floats
from streams.ranking.hot import NO_PLACE, HotItems
from streams.ranking.neighbours import Ask, Scratch, scratch_for, walk
from streams.ranking.state import BehaviourState, Ints
from streams.ranking.titles import Postings, Titles
from streams.ranking.tops import top
from streams.ranking.words import WordScratch, items_by_words, word_scratch_for, word_signals

#: Signals of the walk and how many of the top by each come in.
BY_SIGNAL: Final = (
    (neighbours.CO_VISIT, 120),
    (neighbours.FADING, 120),
    (neighbours.NEAR_7D, 60),
    (neighbours.TRANSITION, 50),
    (neighbours.TRANSFER, 40),
    (neighbours.ALIKE, 40),
)
BY_WORDS: Final = 100


@dataclass(frozen=True)
class About:
    """What a request says beside `Ask`. exclude: item rows that must not be among the candidates.

    extra: item rows from elsewhere. own: rows of people that are the one who asks; None: the row of the history alone.
    """

    exclude: NDArray[np.integer]
    extra: NDArray[np.integer] | None = None
    own: Ints | None = None


@dataclass
class CandidateFinder:
    """Workspaces of one thread beside the state; not to be shared between threads.

    postings: who shares words, for catalogues that are known as a whole; None where the content index brings them.
    """

    titles: Titles
    hot: HotItems = field(default_factory=HotItems)
    postings: Postings | None = None
    _scratch: Scratch | None = None
    _words: WordScratch | None = None

    def find(self, state: BehaviourState, ask: Ask, about: About) -> tuple[Candidates, Scratch]:
        """(candidates, rising by row; the workspace as the walk left it)."""
        scratch, words = self._workspaces(state)
        own = np.array([ask.user], np.int32) if about.own is None else about.own
        n_met = walk(state, scratch, ask, own)
        met, by_signal = scratch.met[:n_met], scratch.signals[:n_met]
        hot, places = self._hot(state, ask)
        parts = [hot]
        parts += [top(met, by_signal[:, signal], n) for signal, n in BY_SIGNAL]
        person = (ask.user, ask.platform)
        self.titles.make_room(len(state.item_n))
        if self.postings is not None:
            n_found = items_by_words(state, self.titles.state, self.postings, words, person)
            found = words.found[:n_found]
            parts.append(top(found, words.sums[found], BY_WORDS))
        if about.extra is not None:
            parts.append(about.extra[state.item_platform[about.extra] == ask.platform].astype(np.int32))
        rows = self._distinct(np.concatenate(parts), about.exclude)
        signals = word_signals(state, self.titles.state, words, person, rows)
        return Candidates(rows, signals, places, self.titles.state.lengths), scratch

    def _hot(self, state: BehaviourState, ask: Ask) -> tuple[Ints, Floats]:
        """(item rows of the platform, ln(1 + place) of every item (I,)); without a clock there is no "now"."""
        if not ask.has_shared_clock:
            return np.zeros(0, np.int32), np.full(len(state.item_n), NO_PLACE, np.float32)
        rows, places = self.hot.at(state, ask.platform, ask.now_s)
        # What was counted as hot a moment ago may have left the catalogue since.
        return rows[state.item_platform[rows] == ask.platform], places

    def _distinct(self, rows: Ints, exclude: NDArray[np.integer]) -> Ints:
        """Each once, rising, without those to exclude. Cheaper than sorting: rows are few and small numbers."""
        is_wanted = np.zeros(int(rows.max(initial=-1)) + 1, np.bool_)
        is_wanted[rows] = True
        is_wanted[exclude[(exclude >= 0) & (exclude < len(is_wanted))]] = False
        return np.flatnonzero(is_wanted).astype(np.int32)

    def _workspaces(self, state: BehaviourState) -> tuple[Scratch, WordScratch]:
        scratch, words = self._scratch, self._words
        if scratch is None or words is None or _outgrown(scratch, state):
            scratch, words = scratch_for(state), word_scratch_for(len(state.item_n))
            self._scratch, self._words = scratch, words
        return scratch, words


def _outgrown(scratch: Scratch, state: BehaviourState) -> bool:
    return len(scratch.met) != len(state.item_n) or len(scratch.people) != len(state.user_n)
