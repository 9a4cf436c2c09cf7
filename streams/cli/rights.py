"""`braid rights`: the ACLs that a role needs on the cluster, as commands, or whether this user has them."""

from __future__ import annotations

from typing import Annotated, get_args

import typer

from streams.brokers.contact import check_contact, check_rights
from streams.brokers.rights import KafkaRole, command_of, rights_of
from streams.domain.topic_names import TopicNames
from streams.errors import UsageError
from streams.settings import Settings
from streams.wiring import read_platforms


def rights(
    role: Annotated[str, typer.Argument(help="worker, serve, ingest, platform, operator, auditor or reader.")],
    principal: Annotated[str, typer.Option(help="Who gets them; default: User:braid-<role>.")] = "",
    platform: Annotated[
        list[str] | None, typer.Option("--platform", help="Of `platform`: the one whose events it writes.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Ask the cluster whether this user has them.")] = False,
) -> None:
    """Print the commands that give a role exactly the rights it needs, or check that the configured user has them.

    Example: braid rights worker --principal User:braid-worker
    """
    if role not in get_args(KafkaRole):
        raise UsageError(f"ROLE {role}: no such role; use {', '.join(get_args(KafkaRole))}")
    settings = Settings.load()
    platforms = platform or list(read_platforms(settings))
    names, with_console = TopicNames(settings.topics.prefix), settings.console.enabled
    wanted = rights_of(role, names, platforms, with_console=with_console)  # type: ignore[arg-type]  # looked at above
    if check:
        check_contact(settings.kafka)
        check_rights(settings.kafka, role, wanted)
        typer.echo(f"{settings.kafka.sasl_username or 'everybody'} has the {len(wanted)} rights of {role}", err=True)
        return
    for line in command_of(principal or f"User:braid-{role}", wanted, settings.kafka.bootstrap_servers):
        typer.echo(line)
