"""Everything that `braid train` learns, in its order: the re-ranker, an adapter, and how much content should count.

Each part is judged on what came later than everything it was chosen by. An adapter is kept only where it gains twice:
by itself (what is taken next is nearer), and in the whole ranking (with it, content scores foretell better).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError
from streams.ranking.adapter import Adapter
from streams.ranking.model_files import PACKAGED_CONTENT_WEIGHT, RankingModel
from streams.ranking.replays import Items, ranker_over
from streams.ranking.reranker import Reranker
from streams.ranking.state import Bounds
from streams.training.adapter import AdapterMetrics, AdapterRules, Encoded, fit_adapter
from streams.training.content_replay import ContentReplay
from streams.training.content_weight import LEAST_REQUESTS, Choice, ask, choose, requests_of
from streams.training.pairs import PairRules, pairs_of
from streams.training.reranker import Examples, examples_of, fit
from streams.training.touches import TouchLog

FROZEN: Final = "frozen"
ADAPTED: Final = "adapted"

Say = Callable[[str], None]
"""Told, in words, how far it is."""


@dataclass(frozen=True)
class Behaviour:
    """What people took to, of which items. Rows of people are below n_users."""

    log: TouchLog
    items: Items
    n_users: int


@dataclass(frozen=True)
class Wishes:
    """seed: of every draw. n_networks: that are averaged. balance: see `training.histories`. adapter: None for none."""

    seed: int = 0
    n_networks: int = 3
    balance: bool = False
    adapter: AdapterRules | None = None

    @property
    def is_shorter(self) -> bool:
        """Whether shorter vectors are wanted, gain or not."""
        return self.adapter is not None and self.adapter.dim is not None


class Contents(Protocol):
    """What content is, made by whoever knows encoder and index."""

    @property
    def encoded(self) -> Encoded:
        """The catalogue's vectors."""

    def replay(self, adapter: Adapter | None) -> ContentReplay:
        """A fresh one, of the space FROZEN, and of ADAPTED where there is an adapter."""


@dataclass(frozen=True)
class Trained:
    """metrics: for `metrics.json`. verdict: what became of the adapter and the weight, a sentence each."""

    model: RankingModel
    metrics: dict[str, Any]
    verdict: tuple[str, ...]


def train(behaviour: Behaviour, contents: Contents | None, wishes: Wishes, say: Say) -> Trained:
    """Learn everything. contents: None leaves adapter and content weight out. Raises UsageError for too short a log."""
    examples = examples_of(behaviour.log, behaviour.items, behaviour.n_users, wishes.seed)
    say(f"learning from {len(examples.tables)} examples ...")
    rerankers, metrics = _rerankers(examples, wishes, say)
    if contents is None:
        said = "nothing was encoded: content counts as with the packaged model"
        return Trained(RankingModel(rerankers, None, PACKAGED_CONTENT_WEIGHT, ""), metrics, (said,))
    adapter, adapted, verdict = _adapter(behaviour.log, contents.encoded, wishes, say)
    metrics["adapter"] = None if adapted is None else adapted.as_dict()
    # Nothing that is asked about may have been learnt from.
    from_s = max(examples.held_out_from_s, 0.0 if adapted is None else adapted.judged_from_s)
    rows = requests_of(behaviour.log, from_s, wishes.seed)
    choices = _choices(behaviour, rows, rerankers, contents.replay(adapter), say)
    metrics["content"] = {name: asdict(choice) for name, choice in choices.items()}
    if adapter is not None and not wishes.is_shorter and not _helps(choices):
        adapter = None
        verdict.append("in the whole ranking the adapter foretells no better, and is left out")
    choice = choices.get(FROZEN if adapter is None else ADAPTED)
    verdict.append(_told(choice))
    weight = PACKAGED_CONTENT_WEIGHT if choice is None else choice.weight
    return Trained(RankingModel(rerankers, adapter, weight, ""), metrics, tuple(verdict))


def _helps(choices: Mapping[str, Choice]) -> bool:
    """Whether the adapter foretells better where weights are chosen."""
    return bool(choices) and choices[ADAPTED].choosing_loss < choices[FROZEN].choosing_loss


def _rerankers(examples: Examples, wishes: Wishes, say: Say) -> tuple[tuple[Reranker, ...], dict[str, Any]]:
    def on_pass(network: int, n_passes: int, loss: float) -> None:
        say(f"network {network + 1}, pass {n_passes}: loss {loss:.4f} nats on later requests")

    learnt, known = fit(examples, wishes.seed, wishes.n_networks, on_pass)
    metrics: dict[str, Any] = {"reranker": known.as_dict()}
    if wishes.balance:
        say("once more, with people of short and long histories counting alike ...")
        learnt, balanced = fit(examples, wishes.seed, wishes.n_networks, on_pass, balance=True)
        metrics = {"reranker": balanced.as_dict(), "reranker_unbalanced": known.as_dict()}
    return learnt, metrics


def _adapter(
    log: TouchLog, encoded: Encoded, wishes: Wishes, say: Say
) -> tuple[Adapter | None, AdapterMetrics | None, list[str]]:
    """(the adapter if it is worth something, how it does, what became of it)."""
    rules = wishes.adapter
    if rules is None:
        return None, None, []

    def on_pass(n_passes: int, loss: float) -> None:
        say(f"adapter, pass {n_passes}: loss {loss:.4f} nats on later pairs")

    pairs = pairs_of(log, encoded.has_vector, PairRules())
    say(f"learning an adapter from {len(pairs)} pairs of items ...")
    try:
        adapter, metrics = fit_adapter(encoded, pairs, rules, wishes.seed, on_pass)
    except UsageError as error:
        if wishes.is_shorter:
            raise
        return None, None, [f"no adapter: {error}"]
    reached = f"hits among the ten nearest {metrics.hits_adapted:.2%}, frozen {metrics.hits_frozen:.2%}"
    if wishes.is_shorter:
        kept = f"{metrics.neighbours_kept:.1%} of the ten nearest neighbours stay"
        return adapter, metrics, [f"vectors of {adapter.dim} dimensions: {reached}; {kept}"]
    if not metrics.is_gain:
        return None, metrics, [f"the adapter gains nothing ({reached}, error {metrics.gain_error:.2%}) and is left out"]
    return adapter, metrics, [f"adapter: {reached}"]


def _choices(
    behaviour: Behaviour,
    rows: NDArray[np.intp],
    rerankers: tuple[Reranker, ...],
    content: ContentReplay,
    say: Say,
) -> dict[str, Choice]:
    """By space; none where too few requests can tell."""
    people = ranker_over(behaviour.items, behaviour.n_users, Bounds())
    people.ranker.rerankers = rerankers
    say(f"asking content about {len(rows)} later requests ...")

    def on_request(n_asked: int, n_all: int) -> None:
        if n_asked % 500 == 0:
            say(f"asked {n_asked} of {n_all}")

    asked = ask(behaviour.log, rows, people, content, on_request)
    n_found = min(int(np.sum([each.taken >= 0 for each in of_space])) for of_space in asked.values())
    return choose(asked, len(behaviour.items.titles)) if n_found >= LEAST_REQUESTS else {}


def _told(choice: Choice | None) -> str:
    if choice is None:
        return "too few later requests to choose how much content counts: as with the packaged model"
    return (
        f"content counts {choice.weight:g} ({choice.space} vectors): of {choice.chosen.n} later requests "
        f"{choice.chosen.hr10:.2%} have what was taken in the first ten, {choice.without.hr10:.2%} without content"
    )
