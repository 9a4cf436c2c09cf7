"""How much each source of a score counts, learnt from what people made of what they were shown: a handful of weights.

    score(x) = Σ_s w_s·x_s,   w_s = start_s·S·softmax(share)_s,   share = shared + the platform's own

A taken item x_t among those shown is one step of the shares up ln softmax(Σ_s start_s·e^share_s·x_s)_t; a dismissed one
is a step of the same kind with the scores turned round. What is common to all shares says how surely people take what
scores best; it is learnt too, for without it people who take at random would push the weights to whatever makes scores
flat, but it ranks nothing: the mean of w_s / start_s stays 1, so scores keep their size, which diversity is weighed
against. Shapes: S sources, N items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

#: A weight stays within start / 4 and start · 4.
MOST: Final = 4.0
#: What is common to all shares stays within ± this.
MOST_SURENESS_LOG: Final = log(16.0)
#: Values of a source beyond this say no more: one odd score must not teach more than another.
CLIPPED_AT: Final = 20.0


@dataclass(frozen=True)
class BlendRules:
    """rate: of a step, per platform; shared_rate: of what platforms have in common, where a new platform begins.

    pull: the part of the way back to the start that a step goes. most: what a step may move a share by, before that.
    """

    rate: float = 0.03
    shared_rate: float = 0.005
    pull: float = 0.002
    most: float = 0.05


class _Kept(msgspec.Struct, frozen=True):
    """What is written: log shares by source name, so that another order or set of sources is told apart."""

    space: str
    sources: list[str]
    shared: list[float]
    own: dict[str, list[float]]


class Blend:
    """Weights by platform. One writer; deterministic for the same calls.

    starts: weight of each source, >= 0, where nobody said anything; 0 stays 0. space: what the sources are made with;
    what was learnt in one means nothing in another.

    >>> blend = Blend({"behaviour": 1.0, "closeness": 4.0})
    >>> blend.weights("shop").tolist()
    [1.0, 4.0]
    >>> blend.learn("shop", np.array([[0.0, 0.5], [2.0, 0.0]]), taken=0)
    >>> [blend.weights(platform).round(2).tolist() for platform in ("shop", "video")]
    [[0.97, 4.14], [1.0, 4.02]]
    """

    def __init__(self, starts: Mapping[str, float], space: str = "", rules: BlendRules | None = None) -> None:
        if not starts or min(starts.values()) < 0.0:
            raise ValueError(f"starts = {dict(starts)}: name at least one source, and only weights of at least 0")
        self.sources = tuple(starts)
        self.space = space
        self._rules = rules or BlendRules()
        self._starts = np.array(list(starts.values()))
        self._shared = np.zeros(len(starts))
        self._own: dict[str, Doubles] = {}
        #: Asked for three times a request, changed by feedback only; "" stands for platforms without any.
        self._weights: dict[str, Doubles] = {}

    def weights(self, platform: str) -> Doubles:
        """float64 (S,) in the order of `sources`, not to be written to."""
        name = platform if platform in self._own else ""
        known = self._weights.get(name)
        if known is None:
            shares = np.exp(_shares(self._logs(platform)))
            known = self._weights[name] = self._starts * (shares / shares.mean())
            known.flags.writeable = False
        return known

    def by_platform(self) -> dict[str, dict[str, float]]:
        """The weights of every platform that taught something, by source."""
        return {
            platform: dict(zip(self.sources, self.weights(platform).tolist(), strict=True)) for platform in self._own
        }

    def learn(self, platform: str, shown: NDArray[np.floating], taken: int, strength: float = 1.0) -> None:
        """One step. shown: what each source said (N, S) of the items shown. taken: which of them was.

        strength in [-1, 1]: how much it says; negative where the item was refused. Fewer than two items say nothing.
        """
        if len(shown) < 2 or not strength:
            return
        known = np.clip(np.nan_to_num(shown.astype(np.float64)), -CLIPPED_AT, CLIPPED_AT)
        weighted = known * (self._starts * np.exp(self._logs(platform))) * np.sign(strength)
        scores = weighted.sum(axis=1)
        chances = np.exp(scores - scores.max())
        slope = weighted[taken] - (chances / chances.sum()) @ weighted
        step = np.clip(self._rules.rate * min(abs(strength), 1.0) * slope, -self._rules.most, self._rules.most)
        kept = 1.0 - self._rules.pull
        own = self._own.get(platform, np.zeros(len(self.sources)))
        self._shared = _bounded(kept * self._shared + self._rules.shared_rate / self._rules.rate * step)
        self._own[platform] = _bounded(self._shared + kept * own + step) - self._shared
        self._weights = {}

    def to_bytes(self) -> bytes:
        """For `restore`."""
        own = {platform: logs.tolist() for platform, logs in self._own.items()}
        return msgspec.json.encode(_Kept(self.space, list(self.sources), self._shared.tolist(), own))

    def restore(self, raw: bytes) -> bool:
        """Take back what `to_bytes` wrote. False, and nothing changes, where it was of another space or is damaged."""
        try:
            kept = msgspec.json.decode(raw, type=_Kept)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        logs = [kept.shared, *kept.own.values()]
        sized = all(len(each) == len(self.sources) and all(map(isfinite, each)) for each in logs)
        if not sized or (kept.space, tuple(kept.sources)) != (self.space, self.sources):
            return False
        self._shared = _bounded(np.array(kept.shared))
        self._own = {
            platform: _bounded(self._shared + np.array(each)) - self._shared for platform, each in kept.own.items()
        }
        self._weights = {}
        return True

    def _logs(self, platform: str) -> Doubles:
        own = self._own.get(platform)
        return self._shared if own is None else self._shared + own


def _shares(logs: Doubles) -> Doubles:
    """Around 0 (S,), and so that the least weight is not below start / MOST where all others are at their greatest."""
    others = len(logs) - 1
    most = 0.5 * log((MOST * len(logs) - 1.0) / others) if others else 0.0
    shares: Doubles = np.clip(logs - logs.mean(), -most, most)
    return shares


def _bounded(logs: Doubles) -> Doubles:
    bounded: Doubles = _shares(logs) + np.clip(logs.mean(), -MOST_SURENESS_LOG, MOST_SURENESS_LOG)
    return bounded
