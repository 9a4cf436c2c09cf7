"""`python -m tests.chaos --seed N --runs K`: faults under load, and proof that nothing was lost or doubled.

The last line of stdout is one JSON object; the exit code is 1 when a promise was broken, 3 when a run proved nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Sequence

from tests.chaos.faults import KINDS
from tests.chaos.planted import BUGS
from tests.chaos.runs import Plan, Report, available, run
from tests.chaos.scene import Ground


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the seeds and tell."""
    options = _options(arguments)
    kinds, skipped = available(options.nodes)
    if options.faults:
        asked = options.faults.split(",")
        kinds = [kind for kind in asked if kind in kinds]
        skipped = {kind: reason for kind, reason in skipped.items() if kind in asked}
    for kind, reason in skipped.items():
        _say(f"skipped {kind}: {reason}")
    if not kinds:
        _say(f"none of these faults can be had here: {options.faults}")
        return 2
    ground, reports, began_s = Ground.of(options.nodes), [], time.monotonic()
    ground.start()
    try:
        for seed in range(options.seed, options.seed + options.runs):
            report = run(ground, seed, Plan(kinds, options.seconds, options.rate, options.planted))
            reports.append(report)
            _tell(report, options)
    finally:
        ground.stop()
    summary = _summary(options, reports, skipped, time.monotonic() - began_s)
    print(json.dumps(summary))
    if summary["violations"]:
        return 1
    return 0 if summary["counted"] == summary["runs"] else 3


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="first seed; each run takes the next")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--faults", default="", help=f"comma-separated, of: {', '.join(KINDS)}; default all")
    parser.add_argument("--seconds", type=float, default=20.0, help="faults begin within this time of each run")
    parser.add_argument("--rate", type=float, default=800.0, help="records published per second")
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="brokers")
    parser.add_argument("--planted", default="", choices=["", *BUGS], help="plant a bug; the run must be red")
    return parser.parse_args(arguments)


def _tell(report: Report, options: argparse.Namespace) -> None:
    verdict = "RED" if report.violations else "green" if report.counts else "no proof"
    _say(f"seed {report.seed}: {verdict}, {report.n_records} records, lag 0 after {report.healed_s:.1f} s")
    for shot in report.shots:
        recovered = "" if shot.recovery_s is None else f" (recovered in {shot.recovery_s:.1f} s)"
        _say(f"  {shot.kind}: {shot.detail}{recovered}" + ("" if shot.evidence else "  DID NOT FIRE UNDER LOAD"))
    for violation in report.violations:
        _say(f"  VIOLATION {violation}")
    if report.violations:
        faults = f" --faults {options.faults}" if options.faults else ""
        planted = f" --planted {options.planted}" if options.planted else ""
        _say(
            f"  replay: python -m tests.chaos --seed {report.seed} --runs 1 --seconds {options.seconds:g} "
            f"--rate {options.rate:g} --nodes {options.nodes}{faults}{planted}"
        )
        _say(f"  logs: {report.folder}")


def _summary(
    options: argparse.Namespace, reports: Sequence[Report], skipped: dict[str, str], took_s: float
) -> dict[str, object]:
    fired = Counter(shot.kind for report in reports for shot in report.shots if shot.evidence)
    unfired = Counter(shot.kind for report in reports for shot in report.shots if not shot.evidence)
    red = Counter(kind for report in reports if report.violations for kind in {shot.kind for shot in report.shots})
    shots = [shot for report in reports for shot in report.shots]
    recovery = sorted(shot.recovery_s for shot in shots if shot.recovery_s is not None)
    return {
        "name": "chaos",
        "seed": options.seed,
        "runs": len(reports),
        "counted": sum(report.counts for report in reports),
        "nodes": options.nodes,
        "planted": options.planted,
        "faults": {kind: {"fired": n, "in_red_runs": red[kind]} for kind, n in sorted(fired.items())},
        "did_not_fire": dict(unfired),
        "skipped": skipped,
        "violations": sum(len(report.violations) for report in reports),
        "red_seeds": [report.seed for report in reports if report.violations],
        "records": sum(report.n_records for report in reports),
        "marker_comparisons": sum(report.n_looks for report in reports),
        "operator_actions": sum(report.n_operator_actions for report in reports),
        "recovery_s": {"p50": _quantile(recovery, 0.5), "p99": _quantile(recovery, 0.99)},
        "lag_zero_s_max": round(max((report.healed_s for report in reports), default=0.0), 1),
        "took_s": round(took_s, 1),
    }


def _quantile(values: Sequence[float], share: float) -> float | None:
    return round(values[min(len(values) - 1, int(share * len(values)))], 2) if values else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
