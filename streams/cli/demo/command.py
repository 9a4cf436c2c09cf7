"""The command itself: options, preflight, and the last line for machines."""

from __future__ import annotations

import json as json_format
import sys
from typing import Annotated

import typer

from streams.cli.demo.plan import DemoPlan
from streams.cli.demo.preflight import preflight
from streams.cli.demo.run import run_demo
from streams.errors import Unavailable


def demo(
    once: Annotated[bool, typer.Option("--once", help="End by itself instead of serving until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="The last line of standard output is one JSON object.")] = False,
    events: Annotated[int, typer.Option(min=200, max=50_000, help="Events to simulate.")] = 6_000,
    people: Annotated[int, typer.Option(min=3, max=5_000, help="People to simulate.")] = 240,
    rate: Annotated[float, typer.Option(min=10, max=20_000, help="Events published a second.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed gives the same people.")] = 7,
    model: Annotated[str, typer.Option(help="Encoder: minilm (packaged), hashed, or a Hugging Face name.")] = "",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the API; default 8080 or the next free.")] = 0,
) -> None:
    """Run everything on an embedded broker: events of simulated people become profiles and recommendations.

    Needs no Docker, no Java, no network and no account. Nothing is left behind.

    Example: braid demo --once
    """
    plan = DemoPlan(once=once, n_events=events, n_people=people, rate_per_s=rate, seed=seed, model=model, port=port)
    faults, prepared = preflight(plan)
    if faults or prepared is None:
        raise Unavailable("the demo cannot start:\n" + "\n".join(f"  - {fault}" for fault in faults))
    result = run_demo(plan, prepared, quiet=json)
    if json:
        sys.stdout.write(json_format.dumps(result.as_contract()) + "\n")
        sys.stdout.flush()
    if result.was_interrupted:
        return
    if not result.is_complete:
        raise Unavailable(
            f"{result.n_accounted} of {result.events_published} published events are accounted for, "
            f"{result.profiles} profiles are there and {result.n_due} should be; "
            "run again with --debug and look at the logs named above"
        )
