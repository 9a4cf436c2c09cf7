"""`python -m tests.fuzz --inputs N | --seconds N`: bent inputs against every gate; 0 crashes, 0 hangs, nothing lost.

The last line of stdout is one JSON object; the exit code is 1 when something was found. `--replay FILE` shows it again.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from tests.fuzz.findings import FindingFiles, read_finding
from tests.fuzz.gates import GATES
from tests.fuzz.runs import BOUND_S, GateRun

#: Gates take turns in this many rounds, so that a run cut short has met all of them.
N_ROUNDS = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run and tell."""
    options = _options(arguments)
    # A million refusals would be a million lines.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if options.replay:
        return _replayed(options.replay)
    files = FindingFiles(options.findings)
    names = options.gate or list(GATES)
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    runs = [GateRun(name, options.seed, files.add) for name in names]
    if options.seconds:
        _for_seconds(runs, options.seconds)
    else:
        _for_inputs(runs, options.inputs)
    summary = {
        "name": "fuzz",
        "machine": f"{platform.machine()} {platform.system()} Python {platform.python_version()}",
        "seed": options.seed,
        "n_inputs": sum(run.report.n_inputs for run in runs),
        "wall_s": round(time.monotonic() - began_s, 1),
        "cpu_s": round(time.process_time() - began_cpu_s, 1),
        "bound_s": BOUND_S,
        "n_findings": sum(files.n_of.values()),
        "findings": files.n_of,
        "gates": {run.name: _told(run) for run in runs},
    }
    line = json.dumps(summary)
    print(line)
    if options.json:
        options.json.write_text(f"{line}\n", encoding="utf-8")
    return 1 if files.n_of else 0


def _for_inputs(runs: Sequence[GateRun], n_inputs: int) -> None:
    total = sum(GATES[run.name].share for run in runs)
    for part in range(1, N_ROUNDS + 1):
        for run in runs:
            goal = n_inputs * GATES[run.name].share / total * part / N_ROUNDS
            while run.report.n_inputs < goal:
                run.step(max(1, int(goal - run.report.n_inputs)))
        _say(f"{part}/{N_ROUNDS}: {sum(run.report.n_inputs for run in runs)} inputs")


def _for_seconds(runs: Sequence[GateRun], seconds: float) -> None:
    end_s = time.monotonic() + seconds
    turn_s = seconds / N_ROUNDS / len(runs)
    while time.monotonic() < end_s:
        for run in runs:
            until_s = min(end_s, time.monotonic() + turn_s)
            while time.monotonic() < until_s:
                run.step(sys.maxsize)


def _told(run: GateRun) -> dict[str, object]:
    report = run.report
    return {
        "n_inputs": report.n_inputs,
        "cpu_us_per_input": round(report.cpu_s / max(1, report.n_inputs) * 1e6, 1),
        "slowest_ms": round(report.slowest_s * 1e3, 1),
        "outcomes": dict(report.outcomes.most_common()),
    }


def _replayed(path: Path) -> int:
    finding = read_finding(path)
    _say(f"{finding.gate}: {finding.kind}\n{finding.story}")
    files = FindingFiles(path.parent / "replayed")
    GateRun(finding.gate, 0, files.add).judge(finding.cases)
    print(json.dumps({"gate": finding.gate, "was": finding.kind, "is": list(files.n_of)}))
    return 1 if files.n_of else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="over all gates, by their shares")
    parser.add_argument("--seconds", type=float, default=0.0, help="instead of --inputs: the same time for every gate")
    parser.add_argument("--gate", action="append", choices=list(GATES), help="only these; may be repeated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="the summary goes here too")
    parser.add_argument("--findings", type=Path, default=Path(".braid/fuzz"), help="where findings are written")
    parser.add_argument("--replay", type=Path, help="a finding's file")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
