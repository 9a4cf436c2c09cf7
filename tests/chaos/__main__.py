"""`python -m tests.chaos --seed N --runs K`: faults under load, and proof that nothing was lost or doubled.

The last line of stdout is one JSON object; the exit code is 1 when a promise was broken, 3 when a run proved nothing.
With `--record FILE` each run becomes a line there as soon as it ends, and seeds that are in it are not run again;
`--summary FILE` tells what all of them came to, and runs nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.faults import KINDS
from tests.chaos.planted import BUGS
from tests.chaos.record import Entry, append, entry_of, read, seeds_done, summary_of
from tests.chaos.runs import Plan, Report, available, short_plan
from tests.chaos.series import run_all


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the seeds and tell."""
    options = _options(arguments)
    if options.summary:
        return _conclude(read(map(Path, options.summary)), {})
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
    began_s = time.monotonic()
    entries = _run_all(options, _plan(options, kinds))
    return _conclude(entries, {"skipped": skipped, "took_s": round(time.monotonic() - began_s, 1)})


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="first seed; each run takes the next")
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--faults", default="", help=f"comma-separated, of: {', '.join(KINDS)}; default all")
    parser.add_argument("--seconds", type=float, default=20.0, help="faults begin within this time of each run")
    parser.add_argument("--rate", type=float, default=800.0, help="events published per second")
    parser.add_argument("--short", action="store_true", help="one or two faults a run, a lighter load")
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="brokers")
    parser.add_argument("--planted", default="", choices=["", *BUGS], help="plant a bug; the run must be red")
    parser.add_argument("--record", type=Path, help="append a line per run to this file; go on where it ends")
    parser.add_argument("--summary", nargs="+", metavar="FILE", help="only tell what recorded runs came to")
    return parser.parse_args(arguments)


def _plan(options: argparse.Namespace, kinds: Sequence[str]) -> Plan:
    if options.short:
        return short_plan(kinds, options.planted)
    return Plan(kinds, options.seconds, options.rate, planted=options.planted)


def _run_all(options: argparse.Namespace, plan: Plan) -> list[Entry]:
    seeds = range(options.seed, options.seed + options.runs)
    done = seeds_done(options.record, options.nodes, options.planted) if options.record else set()
    entries = []
    for report in run_all([seed for seed in seeds if seed not in done], options.nodes, plan):
        entries.append(entry_of(report, options.nodes, options.planted))
        if options.record:
            append(options.record, entries[-1])
        _tell(report, options)
    if options.record:
        entries = [entry for entry in read([options.record]) if entry["seed"] in seeds]
    return entries


def _conclude(entries: Sequence[Entry], more: Entry) -> int:
    summary = summary_of(entries) | more
    print(json.dumps(summary))
    if summary["violations"]:
        return 1
    return 0 if 0 < summary["runs"] == summary["counted"] else 3


def _tell(report: Report, options: argparse.Namespace) -> None:
    verdict = "RED" if report.violations else "green" if report.counts else "no proof"
    _say(
        f"seed {report.seed}: {verdict}, {report.n_records} records, lag 0 after {report.healed_s:.1f} s, "
        f"took {report.took_s:.0f} s"
    )
    for shot in report.shots:
        recovered = "" if shot.recovery_s is None else f" (recovered in {shot.recovery_s:.1f} s)"
        _say(f"  {shot.kind}: {shot.detail}{recovered}" + ("" if shot.evidence else "  DID NOT FIRE UNDER LOAD"))
    for violation in report.violations:
        _say(f"  VIOLATION {violation}")
    if report.violations:
        faults = f" --faults {options.faults}" if options.faults else ""
        planted = f" --planted {options.planted}" if options.planted else ""
        load = "--short" if options.short else f"--seconds {options.seconds:g} --rate {options.rate:g}"
        _say(f"  replay: python -m tests.chaos --seed {report.seed} --runs 1 {load} --nodes {options.nodes}{faults}{planted}")
        _say(f"  logs: {report.folder}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # through every `finally`: brokers, workers, mounts
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
