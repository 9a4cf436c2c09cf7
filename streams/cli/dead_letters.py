"""`braid dead-letters`: what was refused, in groups; one letter without anybody's data; and writing records again."""

from __future__ import annotations

import json as json_format
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final

import typer

from streams.adapters.audit_log import KafkaAudit
from streams.adapters.clock import SystemClock
from streams.adapters.confirmed_writer import ConfirmedWriter
from streams.adapters.letter_desk import LetterDesk
from streams.brokers.connection import LOOKING, consumer_config, producer_config
from streams.brokers.contact import check_contact
from streams.console.formats import duration
from streams.domain.audit_records import AuditRecord, outcome_of
from streams.domain.reasons import MEANING
from streams.domain.remedies import remedy_of
from streams.domain.topic_names import TopicNames
from streams.errors import Retryable, Unavailable, UsageError
from streams.letter_parts import letter_desk_of, letter_samples_of, letter_trials_of, platform_of
from streams.service.letter_box import MAX_LETTERS, GroupKey, LetterGroup, LetterLine
from streams.service.redrive_letters import MAX_REDRIVEN, LetterRedriver, Tried
from streams.settings import Settings
from streams.telemetry.logs import start_logging

app = typer.Typer(no_args_is_help=True, help="See what was refused and why, and send it again once it is mended.")

READ_S: Final = 60.0
_QUIET: Final = "WARNING"

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PlatformOption = Annotated[str, typer.Option("--platform", help="Only letters of this platform's events.")]
GroupOption = Annotated[str, typer.Option("--group", help="All letters of a group, as `list` names it.")]
OriginArgument = Annotated[str, typer.Argument(help="<topic>/<partition>/<offset> of the refused record.")]
OriginsArgument = Annotated[list[str] | None, typer.Argument(help="<topic>/<partition>/<offset> of refused records.")]
YesOption = Annotated[bool, typer.Option("--yes", help="Do it; without it nothing is written.")]


@app.command(name="list")
def list_letters(platform: PlatformOption = "", json: JsonOption = False) -> None:
    """List the letters in groups: where from, who refused them, why, which field; the newest group first.

    Of more than 50,000 letters the newest are listed.

    Example: braid dead-letters list --platform shop
    """
    settings, now_s = Settings.load(), SystemClock().now_s()
    names = TopicNames(settings.topics.prefix)
    with _desk(settings) as desk:
        groups = desk.box.groups(lambda topic: not platform or platform_of(names, topic) == platform)
        n_letters = len(desk.box)
    records = [_as_record(names, group, now_s) for group in groups]
    if json:
        typer.echo(json_format.dumps({"groups": records, "is_cut": n_letters >= MAX_LETTERS}, ensure_ascii=False))
        return
    typer.echo(f"{'letters':>8}  {'newest':>8}  {'oldest':>8}  group")
    for record in records:
        newest, oldest = duration(record["newest_age_s"]), duration(record["oldest_age_s"])
        typer.echo(f"{record['n']:>8}  {newest:>8}  {oldest:>8}  {record['group']}")


@app.command()
def show(origin: OriginArgument, json: JsonOption = False) -> None:
    """Show one letter: why it was refused, what the gate says of it now, and its record with every value masked.

    Example: braid dead-letters show events.shop/0/17
    """
    settings, clock = Settings.load(), SystemClock()
    _checked(origin)
    trials = letter_trials_of(settings, clock)
    with _desk(settings) as desk:
        line = desk.box.find(origin)
        tried = LetterRedriver(desk, trials).tried([] if line is None else [line])
    if line is None or not tried:
        raise Unavailable(f"{origin}: no such letter; it was sent again, erased or is past its retention")
    (found,) = tried
    # What is sealed may be tried with its key, and is shown to nobody.
    sample = letter_samples_of(settings).of_line(found.letter, line.original)
    said = {
        "origin": origin,
        "stage": line.stage,
        "reason": line.reason,
        "meaning": MEANING.get(line.reason, ""),
        "field": line.field,
        "detail": line.detail,
        "remedy": remedy_of(line.reason),
        "age_s": round(clock.now_s() - line.at_s, 1),
        "original": line.original,
        "now": {"outcome": found.verdict.outcome, "reason": found.verdict.reason, "detail": found.verdict.detail},
        "may_be_sent_again": found.is_ready,
        "n_bytes": sample.n_bytes,
        "record": dict(sample.entries),
    }
    if json:
        typer.echo(json_format.dumps(said, ensure_ascii=False))
        return
    for name, value in said.items():
        if isinstance(value, dict):
            typer.echo(f"{name}:")
            for inner, text in value.items():
                typer.echo(f"  {inner}: {text}")
        else:
            typer.echo(f"{name}: {value}")


