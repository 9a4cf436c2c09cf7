"""Does everybody get as good a list? Differences between groups of people, of platforms and of items.

**Statistical parity difference**: P(favourable | a) - P(favourable | b) (Dwork et al. 2012; Feldman et al. 2015). For
people the favourable outcome is a hit in ten (the gap between user groups of Li et al. 2021); for items it is being
shown to anybody at all.

**Coverage gap**: the share of the catalogue shown to group a less that shown to group b, from equally many lists of
each, drawn by seed, since more lists show more items (the catalogue coverage of Ge et al. 2010, by group).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from streams.evaluation.figures import Row, coverage, parity
from streams.evaluation.methods.port import Rows
from streams.evaluation.outcomes import Outcomes
from streams.evaluation.protocols import Plan


class _Pair(NamedTuple):
    """Two groups of targets (rows) and what they are called."""

    grouping: str
    name_a: str
    name_b: str
    a: Rows
    b: Rows


def fairness_of(plan: Plan, outcomes: Outcomes, seed: int) -> Iterator[Row]:
    """A row for each pair of groups: {grouping, group_a, group_b, n_a, n_b, rate_a, rate_b, ...}."""
    targets = plan.targets
    usual = float(np.median(targets.n_before)) if len(targets) else 0.0
    few, many = np.flatnonzero(targets.n_before <= usual), np.flatnonzero(targets.n_before > usual)
    yield from _people(plan, outcomes, seed, _Pair("history", f"at most {usual:g} events", "more", few, many))
    names = plan.log.catalogue.platforms
    asked = np.unique(targets.platforms)
    for code in asked if len(asked) > 2 else asked[:1]:
        here, there = np.flatnonzero(targets.platforms == code), np.flatnonzero(targets.platforms != code)
        other = "others" if len(asked) > 2 else names[asked[-1]]
        yield from _people(plan, outcomes, seed, _Pair("platform", names[code], other, here, there))
    yield from _items(plan, outcomes)


def _people(plan: Plan, outcomes: Outcomes, seed: int, pair: _Pair) -> Iterator[Row]:
    a, b = pair.a, pair.b
    n = min(len(a), len(b))
    if not n:
        return
    rng = np.random.default_rng(seed)
    share_a, share_b = (
        coverage(outcomes.shown[rng.choice(group, n, replace=False)], _n_offered(plan, group)) for group in (a, b)
    )
    yield {
        "grouping": pair.grouping, "group_a": pair.name_a, "group_b": pair.name_b, "n_a": len(a), "n_b": len(b),
        **parity(outcomes.hits[a], outcomes.hits[b]),
        "coverage_a": share_a, "coverage_b": share_b, "coverage_gap": round(share_a - share_b, 6),
    }  # fmt: skip


def _items(plan: Plan, outcomes: Outcomes) -> Iterator[Row]:
    """Items with at most the usual number of events against the rest: who is shown to anybody."""
    catalogue = plan.log.catalogue
    offered = np.flatnonzero(np.isin(catalogue.platform, np.unique(plan.targets.platforms)))
    counts = np.bincount(plan.log.items, minlength=len(catalogue))[offered]
    is_shown = np.isin(offered, outcomes.shown).astype(np.float64)
    usual = float(np.median(counts)) if len(counts) else 0.0
    rare, common = is_shown[counts <= usual], is_shown[counts > usual]
    if len(rare) and len(common):
        yield {
            "grouping": "items", "group_a": f"at most {usual:g} events", "group_b": "more",
            "n_a": len(rare), "n_b": len(common), **parity(rare, common),
        }  # fmt: skip


def _n_offered(plan: Plan, asked: Rows) -> int:
    return sum(len(plan.log.catalogue.rows_of[code]) for code in np.unique(plan.targets.platforms[asked]))
