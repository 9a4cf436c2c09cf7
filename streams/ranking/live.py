"""The seam for serve: behaviour comes in by key, and a person asks what comes next; any number of threads.

What people did is kept by *account*, which never changes hands and acts on one platform. A person is the accounts that
`link` said last, and who asks those they have at that moment, so a link or its end moves no touch. One lock: a request
takes a few milliseconds, and there is one state.

What is answered is kept for a day, and what people make of it moves how much each source of the score counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.ranking.behaviour import PRUNED_PART, BehaviourLog
from streams.ranking.blend import Blend
from streams.ranking.candidates import About, CandidateFinder
from streams.ranking.feedback import Answer, Feedback, ServedLists, Shown
from streams.ranking.hot import HotItems
from streams.ranking.model_files import PACKAGED_CONTENT_WEIGHT
from streams.ranking.persons import ASKING, assemble, link
from streams.ranking.ranker import Ranker
from streams.ranking.reranker import Reranker
from streams.ranking.rows import Rows
from streams.ranking.state import Bounds, Ints
from streams.ranking.titles import Titles

_ASKING_KEY: Final = "\0asking"
#: Sources of a score: the re-ranker's, as it is (within a request it deviates by about one, and by less where it knows
#: little), and the content score in [0, 1].
BEHAVIOUR: Final = "behaviour"
CLOSENESS: Final = "closeness"
#: Seconds for which what runs hot is not counted again.
HOT_FOR_S: Final = 30.0


@dataclass(frozen=True)
class Touch:
    """Somebody took to something. account: account key. item: `<platform>:<item_id>`. weight: > 0, 1 for a review."""

    account: str
    item: str
    at_s: float
    weight: float = 1.0


@dataclass(frozen=True)
class Question:
    """What next, for the person with these accounts, on this platform?

    exclude: item keys that must not come. content: scores in [0, 1] of items that the content index found (their
    closeness to the person's interests, price, freshness); they are candidates too, as far as they were put or touched.
    """

    accounts: Sequence[str]
    platform: str
    now_s: float
    exclude: Collection[str] = ()
    content: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)  # frozen would cost four times as much to make, a hundred times a request
class Scored:
    """An item, best first. Not to be changed.

    sources: what (behaviour, closeness) said, before they were weighed; an `Answer` takes them back. features: what the
    networks read of it, for `explained`.
    """

    item: str
    score: float
    sources: tuple[float, ...]
    features: NDArray[np.float32] = field(repr=False, compare=False)


class LiveRanker:
    """Keys outside, rows inside."""

    def __init__(self, rerankers: Sequence[Reranker], bounds: Bounds | None = None) -> None:
        self._items, self._platforms = Rows(), Rows()
        self._titles = Titles()
        self._begin(tuple(rerankers), bounds)
        self._blend = _blend(PACKAGED_CONTENT_WEIGHT)
        self._served = ServedLists()
        self._lock = Lock()

    def use(self, rerankers: Sequence[Reranker], content_weight: float, space: str) -> None:
        """Exchange the networks between two requests; what feedback taught in another space goes.

        content_weight: >= 0, where learning begins. space: names the networks and the vectors.
        """
        with self._lock:
            self._ranker.rerankers = tuple(rerankers)
            blend = _blend(content_weight, space)
            blend.restore(self._blend.to_bytes())
            self._blend = blend
            self._served.clear()

    def put_items(self, titles: Mapping[str, str]) -> None:
        """Say what items are called; one that nobody took to yet may come by its words and by content."""
        with self._lock:
            rows = self._placed(list(titles))
            self._titles.put(rows.tolist(), list(titles.values()))

    def remove_items(self, keys: Sequence[str]) -> None:
        """Leave no reference to these items, but for lists that were answered, while these are kept."""
        with self._lock:
            rows = [row for key in keys if (row := self._items.free(key)) >= 0]
            self._titles.put(rows, [""] * len(rows))
            self._log.remove_items(rows)

    def observe(self, touches: Sequence[Touch]) -> None:
        """Take in what people took to, in any order; late ones count what time has left of them."""
        if not touches:
            return
        with self._lock:
            items = self._placed([touch.item for touch in touches])
            accounts = np.array([self._accounts.row(touch.account) for touch in touches], np.int32)
            self._log.make_room(self._items.n_rows, self._accounts.n_rows)
            times_s = np.array([touch.at_s for touch in touches])
            self._log.observe(accounts, items, times_s, np.array([touch.weight for touch in touches]))
            self._prune()

    def link(self, people: Iterable[Sequence[str]]) -> None:
        """Say which accounts are one person from now on: those of each, and no others.

        Accounts that did nothing yet are left out; say it again when they did.
        """
        with self._lock:
            for accounts in people:
                rows = self._accounts.find_all(accounts)
                link(self._log.state, rows[rows >= 0])

    def forget(self, accounts: Sequence[str]) -> None:
        """Leave no reference to these accounts."""
        with self._lock:
            self._log.forget_users([row for key in accounts if (row := self._accounts.free(key)) >= 0])
            self._served.forget(accounts)

    def clear(self) -> None:
        """Forget what everybody did and was answered. Items stay, and so do the weights, which are nobody's."""
        with self._lock:
            self._begin(self._ranker.rerankers, self._log.bounds)
            keys = [key for row in range(self._items.n_rows) if (key := self._items.key(row))]
            self._placed(keys)
            self._served.clear()

    def answered(self, answer: Answer) -> None:
        """Say what of a ranking was handed out; feedback on it teaches."""
        with self._lock:
            self._served.keep(answer)

    def shown(self, told: Sequence[Shown]) -> list[Shown]:
        """Say how much of the answers people were shown; those that met one."""
        with self._lock:
            return [each for each in told if self._served.show(each)]

    def feedback(self, told: Sequence[Feedback]) -> list[Feedback]:
        """Learn from what people made of the answers; those that taught something."""
        with self._lock:
            return [each for each in told if self._learnt_from(each)]

    def weights(self) -> dict[str, dict[str, float]]:
        """What each source counts now, by platform that feedback came from."""
        with self._lock:
            return self._blend.by_platform()

    def learnt(self) -> bytes:
        """The weights, for `restore` at the next start."""
        with self._lock:
            return self._blend.to_bytes()

    def restore(self, raw: bytes) -> bool:
        """Take back what `learnt` gave. False, and nothing changes, where it is damaged or of another space."""
        with self._lock:
            return self._blend.restore(raw)

    def rank(self, question: Question, n: int) -> list[Scored]:
        """At most n items of the platform, best first; empty for a platform that nobody was seen on."""
        with self._lock:
            platform = self._platforms.find(question.platform)
            if platform < 0:
                return []
            own = self._accounts.find_all(question.accounts)
            own = own[own >= 0]
            assemble(self._log.state, ASKING, own)
            near = self._items.find_all(question.content)
            about = About(self._excluded(question), near[near >= 0], own)
            rows, features = self._ranker.describe(self._ranker.ask(ASKING, platform, question.now_s), about)
            close = _placed_at(rows, near, np.fromiter(question.content.values(), np.float64))
            weights = self._blend.weights(question.platform)
            sources = np.stack([self._ranker.score(features), close], axis=1)
            scores = sources @ weights
            best = np.argsort(-scores, kind="stable")[:n]
            said = map(tuple, sources[best].tolist())
            return [
                Scored(self._items.key(row), score, of, read)
                for row, score, of, read in zip(
                    rows[best].tolist(), scores[best].tolist(), said, features[best], strict=True
                )
            ]

    def weighed(self, platform: str, ranked: Sequence[Scored], content: Sequence[float]) -> list[Scored]:
        """What `rank` gave for this platform, best first, with what content says of each: scores in [0, 1].

        Of items that behaviour alone proposed `rank` was told nothing by content: neither dislike, nor price, nor age.
        """
        with self._lock:
            weights = self._blend.weights(platform)
        sources = [(each.sources[0], said) for each, said in zip(ranked, content, strict=True)]
        scores = np.array(sources).reshape(-1, len(weights)) @ weights
        totals = scores.tolist()
        return [
            Scored(ranked[at].item, totals[at], sources[at], ranked[at].features)
            for at in np.argsort(-scores, kind="stable").tolist()
        ]

    def explained(self, platform: str, shown: Sequence[Scored]) -> list[Mapping[str, float]]:
        """What each group of signals adds to each score that `rank` gave on this platform, in words.

        Contribution, not cause. For the few that are shown: it takes longer than the ranking.
        """
        if not shown:
            return []
        with self._lock:
            weights = self._blend.weights(platform)
            found = self._ranker.contributions(np.stack([each.features for each in shown]))
        # The network's groups count as much as the network does.
        parts: dict[str, NDArray[np.floating]] = {name: weights[0] * part for name, part in found.items()}
        parts["closeness to the interests of this person"] = weights[1] * np.array([each.sources[1] for each in shown])
        return [{name: float(part[at]) for name, part in parts.items()} for at in range(len(shown))]

    def _begin(self, rerankers: tuple[Reranker, ...], bounds: Bounds | None) -> None:
        """Nobody has done anything."""
        self._log = BehaviourLog(1, bounds)
        self._accounts = Rows([_ASKING_KEY])
        self._ranker = Ranker(self._log, CandidateFinder(self._titles, HotItems(HOT_FOR_S)), rerankers)

    def _learnt_from(self, said: Feedback) -> bool:
        lesson = self._served.lesson(said)
        if lesson is None:
            return False
        strength = -said.weight if said.kind == "dismissed" else said.weight
        self._blend.learn(lesson.platform, lesson.sources, lesson.place, strength)
        return True

    def _excluded(self, question: Question) -> Ints:
        state = self._log.state
        known = state.user_items[ASKING, : state.user_n[ASKING]]
        return np.append(known, self._items.find_all(question.exclude)).astype(np.int32)

    def _placed(self, keys: Sequence[str]) -> NDArray[np.int32]:
        """The rows of items, new ones placed on their platform."""
        rows = np.array([self._items.row(key) for key in keys], np.int32)
        platforms = np.array([self._platforms.row(key.partition(":")[0]) for key in keys], np.int32)
        self._log.make_room(self._items.n_rows, self._accounts.n_rows, self._platforms.n_rows)
        self._log.place_items(rows, platforms)
        return rows

    def _prune(self) -> None:
        bounds = self._log.bounds
        if len(self._items) > bounds.max_items:
            rows = self._log.idle_items(max(1, int(PRUNED_PART * bounds.max_items))).tolist()
            for row in rows:
                self._items.free(self._items.key(row))
            self._titles.put(rows, [""] * len(rows))
            self._log.remove_items(rows)
        if len(self._accounts) > bounds.max_users:
            rows = [
                row
                for row in self._log.idle_users(max(1, int(PRUNED_PART * bounds.max_users))).tolist()
                if row != ASKING
            ]
            for row in rows:
                self._accounts.free(self._accounts.key(row))
            self._log.forget_users(rows)


def _placed_at(rows: Ints, some: Ints, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,): the values of some rows where these stand in `rows` (N,), which rise; 0 elsewhere."""
    placed = np.zeros(len(rows))
    at = np.searchsorted(rows, some)
    present = np.zeros(len(some), np.bool_)
    inside = at < len(rows)
    present[inside] = rows[at[inside]] == some[inside]
    placed[at[present]] = values[present]
    return placed


def _blend(content_weight: float, space: str = "") -> Blend:
    return Blend({BEHAVIOUR: 1.0, CLOSENESS: content_weight}, space)
