"""Rules and boards speak of metrics that exist, with labels that they have, and leave none out."""

from __future__ import annotations

import re

import pytest

from deploy.boards.all import BOARDS, DIAGNOSTIC
from streams.telemetry.evaluation_metrics import EVALUATION
from streams.telemetry.every import DECLARED
from streams.telemetry.metrics import REGISTRY
from streams.telemetry.rules.groups import ALERTS, GROUPS, RECORDINGS
from tests.telemetry.expressions import FUNCTIONS_OF_COUNTERS, PROCESS, Expression, Selected, counters, known

NAMES = known()
RULES = {rule.name: rule.expression for group in GROUPS for rule in group.rules}
PANELS = {
    f"{board['title']}: {panel['title']} {target['refId']}": target["expr"]
    for board in BOARDS
    for panel in board["panels"]
    for target in panel.get("targets", ())
}


def _selected(expressions: dict[str, str]) -> list[Selected]:
    return [each for expression in expressions.values() for each in Expression(expression, NAMES).selected]


@pytest.mark.requirement("Q3")
@pytest.mark.parametrize("expressions", [RULES, PANELS], ids=["rules", "boards"])
def test_every_name_and_label_is_declared(expressions: dict[str, str]) -> None:
    faults = {where: Expression(expression, NAMES).faults() for where, expression in expressions.items()}
    assert {where: found for where, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("braid_no_such_total", "braid_no_such_total"),
        ('braid_records_total{platform="shop"}', "braid_records_total.platform"),
        ("sum by (platform) (rate(braid_records_total[5m]))", "platform"),
        ("sum by (view) (sum by (stage) (braid_lag_records))", "view"),
        ("braid_lag_records / on (platform) braid_records_total", "platform"),
        ("braid:no_such:rule", "braid:no_such:rule"),
    ],
)
def test_a_name_or_label_that_nobody_declared_is_found(expression: str, fault: str) -> None:
    assert fault in Expression(expression, NAMES).faults()


def test_every_metric_is_on_a_board_or_in_a_rule_or_marked_as_diagnostic() -> None:
    used = {re.sub(r"_(bucket|count)$", "", each.name) for each in _selected(RULES | PANELS)}
    there = {metric.name for metric in DECLARED} | set(PROCESS)
    assert there - used == DIAGNOSTIC


def test_every_recording_is_used() -> None:
    alerts = {f"{number} {alert.name}": alert.expression for number, alert in enumerate(ALERTS)}
    used = {each.name for each in _selected(PANELS | alerts | RULES)}
    assert {recording.name for recording in RECORDINGS} <= used


def test_what_is_declared_is_what_processes_export() -> None:
    exported = {name for registry in (REGISTRY, EVALUATION) for name in registry._names_to_collectors}
    assert {metric.name for metric in DECLARED} <= exported


def test_counters_are_shown_as_rates_and_gauges_as_they_are() -> None:
    wrong = [
        each.name
        for each in _selected(PANELS)
        if not each.name.startswith("braid:") and (each.name in counters()) != (each.function in FUNCTIONS_OF_COUNTERS)
    ]
    assert wrong == []


def test_descriptions_name_labels_that_the_alert_has() -> None:
    for alert in ALERTS:
        asked = set(re.findall(r"\$labels\.(\w+)", alert.description))
        assert asked <= Expression(alert.expression, NAMES).labels, alert.name
        assert "{{" not in alert.summary, alert.name
