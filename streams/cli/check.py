"""`braid check`: whether a worker or a serve would find all it needs here, before one is started."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Final

import msgspec
import typer

from streams.check_parts import checks_of
from streams.checks.findings import Finding, run_all
from streams.errors import UsageError
from streams.settings import Settings

ROLES: Final = ("worker", "serve")


def check(
    role: Annotated[str, typer.Argument(help="What is to run here: worker or serve.")] = "worker",
    timeout: Annotated[float, typer.Option(min=1, max=600, help="Seconds for all of it.")] = 60.0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at settings, packages, secrets, mapping files, disk, brokers and encoder; all, whatever fails.

    Nothing is written, but for a file without a name in the state folder. Exit status 1 when a line fails; a warning
    alone leaves it 0.

    Example: braid check serve --json
    """
    if role not in ROLES:
        raise UsageError(f"ROLE {role}: use {' or '.join(ROLES)}")
    try:
        settings = Settings.load()
        checks = checks_of(settings, role)  # type: ignore[arg-type]  # looked at above
    except UsageError as error:
        findings = [Finding("settings", "fail", "not as they should be", str(error))]
    else:
        findings = [Finding("settings", "ok", "all known and in range"), *run_all(checks, timeout)]
    if json:
        typer.echo(json_format.dumps({"findings": msgspec.to_builtins(findings)}, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(f"{finding.status:4}  {finding.name}: {finding.said}")
            if finding.remedy:
                typer.echo(f"      {finding.remedy}")
    if any(finding.status == "fail" for finding in findings):
        raise typer.Exit(1)
