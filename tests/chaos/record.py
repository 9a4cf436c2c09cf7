"""Runs on file: a JSON line each, written when the run ends, so that a long row of them survives being stopped."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.chaos.runs import Report

Entry = dict[str, Any]


def entry_of(report: Report, n_nodes: int, planted: str) -> Entry:
    """One run as JSON."""
    shots = [
        {
            "kind": shot.kind,
            "detail": shot.detail,
            "fired": bool(shot.evidence),
            "took_s": round(shot.took_s, 1),
            "recovery_s": None if shot.recovery_s is None else round(shot.recovery_s, 2),
        }
        for shot in report.shots
    ]
    return {
        "seed": report.seed,
        "nodes": n_nodes,
        "planted": planted,
        "counts": report.counts,
        "shots": shots,
        "violations": report.violations,
        "folder": str(report.folder) if report.violations else "",
        "healed_s": round(report.healed_s, 1),
        "records": report.n_records,
        "items": report.n_items,
        "marker_comparisons": report.n_looks,
        "operator_actions": report.n_operator_actions,
        "took_s": round(report.took_s, 1),
    }


def append(file: Path, entry: Entry) -> None:
    """Add a line, in place of one that a kill has cut off."""
    whole = file.read_bytes().rpartition(b"\n") if file.exists() else (b"", b"", b"")
    with file.open("ab") as opened:
        opened.truncate(len(whole[0]) + len(whole[1]))
        opened.write(json.dumps(entry).encode() + b"\n")


def read(files: Iterable[Path]) -> list[Entry]:
    """All entries; a last line that was cut off by a kill is left out. Raises ValueError for any other bad line."""
    entries = []
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True) if file.exists() else []
        for number, line in enumerate(lines, 1):
            if number == len(lines) and not line.endswith("\n"):
                continue
            try:
                entries.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise ValueError(f"{file}, line {number}: {error}; not a file of `--record`?") from error
    return entries


def seeds_done(file: Path, n_nodes: int, planted: str) -> set[int]:
    """Seeds that need not be run again."""
    return {entry["seed"] for entry in read([file]) if (entry["nodes"], entry["planted"]) == (n_nodes, planted)}


def summary_of(entries: Sequence[Entry]) -> Entry:
    """What all the runs came to. A fault that fired in a run with another that did not is counted among `fired`."""
    shots = [(shot, entry) for entry in entries for shot in entry["shots"]]
    recovery = sorted(shot["recovery_s"] for shot, _ in shots if shot["recovery_s"] is not None)
    red = Counter(kind for entry in entries if entry["violations"] for kind in {shot["kind"] for shot in entry["shots"]})
    fired = Counter(shot["kind"] for shot, _ in shots if shot["fired"])
    return {
        "name": "chaos",
        "runs": len(entries),
        "counted": sum(entry["counts"] for entry in entries),
        "nodes": sorted({entry["nodes"] for entry in entries}),
        "planted": sorted({entry["planted"] for entry in entries} - {""}),
        "faults": {kind: {"fired": n, "in_red_runs": red[kind]} for kind, n in sorted(fired.items())},
        "faults_fired": sum(fired.values()),
        "did_not_fire": dict(Counter(shot["kind"] for shot, _ in shots if not shot["fired"])),
        "violations": sum(len(entry["violations"]) for entry in entries),
        "red_seeds": [entry["seed"] for entry in entries if entry["violations"]],
        "no_proof_seeds": [entry["seed"] for entry in entries if not entry["violations"] and not entry["counts"]],
        "records": sum(entry["records"] for entry in entries),
        "items": sum(entry["items"] for entry in entries),
        "marker_comparisons": sum(entry["marker_comparisons"] for entry in entries),
        "operator_actions": sum(entry["operator_actions"] for entry in entries),
        "recovery_s": {name: quantile(recovery, share) for name, share in QUANTILES.items()},
        "lag_zero_s_max": max((entry["healed_s"] for entry in entries), default=0.0),
        "run_s": {name: quantile(sorted(entry["took_s"] for entry in entries), QUANTILES[name]) for name in ("p50", "max")},
    }


QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value that `share` of the ordered values do not exceed; None of nothing."""
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None
