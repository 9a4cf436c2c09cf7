"""Learn the re-ranker from logged behaviour: replay, log what was on offer, split by time, stop when it gains no more.

The replay is the one that serves (`streams.ranking.online`): an example holds the features of its candidates as of just
before it. The latest examples are held out: the future is what a ranking is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError
from streams.ranking.features import FEATURES
from streams.ranking.learning import Learner, LearningRules
from streams.ranking.online import OnlineRanker, OnlineRules
from streams.ranking.replays import Items, ranker_over
from streams.ranking.reranker import Reranker
from streams.ranking.state import Bounds
from streams.training.histories import history_groups, hits_by_history, reweighed
from streams.training.touches import TouchLog

#: Part of the examples that is held out, the latest.
HELD_OUT: Final = 0.15
LEAST_EXAMPLES: Final = 500
MAX_EXAMPLES: Final = 40_000
MAX_PASSES: Final = 30
#: Passes without a better loss on what is held out before learning stops.
PATIENCE: Final = 3
SHOWN: Final = 10

OnPass = Callable[[int, int, float], None]
"""Told (network, pass, loss on what is held out) as learning goes on."""


class Examples(NamedTuple):
    """tables: float16 (M, C, F), oldest first; column 0 of C is what was taken. times_s: (M,)."""

    tables: NDArray[np.float16]
    times_s: NDArray[np.float64]

    @property
    def n_held_out(self) -> int:
        """How many of the latest are not learnt from."""
        return int(HELD_OUT * len(self.tables))

    @property
    def held_out_from_s(self) -> float:
        """From when on nothing was learnt from."""
        return float(self.times_s[-self.n_held_out])


@dataclass(frozen=True)
class Metrics:
    """n_examples, n_held_out: requests. loss: mean -ln chance of what was taken, in nats, held out. passes: by network.

    hits: share of held-out requests with what was taken among the first ten of the sample; by_heat: the same by decayed
    popularity alone; hits_by_history: of people by how many touches were known before.
    """

    n_examples: int
    n_held_out: int
    loss: float
    hits: float
    by_heat: float
    hits_by_history: dict[str, float]
    passes: tuple[int, ...]
    seed: int
    is_balanced: bool = False

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def examples_of(log: TouchLog, items: Items, n_users: int, seed: int) -> Examples:
    """Replay and log what was on offer when each thing was taken, the latest MAX_EXAMPLES of them."""
    never = OnlineRules(every_days=np.inf, max_examples=MAX_EXAMPLES)
    online = OnlineRanker(ranker_over(items, n_users, Bounds()), never, seed)
    times_s: list[float] = []
    for step in log.steps():
        n_before = online.examples.n_added
        online.take_in(step)
        times_s += [step.at_s] * (online.examples.n_added - n_before)
    return Examples(online.examples.latest(MAX_EXAMPLES), np.array(times_s[-MAX_EXAMPLES:]))


def fit(
    examples: Examples,
    seed: int,
    n_networks: int = 3,
    on_pass: OnPass = lambda *_: None,
    *,
    balance: bool = False,
) -> tuple[tuple[Reranker, ...], Metrics]:
    """(networks to be averaged, how they do). balance: people with short and with long histories count alike.

    Raises UsageError when there are too few examples.
    """
    tables, n_held_out = examples.tables, examples.n_held_out
    if len(tables) < LEAST_EXAMPLES:
        raise UsageError(
            f"{len(tables)} examples to learn from, at least {LEAST_EXAMPLES} needed: give a longer log, "
            "with more people who share items"
        )
    seen, held_out = tables[:-n_held_out], tables[-n_held_out:]
    counts = reweighed(history_groups(seen)) if balance else None
    rerankers, passes = [], []
    for network in range(n_networks):
        best: tuple[float, Reranker, int] | None = None
        for n, reranker in enumerate(_passes(seen, counts, seed + network), start=1):
            loss = _loss(scores_of([reranker], held_out))
            on_pass(network, n, loss)
            if best is None or loss < best[0]:
                best = (loss, reranker, n)
            elif n - best[2] >= PATIENCE:
                break
        assert best is not None
        rerankers.append(best[1])
        passes.append(best[2])
    scores = scores_of(rerankers, held_out)
    heat = held_out[:, :, FEATURES.index("heat_7d")].astype(np.float32)
    is_hit = _is_hit(scores)
    metrics = Metrics(
        len(tables),
        n_held_out,
        _loss(scores),
        float(is_hit.mean()),
        float(_is_hit(heat).mean()),
        hits_by_history(is_hit, history_groups(held_out)),
        tuple(passes),
        seed,
        balance,
    )
    return tuple(rerankers), metrics


def _passes(seen: NDArray[np.float16], counts: NDArray[np.float32] | None, seed: int) -> Iterator[Reranker]:
    learner = Learner(FEATURES, LearningRules(), seed)
    learner.fit_scales(seen)
    for _ in range(MAX_PASSES):
        learner.fit(seen, 1, counts)
        yield learner.reranker()


def scores_of(rerankers: Sequence[Reranker], examples: NDArray[np.float16]) -> NDArray[np.float32]:
    """float32 (M, C): the mean score of the networks."""
    rows = examples.reshape(-1, examples.shape[-1])
    mean: NDArray[np.float32] = np.mean([reranker.score(rows) for reranker in rerankers], axis=0)
    return mean.reshape(examples.shape[:2])


def _loss(scores: NDArray[np.float32]) -> float:
    top = scores.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0] - scores[:, 0]))


def _is_hit(scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(M,). Ties count half."""
    others, taken = scores[:, 1:], scores[:, :1]
    places = (others > taken).sum(axis=1) + 0.5 * (others == taken).sum(axis=1)
    is_hit: NDArray[np.bool_] = places < SHOWN
    return is_hit
