"""Grafana's JSON for a board: rows of panels, each with a description, a unit and the data source that is chosen."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from deploy.boards.queries import Query
from streams.telemetry.every import DECLARED

Json = dict[str, Any]
_DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SCHEMA = 39  # of Grafana 11; later ones migrate it
_COLUMNS, _HEIGHT, _ACROSS = 24, 8, 3
_WORDS = {
    metric.name: f"{metric.meaning} {'' if metric.action == 'None.' else metric.action}".strip() for metric in DECLARED
}


@dataclass(frozen=True)
class Panel:
    """A chart over time. unit: Grafana's. description: what the declarations of its metrics say, unless it is given."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    description: str = ""

    def words(self) -> str:
        """What it shows and what to do about it."""
        return self.description or "\n\n".join(_declared(self.queries))


@dataclass(frozen=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


def panel(title: str, unit: str, *queries: Query, description: str = "") -> Panel:
    """A panel of some queries."""
    return Panel(title, unit, queries, description)


def row(title: str, *panels: Panel) -> Row:
    """A row of some panels."""
    return Row(title, panels)


def board(uid: str, title: str, description: str, *rows: Row) -> Json:
    """A whole board. uid: also the name of its file."""
    panels: list[Json] = []
    y = 0
    for each in rows:
        panels.append(_heading(each.title, len(panels) + 1, y))
        y += 1
        for number, inside in enumerate(each.panels):
            x, down = number % _ACROSS * (_COLUMNS // _ACROSS), number // _ACROSS * _HEIGHT
            panels.append(_chart(inside, len(panels) + 1, x, y + down))
        y += -(-len(each.panels) // _ACROSS) * _HEIGHT
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["braid"],
        "schemaVersion": _SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "links": [{"type": "dashboards", "tags": ["braid"], "title": "Braid", "asDropdown": True, "keepTime": True}],
        "templating": {"list": [_data_source_choice(), _instance_choice()]},
        "panels": panels,
    }


def _heading(title: str, number: int, y: int) -> Json:
    return {
        "id": number,
        "type": "row",
        "title": title,
        "collapsed": False,
        "gridPos": {"x": 0, "y": y, "w": _COLUMNS, "h": 1},
        "panels": [],
    }


def _chart(of: Panel, number: int, x: int, y: int) -> Json:
    return {
        "id": number,
        "type": "timeseries",
        "title": of.title,
        "description": of.words(),
        "datasource": _DATA_SOURCE,
        "gridPos": {"x": x, "y": y, "w": _COLUMNS // _ACROSS, "h": _HEIGHT},
        "fieldConfig": {
            "defaults": {"unit": of.unit, "custom": {"showPoints": "never", "axisSoftMin": 0}},
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [_target(query, letter) for query, letter in zip(of.queries, "ABCDEFGH", strict=False)],
    }


def _target(query: Query, letter: str) -> Json:
    return {"refId": letter, "datasource": _DATA_SOURCE, "expr": query.expression, "legendFormat": query.legend}


def _data_source_choice() -> Json:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _instance_choice() -> Json:
    query = 'label_values(up{job=~"braid-.+"}, instance)'
    return {
        "name": "instance",
        "label": "Instance",
        "type": "query",
        "datasource": _DATA_SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "instances"},
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _declared(queries: tuple[Query, ...]) -> list[str]:
    found: dict[str, str] = {}
    for name in re.findall(r"\bbraid_\w+", " ".join(query.expression for query in queries)):
        base = next((each for each in (name, re.sub(r"_(bucket|count|sum)$", "", name)) if each in _WORDS), "")
        if base:
            found[base] = _WORDS[base]
    return list(found.values())
