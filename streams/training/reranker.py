"""Learn the re-ranker from logged behaviour: replay, log what was on offer, split by time, stop when it gains no more.

The replay is the one that serves (`streams.ranking.online`): an example holds the features of its candidates as of just
before it. The latest examples are held out: the future is what a ranking is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError
from streams.ranking.features import FEATURES
from streams.ranking.learning import Learner, LearningRules
from streams.ranking.online import OnlineRanker, OnlineRules, Touches
from streams.ranking.replays import Items, ranker_over
from streams.ranking.reranker import Reranker
from streams.ranking.state import Bounds

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


@dataclass(frozen=True)
class Metrics:
    """n_examples, n_held_out: requests. loss: mean -ln chance of what was taken, in nats, held out. passes: by network.

    hits: share of held-out requests with what was taken among the first ten of the sample; by_heat: the same by decayed
    popularity alone.
    """

    n_examples: int
    n_held_out: int
    loss: float
    hits: float
    by_heat: float
    passes: tuple[int, ...]
    seed: int

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def examples_of(steps: Iterable[Touches], items: Items, n_users: int, seed: int) -> NDArray[np.float16]:
    """Replay and log: float16 (M, C, F), oldest first; column 0 of C is what was taken."""
    never = OnlineRules(every_days=np.inf, max_examples=MAX_EXAMPLES)
    online = OnlineRanker(ranker_over(items, n_users, Bounds()), never, seed)
    for step in steps:
        online.take_in(step)
    return online.examples.latest(MAX_EXAMPLES)


def fit(
    examples: NDArray[np.float16], seed: int, n_networks: int = 3, on_pass: OnPass = lambda *_: None
) -> tuple[tuple[Reranker, ...], Metrics]:
    """(networks to be averaged, how they do). Raises UsageError when there are too few examples."""
    if len(examples) < LEAST_EXAMPLES:
        raise UsageError(
            f"{len(examples)} examples to learn from, at least {LEAST_EXAMPLES} needed: give a longer log, "
            "with more people who share items"
        )
    n_held_out = int(HELD_OUT * len(examples))
    seen, held_out = examples[:-n_held_out], examples[-n_held_out:]
    rerankers, passes = [], []
    for network in range(n_networks):
        best: tuple[float, Reranker, int] | None = None
        for n, reranker in enumerate(_passes(seen, seed + network), start=1):
            loss = _loss(_scores([reranker], held_out))
            on_pass(network, n, loss)
            if best is None or loss < best[0]:
                best = (loss, reranker, n)
            elif n - best[2] >= PATIENCE:
                break
        assert best is not None
        rerankers.append(best[1])
        passes.append(best[2])
    scores = _scores(rerankers, held_out)
    heat = held_out[:, :, FEATURES.index("heat_7d")].astype(np.float32)
    metrics = Metrics(len(examples), n_held_out, _loss(scores), _hits(scores), _hits(heat), tuple(passes), seed)
    return tuple(rerankers), metrics


def _passes(seen: NDArray[np.float16], seed: int) -> Iterator[Reranker]:
    learner = Learner(FEATURES, LearningRules(), seed)
    learner.fit_scales(seen)
    for _ in range(MAX_PASSES):
        learner.fit(seen, 1)
        yield learner.reranker()


def _scores(rerankers: Sequence[Reranker], examples: NDArray[np.float16]) -> NDArray[np.float32]:
    """float32 (M, C): the mean score of the networks."""
    rows = examples.reshape(-1, examples.shape[-1])
    mean: NDArray[np.float32] = np.mean([reranker.score(rows) for reranker in rerankers], axis=0)
    return mean.reshape(examples.shape[:2])


def _loss(scores: NDArray[np.float32]) -> float:
    top = scores.max(axis=1, keepdims=True)
    return float(np.mean(np.log(np.exp(scores - top).sum(axis=1)) + top[:, 0] - scores[:, 0]))


def _hits(scores: NDArray[np.float32]) -> float:
    """Ties count half."""
    others, taken = scores[:, 1:], scores[:, :1]
    places = (others > taken).sum(axis=1) + 0.5 * (others == taken).sum(axis=1)
    return float(np.mean(places < SHOWN))
