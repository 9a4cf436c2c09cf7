"""The whole evaluation: every protocol with every method, to one result in rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from streams.evaluation.fairness import fairness_of
from streams.evaluation.figures import Row, accuracy_of, compared, coverage, diversity, novelty, shares_of
from streams.evaluation.groups import groupings
from streams.evaluation.methods.port import MakeMethod, Rows
from streams.evaluation.outcomes import Outcomes
from streams.evaluation.protocols import Plan
from streams.evaluation.replay import replay
from streams.evaluation.words import item_words

#: The method whose gain over every other is reported, target by target.
OURS = "braid"
ALL = "all"

Watch = Callable[[str, str, int, int], None]
"""Told (protocol, method, targets asked, targets in all) as the replay goes on."""


@dataclass(frozen=True)
class Report:
    """Everything that was measured.

    rows: {protocol, method, platform, n, hr10, ndcg10, mrr, ci95, coverage, diversity, novelty}, platform `all` last.
    groups: the same figures by (grouping, group). comparisons: Braid against each other method, paired. fairness:
    differences between groups. settings: what makes the run again.
    """

    settings: Row
    rows: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    comparisons: list[Row] = field(default_factory=list)
    fairness: list[Row] = field(default_factory=list)

    def as_dict(self) -> Row:
        """For JSON."""
        return {
            "rows": self.rows, "groups": self.groups, "comparisons": self.comparisons, "fairness": self.fairness,
            "settings": self.settings,
        }  # fmt: skip


def evaluate(plan: Plan, methods: Mapping[str, MakeMethod], seed: int, report: Report, watch: Watch) -> None:
    """Run the methods over a plan and add their rows to the report."""
    all_outcomes: dict[str, Outcomes] = {}
    describe = _Lists(plan)
    for name, make in methods.items():
        done = 0

        def on_progress(n: int, method: str = name) -> None:
            nonlocal done
            done += n
            watch(plan.protocol, method, done, len(plan.targets))

        watch(plan.protocol, name, 0, len(plan.targets))
        outcomes = all_outcomes[name] = replay(plan, make, seed, on_progress)
        label = {"protocol": plan.protocol, "method": name}
        for platform, asked in _platforms(plan):
            figures = accuracy_of(outcomes, asked) | describe.of(outcomes.shown[asked], platform)
            report.rows.append({**label, "platform": platform, **figures})
        for grouping, group, members in groupings(plan):
            figures = accuracy_of(outcomes, np.flatnonzero(members))
            report.groups.append({**label, "grouping": grouping, "group": group, **figures})
        report.fairness.extend({**label, **row} for row in fairness_of(plan, outcomes, seed))
    report.comparisons.extend(_comparisons(plan, all_outcomes))


def sampled(plan: Plan, n_targets: int | None, seed: int) -> Plan:
    """The plan with at most n_targets of its targets, drawn by seed."""
    if n_targets is None or n_targets >= len(plan.targets):
        return plan
    rows = np.random.default_rng(seed).choice(len(plan.targets), n_targets, replace=False)
    return Plan(plan.protocol, plan.log, plan.targets.at(np.sort(rows)), plan.learnt)


def _platforms(plan: Plan) -> Sequence[tuple[str, Rows]]:
    """(platform, rows of its targets), `all` at the end."""
    codes = np.unique(plan.targets.platforms)
    by_name = [(plan.log.catalogue.platforms[code], np.flatnonzero(plan.targets.platforms == code)) for code in codes]
    return [*by_name, (ALL, np.arange(len(plan.targets)))]


def _comparisons(plan: Plan, all_outcomes: Mapping[str, Outcomes]) -> Iterator[Row]:
    ours = all_outcomes.get(OURS)
    if ours is None:
        return
    for name, theirs in all_outcomes.items():
        if name == OURS:
            continue
        for platform, asked in _platforms(plan):
            row = compared(ours, theirs, asked)
            yield {"protocol": plan.protocol, "method": OURS, "against": name, "platform": platform, **row}


class _Lists:
    """What the lists of a plan are like, whatever method made them."""

    def __init__(self, plan: Plan) -> None:
        catalogue = plan.log.catalogue
        self._words = item_words(catalogue)
        self._shares = shares_of(plan.log.items, len(catalogue), len(np.unique(plan.log.users)))
        asked = np.unique(plan.targets.platforms)
        self._n_items = {catalogue.platforms[code]: len(catalogue.rows_of[code]) for code in asked}
        self._n_items[ALL] = sum(self._n_items.values())

    def of(self, shown: Rows, platform: str) -> Row:
        """Of lists (T, 10) on a platform."""
        return {
            "coverage": coverage(shown, self._n_items[platform]),
            "diversity": diversity(shown, self._words),
            "novelty": novelty(shown, self._shares),
        }
