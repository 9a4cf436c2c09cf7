"""`braid topics`: create the declared topics, see whether the cluster agrees with the declaration, and make it."""

from __future__ import annotations

import json as json_format
from collections.abc import Sequence
from typing import Annotated

import typer
from confluent_kafka.admin import AdminClient
from rich.console import Console
from rich.table import Table

from streams.adapters.mapping_files import mapped_platforms
from streams.brokers import topic_admin, topic_upgrades
from streams.brokers.connection import admin_config
from streams.brokers.contact import check_contact
from streams.brokers.topic_admin import Difference
from streams.brokers.topics import TopicSpec, declared_topics
from streams.errors import UsageError
from streams.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Create the topics Braid needs, verify them, or change them.")

PlatformOption = Annotated[
    list[str] | None,
    typer.Option("--platform", help="A platform beside those of the settings and mapping files; may be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def apply(platform: PlatformOption = None, json: JsonOption = False) -> None:
    """Create the topics that are missing. Topics that exist are left as they are.

    Example: BRAID_TOPICS__REPLICATION=3 braid topics apply
    """
    admin, table = _declaration(platform or [])
    created = topic_admin.apply(admin, table)
    if json:
        typer.echo(json_format.dumps({"created": created, "declared": [spec.name for spec in table]}))
        return
    for name in created:
        typer.echo(f"created {name}")
    typer.echo(f"{len(created)} of {len(table)} topics created, {len(table) - len(created)} were there", err=True)


@app.command()
def check(platform: PlatformOption = None, json: JsonOption = False) -> None:
    """List what differs from the declaration: missing topics, partitions, replication, settings.

    Exit status 0 when all agree, 1 otherwise. What a broker cannot tell is listed and does not count.

    Example: braid topics check --json
    """
    admin, table = _declaration(platform or [])
    differences = topic_admin.check(admin, table)
    faults = [difference for difference in differences if difference.kind == "fault"]
    if json:
        typer.echo(json_format.dumps({"differences": [difference.as_record() for difference in differences]}))
    else:
        if differences:
            Console().print(_rendered(differences))
        for fault in faults:
            typer.echo(f"{fault.topic}, {fault.field}: {fault.remedy}", err=True)
        typer.echo(f"{len(table)} topics declared, {len(faults)} differences", err=True)
    if faults:
        raise typer.Exit(1)


@app.command()
def upgrade(
    platform: PlatformOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be changed, and change nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Change topics that exist to the declaration where that can be done in place and loses nothing.

    Settings are set; partitions are added to `events.<platform>` alone, since the others keep state or order by key.
    Nothing is created or deleted. Exit status 1 when something is left; what to do is said.

    Example: braid topics upgrade --dry-run
    """
    admin, table = _declaration(platform or [])
    steps = topic_upgrades.plan(admin, table)
    if not dry_run:
        topic_upgrades.upgrade(admin, steps)
    left = [step for step in steps if step.kind == "leave"]
    if json:
        typer.echo(json_format.dumps({"is_dry_run": dry_run, "steps": [step.as_record() for step in steps]}))
    else:
        for step in steps:
            said = step.why if step.kind == "leave" else "would be changed" if dry_run else "changed"
            typer.echo(f"{step.topic}, {step.field}: {step.found} to {step.declared}: {said}")
        typer.echo(f"{len(table)} topics declared, {len(steps)} differences, {len(left)} left", err=True)
    if left:
        raise typer.Exit(1)


def _declaration(platforms: Sequence[str]) -> tuple[AdminClient, tuple[TopicSpec, ...]]:
    settings = Settings.load()
    mapped = mapped_platforms(settings.ingest.mappings_dir)
    try:
        table = declared_topics(settings.topics, [*mapped, *platforms])
    except ValueError as error:
        raise UsageError(f"BRAID_TOPICS__PREFIX, BRAID_INGEST__MAPPINGS_DIR or --platform: {error}") from error
    check_contact(settings.kafka)
    return AdminClient(admin_config(settings.kafka)), table


def _rendered(differences: Sequence[Difference]) -> Table:
    table = Table("topic", "what", "declared", "found")
    for difference in differences:
        note = " (not verified)" if difference.kind == "unverified" else ""
        table.add_row(difference.topic, difference.field, difference.declared, difference.found + note)
    return table
