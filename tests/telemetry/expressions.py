"""What expressions speak of, read from their syntax tree, and what there is to speak of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import promql_parser as promql
from prometheus_client import CollectorRegistry
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from streams.telemetry.every import DECLARED
from streams.telemetry.rules.groups import RECORDINGS

TARGET = frozenset({"job", "instance"})
FUNCTIONS_OF_COUNTERS = frozenset({"rate", "increase"})


def _process_metrics() -> dict[str, str]:
    """Name -> kind of what every process adds about itself."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return {sample.name: family.type for family in registry.collect() for sample in family.samples}


PROCESS = _process_metrics()


def counters() -> frozenset[str]:
    """Every name that only grows."""
    names = {metric.name for metric in DECLARED if metric.kind == "counter"}
    names |= {f"{metric.name}_{part}" for metric in DECLARED if metric.kind == "histogram" for part in ("bucket", "count", "sum")}
    return frozenset(names | {name for name, kind in PROCESS.items() if kind == "counter"})


def known() -> dict[str, frozenset[str]]:
    """Every name that an expression may use -> the labels of its series."""
    names = {name: TARGET | {"generation"} if "_gc_" in name else TARGET for name in ("up", *PROCESS)}
    for metric in DECLARED:
        labels = TARGET | set(metric.labels)
        if metric.kind == "histogram":
            names |= {f"{metric.name}_count": labels, f"{metric.name}_sum": labels, f"{metric.name}_bucket": labels | {"le"}}
        else:
            names[metric.name] = labels
    for recording in RECORDINGS:
        names[recording.name] = Expression(recording.expression, names).labels
    return names


@dataclass(frozen=True)
class Selected:
    """A selector of an expression, and the function it is an argument of, if any."""

    name: str
    labels: frozenset[str]
    function: str


class Expression:
    """An expression against the names there are. Raises ValueError for one that is no PromQL."""

    def __init__(self, text: str, names: dict[str, frozenset[str]]) -> None:
        self._tree = promql.parse(text.replace("$__rate_interval", "5m"))
        self._names = names

    @property
    def labels(self) -> frozenset[str]:
        """Of the series that come out."""
        return self._labels(self._tree)

    @property
    def selected(self) -> list[Selected]:
        """Every selector."""
        return list(_selectors(self._tree, ""))

    def faults(self) -> list[str]:
        """Names nobody declared, and labels that the series do not have."""
        found = [each.name for each in self.selected if each.name not in self._names]
        if found:
            return found
        for each in self.selected:
            found += [f"{each.name}.{label}" for label in each.labels - self._names[each.name]]
        return found + list(self._lost(self._tree))

    def _lost(self, node: promql.Expr) -> Iterator[str]:
        """Labels that an aggregation or a match asks for and that do not reach it."""
        if isinstance(node, promql.AggregateExpr) and node.modifier is not None:
            yield from set(node.modifier.labels) - self._labels(node.expr)
        if isinstance(node, promql.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
            for side in (node.lhs, node.rhs):
                yield from set(node.modifier.matching.labels) - self._labels(side)
        for child in _children(node):
            yield from self._lost(child)

    def _labels(self, node: promql.Expr) -> frozenset[str]:
        match node:
            case promql.VectorSelector():
                return self._names.get(node.name, frozenset())
            case promql.AggregateExpr():
                return frozenset(node.modifier.labels) if node.modifier is not None else frozenset()
            case promql.Call() if node.func.name == "absent":
                return frozenset()
            case promql.Call() if node.func.name == "histogram_quantile":
                return self._labels(node.args[-1]) - {"le"}
            case promql.BinaryExpr():
                return self._of_two(node)
        return frozenset().union(*map(self._labels, _children(node)))

    def _of_two(self, node: promql.BinaryExpr) -> frozenset[str]:
        sides = [side for side in (node.lhs, node.rhs) if not isinstance(side, promql.NumberLiteral)]
        kept = self._labels(sides[0]) if sides else frozenset()
        one_to_one = node.modifier is not None and node.modifier.matching is not None
        if one_to_one and node.modifier.card == promql.VectorMatchCardinality.OneToOne:
            return kept & set(node.modifier.matching.labels)
        return kept


def _selectors(node: promql.Expr, function: str) -> Iterator[Selected]:
    match node:
        case promql.VectorSelector():
            yield Selected(node.name, frozenset(matcher.name for matcher in node.matchers.matchers), function)
        case promql.MatrixSelector():
            yield from _selectors(node.vector_selector, function)
        case promql.Call():
            for argument in node.args:
                yield from _selectors(argument, node.func.name)
        case _:
            for child in _children(node):
                yield from _selectors(child, "")


def _children(node: promql.Expr) -> list[promql.Expr]:
    match node:
        case promql.BinaryExpr():
            return [node.lhs, node.rhs]
        case promql.Call():
            return list(node.args)
        case promql.MatrixSelector():
            return [node.vector_selector]
        case promql.AggregateExpr() | promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return [node.expr]
    return []