@app.command()
def retry(
    origins: OriginsArgument = None, group: GroupOption = "", yes: YesOption = False, json: JsonOption = False
) -> None:
    """Try letters at the gate as it is now; with --yes send those again that it takes, and end them.

    Twice is once: a letter that has ended is left out, and an event counts once by its id. What the gate still refuses
    stays. Sending needs the rights of `serve` (`braid rights serve`) and is audited.

    Example: braid dead-letters retry --group events.shop/normalise/unknown_type/type --yes
    """
    origins = origins or []
    if bool(origins) == bool(group):
        raise UsageError("give origins or --group; `braid dead-letters list` shows the groups")
    for origin in origins:
        _checked(origin)
    settings, key = Settings.load(), _group_key(group) if group else None
    trials = letter_trials_of(settings, SystemClock())
    with _desk(settings) as desk:
        box = desk.box
        found = box.of(key) if key else [line for line in map(box.find, dict.fromkeys(origins)) if line is not None]
        redriver = LetterRedriver(desk, trials)
        parts = [found[start : start + MAX_REDRIVEN] for start in range(0, len(found), MAX_REDRIVEN)]
        tried = [each for part in parts for each in redriver.tried(part)]
        n_sent = _sent(settings, redriver, parts) if yes and any(each.is_ready for each in tried) else 0
    _tell(tried, n_gone=len(dict.fromkeys(origins)) - len(found) if origins else 0, n_sent=n_sent, yes=yes, json=json)


def _sent(settings: Settings, redriver: LetterRedriver, parts: Sequence[Sequence[LetterLine]]) -> int:
    """Records written again; noted in the audit before and after, as the console notes them."""
    audit = KafkaAudit(producer_config(settings.kafka), TopicNames(settings.topics.prefix).audit)
    clock, who = SystemClock(), settings.kafka.sasl_username or "local"

    def note(status: int) -> AuditRecord:
        return AuditRecord(clock.now_s(), who, "redrive", "", outcome_of(status) if status else "begun", status)

    try:
        try:
            audit.require(note(0))
        except Retryable as error:
            raise Unavailable(f"{error}: nothing was sent, for this must not happen unaudited") from error
        try:
            n_sent = sum(redriver.redrive(part, len(part)).n_redriven for part in parts)
        except UsageError:
            audit.note(note(503))
            raise
        audit.note(note(200))
        return n_sent
    finally:
        audit.close()


def _tell(tried: Sequence[Tried], *, n_gone: int, n_sent: int, yes: bool, json: bool) -> None:
    n_ready = sum(each.is_ready for each in tried)
    outcomes = dict(Counter(each.verdict.outcome for each in tried))
    if json:
        said = {
            "is_dry_run": not yes, "n_tried": len(tried), "outcomes": outcomes, "n_ready": n_ready, "n_sent": n_sent,
            "n_gone": n_gone,
        }  # fmt: skip
        typer.echo(json_format.dumps(said))
        return
    for each in tried:
        if not each.is_ready:
            why = each.verdict.detail or each.verdict.reason or "its topic is not written to again"
            typer.echo(f"{each.line.place}: {each.verdict.outcome}, {why}")
    if n_gone:
        typer.echo(f"{n_gone} letters are not there: sent again, erased or past their retention")
    if yes:
        typer.echo(f"{n_sent} of {len(tried)} letters sent again and ended")
    else:
        typer.echo(f"{n_ready} of {len(tried)} letters would be taken; --yes sends them again")


def _as_record(names: TopicNames, group: LetterGroup, now_s: float) -> dict[str, Any]:
    return {
        "platform": platform_of(names, group.topic) or "",
        "topic": group.topic,
        "stage": group.stage,
        "reason": group.reason,
        "field": group.field,
        "n": group.n,
        "newest_age_s": round(max(0.0, now_s - group.last_at_s), 1),
        "oldest_age_s": round(max(0.0, now_s - group.first_at_s), 1),
        "newest": group.newest.place,
        "group": f"{group.topic}/{group.stage}/{group.reason}/{group.field}",
    }


def _group_key(group: str) -> GroupKey:
    parts = group.split("/", 3)
    if len(parts) != len(GroupKey._fields):
        raise UsageError(f"--group {group}: use <topic>/<stage>/<reason>/<field>, see `braid dead-letters list`")
    return GroupKey(*parts)


def _checked(origin: str) -> None:
    topic, _, place = origin.partition("/")
    partition, _, offset = place.partition("/")
    if not (topic and partition.isdecimal() and offset.isdecimal()):
        raise UsageError(f"ORIGIN {origin}: use <topic>/<partition>/<offset>, see `braid tail dead-letters`")


@contextmanager
def _desk(settings: Settings) -> Iterator[LetterDesk]:
    """The letters, read to the end of their topic. Raises Unavailable."""
    start_logging(_QUIET, settings.log_format)
    check_contact(settings.kafka)
    consumer, writer = consumer_config(settings.kafka, LOOKING), ConfirmedWriter(producer_config(settings.kafka))
    desk = letter_desk_of(settings, consumer, writer, SystemClock())
    try:
        if not desk.is_whole_within(READ_S):
            raise Unavailable(f"dead letters were not read to their end within {READ_S:.0f} s: {desk.fault()}")
        yield desk
    finally:
        desk.close()
