"""The half-life law: exponential decay of additive sums kept at a reference time.

    add(t, w, v):  if t > T: S ← S·2^(−(t−T)/h), T ← t;   S ← S + w·2^(−(T−t)/h)·v
    merge:         bring both to max T, add

Both commute and associate (up to float rounding), so any order of the same events gives the same sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

DAY_S = 86_400.0


def factor(elapsed_s: float, half_life_s: float) -> float:
    """What is left of a weight after `elapsed_s` >= 0: 2^(-elapsed/half-life).

    >>> factor(7 * DAY_S, 7 * DAY_S)
    0.5
    """
    return float(2.0 ** (-elapsed_s / half_life_s))


def no_own(_action: str) -> None:
    """Every action fades as all do."""


class HalfLives(dict[str, float]):
    """Long half-lives in seconds by type of event, looked up as they are asked for.

    common_s: of actions without one of their own. own_of: of `<object>.<action>`, in seconds; None for the common one.

    >>> half_lives = HalfLives(60 * DAY_S, {"product.viewed": 7 * DAY_S}.get)
    >>> half_lives["shop.product.viewed"] / DAY_S, half_lives["shop.order.completed"] / DAY_S
    (7.0, 60.0)
    """

    __slots__ = ("_own_of", "common_s")

    def __init__(self, common_s: float, own_of: Callable[[str], float | None] = no_own) -> None:
        super().__init__()
        self.common_s = common_s
        self._own_of = own_of

    def __missing__(self, event_type: str) -> float:
        found = self._own_of(event_type.partition(".")[2]) or self.common_s
        self[event_type] = found
        return found


@dataclass(slots=True)
class DecayedSum:
    """A decayed scalar sum; the slow, obvious form of what profiles do with vectors.

    >>> a = DecayedSum(half_life_s=10.0)
    >>> a.add(0.0, 1.0); a.add(10.0, 1.0); a.value
    1.5
    """

    half_life_s: float
    value: float = 0.0
    reference_s: float | None = None

    def add(self, at_s: float, weight: float) -> None:
        """One observation; times may come in any order."""
        if self.reference_s is None or at_s > self.reference_s:
            if self.reference_s is not None:
                self.value *= factor(at_s - self.reference_s, self.half_life_s)
            self.reference_s = at_s
        self.value += weight * factor(self.reference_s - at_s, self.half_life_s)

    def merge(self, other: DecayedSum) -> None:
        """Add another sum of the same half-life."""
        if other.reference_s is not None:
            self.add(other.reference_s, other.value)

    def at(self, now_s: float) -> float:
        """The value seen from `now_s`, never amplified for a time before the reference."""
        if self.reference_s is None:
            return 0.0
        return self.value * factor(max(0.0, now_s - self.reference_s), self.half_life_s)


def decayed_sum(observations: Iterable[tuple[float, float]], half_life_s: float) -> DecayedSum:
    """The sum of (time, weight) pairs."""
    total = DecayedSum(half_life_s)
    for at_s, weight in observations:
        total.add(at_s, weight)
    return total
