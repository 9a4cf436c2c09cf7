"""`braid profile`, `recommend`, `explain`, `history`, `export`, `forget`: one person, by a raw account id."""

from __future__ import annotations

import json as json_format
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from streams.cli.api_client import ApiClient
from streams.domain.sentences import Language
from streams.service.history import DEFAULT_STEPS, MAX_STEPS
from streams.settings import Settings

Platform = Annotated[str, typer.Argument(help="The platform, for example shop.")]
Account = Annotated[str, typer.Argument(help="The platform's own user id.")]
#: Contributions below this show as zero.
SHOWN: Final = 0.005

Json = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]


def profile(
    platform: Platform,
    account: Account,
    json: Json = False,
    vectors: Annotated[bool, typer.Option(help="Include vectors, with --json.")] = False,
) -> None:
    """Show the profile of an account's person.

    Example: braid profile shop u-1
    """
    body = _asked(platform, account, "", {"vectors": "true"} if vectors else {})
    if json:
        typer.echo(json_format.dumps(body, ensure_ascii=False))
        return
    console = Console()
    console.print(
        f"profile {body['profile_id']}, revision {body['revision']}, {body['events_applied']} events, "
        f"as of {_time(body['as_of'])}"
    )
    platforms = Table("platform", "share", "events", "last seen")
    for name, block in body["platforms"].items():
        platforms.add_row(name, f"{block['share']:.0%}", str(sum(block["counts"].values())), _time(block["last_seen"]))
    console.print(platforms)
    console.print(_tags(body["tags"]))


def recommend(
    platform: Platform,
    account: Account,
    to: Annotated[str, typer.Option(help="Only items of this platform; default: any.")] = "",
    category: Annotated[str, typer.Option(help="Only items of this category.")] = "",
    k: Annotated[int, typer.Option("--k", "-k", min=1, max=200, help="Most items.")] = 10,
    json: Json = False,
) -> None:
    """Recommend items to an account's person, on any platform.

    Example: braid recommend shop u-1 --to news -k 5
    """
    query = {"k": str(k), "explain": "true", "platform": to, "category": category}
    body = _asked(platform, account, "/recommendations", {name: value for name, value in query.items() if value})
    if json:
        typer.echo(json_format.dumps(body, ensure_ascii=False))
        return
    table = Table("score", "platform", "item", "title", "because of", caption=body["basis"])
    for item in body["items"]:
        why = item["reason"]["interest"] if "reason" in item else ""
        table.add_row(f"{item['score']:.3f}", item["platform"], item["item_id"], item["title"], why)
    Console().print(table)


def explain(platform: Platform, account: Account, json: Json = False) -> None:
    """Explain the profile of an account's person: what it holds and which events made it.

    Example: braid explain shop u-1
    """
    body = _asked(platform, account, "/explanation", {})
    if json:
        typer.echo(json_format.dumps(body, ensure_ascii=False))
        return
    console = Console()
    console.print(body["summary"])
    interests = Table("interest", "mass", "share", "made by")
    for interest in body["interests"]:
        events = [f"{event['contribution']:+.2f} {event['type']} {event['title']}" for event in interest["events"]]
        made_by = "\n".join(events + _rest(interest["others"], "all others"))
        interests.add_row(interest["label"], f"{interest['mass']:.2f}", f"{interest['share']:.0%}", made_by)
    console.print(interests)
    tags = Table("tag", "score", "made by")
    for tag in body["tags"]:
        events = [f"{event['contribution']:+.2f} {event['type']} {_time(event['time'])}" for event in tag["evidence"]]
        tags.add_row(tag["words"], f"{tag['score']:.2f}", "\n".join(events + _rest(tag["earlier"], "earlier events")))
    console.print(tags)
    console.print(body["note"])


def history(
    platform: Platform,
    account: Account,
    language: Annotated[Language, typer.Option(help="Of the sentences.")] = "en",
    n: Annotated[int, typer.Option("-n", min=1, max=MAX_STEPS, help="The latest so many deeds.")] = DEFAULT_STEPS,
    json: Json = False,
) -> None:
    """Tell what an account's person did lately, on all platforms, oldest first.

    Example: braid history shop u-1 -n 20
    """
    body = _asked(platform, account, "/history", {"language": language, "n": str(n)})
    if json:
        typer.echo(json_format.dumps(body, ensure_ascii=False))
        return
    untold = f"{body['n_untold']} more events are not told" if body["n_untold"] else None
    table = Table("time", "platform", "label", "what", caption=untold)
    for step in body["steps"]:
        table.add_row(_time(step["time"]), step["platform"], step["label"], step["sentence"])
    Console().print(table)


def export(platform: Platform, account: Account, json: Json = False) -> None:
    """Print everything held about an account's person, with the reason for each inference.

    Example: braid export shop u-1 --json > ann.json
    """
    body = _asked(platform, account, "/export", {})
    if json:
        typer.echo(json_format.dumps(body, ensure_ascii=False))
        return
    console = Console()
    console.print(body["inferences"]["summary"])
    for entry in body["accounts"]:
        console.print(f"account {entry['platform']} {entry['account']}, first seen {_time(entry['first_seen'])}")
    deeds = Table("platform", "event", "times")
    for deed in body["deeds"]:
        for name, number in sorted(deed["counts"].items()):
            deeds.add_row(deed["platform"], name, str(number))
    console.print(deeds)
    console.print(_tags(body["inferences"]["tags"]))
    for purpose, consent in body["consents"].items():
        console.print(f"consent to {purpose}: {consent['status']}")
    console.print(body["also_held"])


def forget(
    platform: Platform,
    account: Account,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: Json = False,
) -> None:
    """Erase an account's person, with every account that is linked to it. It cannot be undone.

    Example: braid forget shop u-1 --yes
    """
    client, profile_id, is_known = _found(platform, account)
    if not yes:
        known = "" if is_known else ", of whom nothing is known here,"
        typer.confirm(f"Erase the person of this account{known} for good?", abort=True)
    body = client.delete(f"/v1/profiles/{profile_id}")
    if json:
        typer.echo(json_format.dumps(body))
    else:
        Console().print(f"erasure {body['request_id']} of profile {body['profile_id']} is in the log")


def _asked(platform: str, account: str, path: str, query: dict[str, str]) -> dict[str, Any]:
    client, profile_id, _ = _found(platform, account)
    return client.get(f"/v1/profiles/{profile_id}{path}", query)


def _found(platform: str, account: str) -> tuple[ApiClient, str, bool]:
    client = ApiClient.of(Settings.load().api)
    # The look-up is a POST: the raw id stays out of URLs, and so out of every log on the way.
    found = client.post("/v1/accounts/lookup", {"platform": platform, "account": account})
    return client, found["profile_id"], found["known"]


def _rest(contribution: float, words: str) -> list[str]:
    """A line for what no listed event brought, unless it is rounding."""
    return [f"{contribution:+.2f} {words}"] if abs(contribution) >= SHOWN else []


def _tags(tags: list[dict[str, Any]]) -> Table:
    table = Table("tag", "kind", "score", "polarity", "events", "platforms")
    for tag in tags:
        platforms = ", ".join(sorted(tag["platforms"]))
        table.add_row(
            tag["tag"], tag["kind"], f"{tag['score']:.2f}", f"{tag['polarity']:+.2f}", str(tag["support"]), platforms
        )
    return table


def _time(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
