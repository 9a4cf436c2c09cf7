"""Learn an adapter from logged behaviour: what somebody took to next should lie nearer than what others took to.

Softmax over the other targets of a batch on the same platform (in-batch negatives), less ln of how often each is a
target (Yi et al. 2019), so that what is popular is not pushed away for being drawn often. The latest pairs are held
out: on the first half of them learning stops, the second half says what was gained. Shapes: I items, P pairs, B of a
batch, D dimensions of the encoder, E after the adapter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from streams.errors import UsageError
from streams.ranking.adapter import Adapter
from streams.training.pairs import Pairs

Floats = NDArray[np.float32]

LEAST_PAIRS: Final = 2_000
#: Part of the pairs that is held out, the latest; its first half stops the learning, its second half is reported.
HELD_OUT: Final = 0.2
#: How held-out pairs are judged: the place of the later item among so many candidates of its platform.
N_CANDIDATES: Final = 1_000
MAX_JUDGED: Final = 4_000
SHOWN: Final = 10
#: Of the softmax over cosines. The one under which frozen vectors do best is taken, so that only direction is learnt.
TEMPERATURES: Final = (0.05, 0.1, 0.2, 0.4, 0.8)
#: Standard errors by which a gain must exceed nothing, to be one: 95 % in one direction.
SURE: Final = 1.645

OnPass = Callable[[int, float], None]
"""Told (pass, loss on what is held out) as learning goes on."""


@dataclass(frozen=True)
class AdapterRules:
    """dim: E, None for that of the encoder. rate: Adam's step. pull: of the squared distance from where it began.

    popularity: how much of ln(frequency) of a target is taken off. batch: pairs a step. patience: passes without a
    better loss before learning stops.
    """

    dim: int | None = None
    rate: float = 1e-4
    pull: float = 1e-3
    popularity: float = 1.0
    batch: int = 1_024
    max_passes: int = 12
    patience: int = 2


@dataclass(frozen=True)
class AdapterMetrics:
    """loss_*: mean -ln chance of the later item in its batch, in nats, on the latest pairs. passes: until the best.

    hits_*: share of the latest pairs whose later item is among the ten nearest to the earlier one, of N_CANDIDATES
    drawn of its platform. gain, gain_error: their paired difference and its standard error. judged_from_s: time of the
    first pair that neither weights nor passes were chosen by. neighbours_kept: see `neighbours_kept`.
    """

    n_pairs: int
    n_held_out: int
    dim: int
    passes: int
    loss_frozen: float
    loss_adapted: float
    hits_frozen: float
    hits_adapted: float
    gain: float
    gain_error: float
    seed: int
    judged_from_s: float
    neighbours_kept: float

    @property
    def is_gain(self) -> bool:
        """Whether the adapter is worth writing."""
        return self.gain > SURE * self.gain_error

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Encoded:
    """The catalogue as an encoder sees it. vectors: float32 (I, D), unit rows, zero where an item has no words.

    label: `<name>@<version>` of the encoder. platform: codes (I,).
    """

    label: str
    vectors: Floats
    platform: NDArray[np.intp]

    @property
    def has_vector(self) -> NDArray[np.bool_]:
        """(I,)."""
        known: NDArray[np.bool_] = np.asarray(self.vectors.any(axis=1))
        return known


def fit_adapter(
    items: Encoded, pairs: Pairs, rules: AdapterRules, seed: int, on_pass: OnPass = lambda *_: None
) -> tuple[Adapter, AdapterMetrics]:
    """(the adapter of the best pass, how it does). Raises UsageError when there are too few pairs."""
    if len(pairs) < LEAST_PAIRS:
        raise UsageError(
            f"{len(pairs)} pairs of items to learn an adapter from, at least {LEAST_PAIRS} needed: give a longer log "
            "whose items have titles, or leave the adapter out: --no-adapter"
        )
    n_held_out = int(HELD_OUT * len(pairs))
    seen, later = pairs.part(slice(0, -n_held_out)), pairs.part(slice(-n_held_out, None))
    stopping, last = later.part(slice(0, n_held_out // 2)), later.part(slice(n_held_out // 2, None))
    task = _Task.of(items, seen, rules, seed)
    begun = task.begun
    best, best_loss, best_pass = begun, task.loss(begun, stopping), 0
    for n, weights in enumerate(task.passes(seen), start=1):
        loss = task.loss(weights, stopping)
        on_pass(n, loss)
        if loss < best_loss:
            best, best_loss, best_pass = weights, loss, n
        elif n - best_pass >= rules.patience:
            break
    adapter = Adapter(items.label, best.numpy())
    frozen, adapted = judged(items, (items.vectors, adapter.apply(items.vectors)), last, seed)
    gains = adapted.astype(np.float64) - frozen
    metrics = AdapterMetrics(
        n_pairs=len(pairs),
        n_held_out=len(last),
        dim=adapter.dim,
        passes=best_pass,
        loss_frozen=task.loss(begun, last),
        loss_adapted=task.loss(best, last),
        hits_frozen=float(frozen.mean()),
        hits_adapted=float(adapted.mean()),
        gain=float(gains.mean()),
        gain_error=float(gains.std() / np.sqrt(len(gains))),
        seed=seed,
        judged_from_s=float(last.at_s[0]),
        neighbours_kept=neighbours_kept(items.vectors, adapter.apply(items.vectors), seed),
    )
    return adapter, metrics


def neighbours_kept(before: Floats, after: Floats, seed: int) -> float:
    """Of the ten nearest rows of (I, D), the mean share that is among the ten nearest of (I, E) too: recall@10.

    Over at most N_CANDIDATES drawn rows with a vector; a row is not its own neighbour.
    """
    known = np.flatnonzero(before.any(axis=1))
    drawn = np.random.default_rng(seed).choice(known, min(N_CANDIDATES, len(known)), replace=False)
    kept = [len(np.intersect1d(_nearest(before, known, row), _nearest(after, known, row))) for row in drawn]
    return float(np.mean(kept)) / min(SHOWN, max(len(known) - 1, 1)) if kept else 1.0


def _nearest(vectors: Floats, known: NDArray[np.intp], row: int) -> NDArray[np.intp]:
    others = known[known != row]
    nearest: NDArray[np.intp] = others[np.argsort(-(vectors[others] @ vectors[row]), kind="stable")[:SHOWN]]
    return nearest


def judged(items: Encoded, spaces: tuple[Floats, ...], pairs: Pairs, seed: int) -> list[NDArray[np.bool_]]:
    """For each space of vectors (I, E): whether the later item is among the nearest ten, (J,) of drawn pairs J.

    The same draws for all spaces. A tie counts against it.
    """
    random = np.random.default_rng(seed)
    rows = np.sort(random.choice(len(pairs), min(MAX_JUDGED, len(pairs)), replace=False))
    offered = {code: np.flatnonzero((items.platform == code) & items.has_vector) for code in np.unique(items.platform)}
    hits = np.zeros((len(spaces), len(rows)), np.bool_)
    for at, (earlier, later) in enumerate(zip(pairs.earlier[rows], pairs.later[rows], strict=True)):
        others = random.choice(offered[items.platform[later]], N_CANDIDATES - 1)
        others = others[(others != later) & (others != earlier)]
        for space, vectors in enumerate(spaces):
            close = vectors[others] @ vectors[earlier]
            hits[space, at] = (close >= vectors[later] @ vectors[earlier]).sum() < SHOWN
    return list(hits)


def principal_axes(vectors: Floats, dim: int) -> Floats:
    """float32 (D, dim): the axes on which rows differ most (PCA without centring, so that zero stays zero).

    Raises UsageError for more axes than there are dimensions.
    """
    if not 1 <= dim <= vectors.shape[1]:
        raise UsageError(f"--dim {dim}: the encoder has {vectors.shape[1]} dimensions; choose 1 to as many")
    _, axes = np.linalg.eigh((vectors.T @ vectors).astype(np.float64))  # rising
    kept: Floats = axes[:, ::-1][:, :dim].astype(np.float32)
    return kept


@dataclass(frozen=True)
class _Task:
    """begun: where the weights begin, (D, E). popular: ln frequency of each item as a target, (I,)."""

    rules: AdapterRules
    vectors: Tensor
    platform: Tensor
    popular: Tensor
    begun: Tensor
    seed: int
    temperature: float = 1.0

    @classmethod
    def of(cls, items: Encoded, seen: Pairs, rules: AdapterRules, seed: int) -> _Task:
        n_dims = items.vectors.shape[1]
        whole = rules.dim in {None, n_dims}
        begun = np.eye(n_dims, dtype=np.float32) if whole else principal_axes(items.vectors, rules.dim or n_dims)
        counts = 1.0 + np.bincount(seen.later, minlength=len(items.vectors))
        task = cls(
            rules,
            torch.from_numpy(np.ascontiguousarray(items.vectors, np.float32)),
            torch.from_numpy(items.platform.astype(np.int64)),
            torch.from_numpy(np.log(counts / counts.sum()).astype(np.float32)),
            torch.from_numpy(begun),
            seed,
        )
        sample = seen.part(slice(-MAX_JUDGED, None))
        return min((replace(task, temperature=each) for each in TEMPERATURES), key=lambda at: at.loss(at.begun, sample))

    def passes(self, seen: Pairs) -> Iterator[Tensor]:
        """The weights after each pass in random order."""
        random = np.random.default_rng(self.seed)
        weights = self.begun.clone().requires_grad_()
        adam = torch.optim.Adam([weights], lr=self.rules.rate)
        for _ in range(self.rules.max_passes):
            order = random.permutation(len(seen))
            for start in range(0, len(order), self.rules.batch):
                rows = order[start : start + self.rules.batch]
                adam.zero_grad()
                loss = self._batch_loss(weights, seen.earlier[rows], seen.later[rows])
                loss = loss + self.rules.pull * (weights - self.begun).square().sum()
                loss.backward()  # type: ignore[no-untyped-call] # torch's own
                adam.step()
            yield weights.detach().clone()

    def loss(self, weights: Tensor, pairs: Pairs) -> float:
        """Mean over batches in the order of a draw that is always the same."""
        order = np.random.default_rng(self.seed).permutation(len(pairs))
        total = 0.0
        with torch.no_grad():
            for start in range(0, len(order), self.rules.batch):
                rows = order[start : start + self.rules.batch]
                total += len(rows) * float(self._batch_loss(weights, pairs.earlier[rows], pairs.later[rows]))
        return total / max(len(order), 1)

    def _batch_loss(self, weights: Tensor, earlier: NDArray[np.intp], later: NDArray[np.intp]) -> Tensor:
        sources, targets = torch.from_numpy(earlier), torch.from_numpy(later)
        turned = [torch.nn.functional.normalize(self.vectors[rows] @ weights, dim=1) for rows in (sources, targets)]
        scores = turned[0] @ turned[1].T / self.temperature - self.rules.popularity * self.popular[targets]
        # Another platform's items are no alternatives, nor is the same item a second time.
        other = self.platform[targets][:, None] != self.platform[targets][None, :]
        again = targets[:, None] == targets[None, :]
        again.fill_diagonal_(False)
        scores = scores.masked_fill(other | again, -torch.inf)
        return torch.nn.functional.cross_entropy(scores, torch.arange(len(targets)))
