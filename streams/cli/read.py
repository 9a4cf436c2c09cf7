"""`braid read`: what a worker reads in a text, for whoever writes lists or a taxonomy, or wonders about a profile."""

from __future__ import annotations

import json as json_format
from typing import Annotated, Any

import msgspec
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from streams.domain.events import Item
from streams.domain.masking import clean_and_mask, without_tokens
from streams.domain.readings import Reading
from streams.errors import UsageError
from streams.meaning.sentiment import packaged_sentiment
from streams.settings import Settings
from streams.wiring import encoder_of, limits_of, reader_of


def read(
    texts: Annotated[list[str], typer.Argument(help="What somebody wrote.")],
    about: Annotated[str, typer.Option(help="Title of the item that it is about, whose names are believed.")] = "",
    brand: Annotated[str, typer.Option(help="Brand of that item.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Read texts as a worker does: masked, their sentiment, what they name and how they feel about it, their topics.

    Nothing is sent anywhere. Lists, taxonomy and encoder are those of the settings.

    Example: braid read "Great phone, but the courier was rude" "屏幕很好，物流太慢了"
    """
    settings = Settings.load()
    if not settings.meaning.read:
        raise UsageError("BRAID_MEANING__READ=false: texts are not read; set it to true")
    encoder = encoder_of(settings)
    reader = reader_of(settings, encoder.name, lambda phrases: encoder.encode(phrases).vectors)
    masked = [clean_and_mask(text, limits_of(settings).max_text_chars).text for text in texts]
    item = Item("", title=about, brand=brand) if about or brand else None
    vectors = encoder.encode([without_tokens(text) for text in masked]).vectors
    readings = reader.read(masked, [item] * len(masked), vectors)
    told = [_told(text, reading) for text, reading in zip(masked, readings, strict=True)]
    if json:
        typer.echo(json_format.dumps({"readings": told}, ensure_ascii=False))
        return
    for each in told:
        _show(Console(), each)


def _told(text: str, reading: Reading) -> dict[str, Any]:
    (label,) = packaged_sentiment().labels(np.array([reading.sentiment]))
    return {"text": text, "label": label, **msgspec.to_builtins(reading)}


def _show(console: Console, told: dict[str, Any]) -> None:
    topics = ", ".join(f"{hit['topic']} {hit['score']:.2f}" for hit in told["topics"]) or "none"
    console.print(told["text"], style="bold", markup=False)
    console.print(f"sentiment {told['sentiment']:+.2f}, {told['label']}; topics: {topics}", highlight=False)
    if told["mentions"]:
        table = Table("kind", "name", "characters", "confidence", "felt about")
        for each in told["mentions"]:
            felt = "" if each["sentiment"] is None else f"{each['sentiment']:+.2f}"
            place = f"{each['start']}-{each['end']}"
            table.add_row(each["kind"], each["name"], place, f"{each['confidence']:.2f}", felt)
        console.print(table)
    console.print()
