"""`braid lexicon`: what the catalogue calls its things, as lists that workers read texts with."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated

import typer

from streams.adapters.item_records import unpack_item
from streams.adapters.topic_looks import KafkaTopics
from streams.brokers.connection import LOOKING, consumer_config
from streams.brokers.contact import check_contact
from streams.brokers.topic_admin import is_embedded
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable, UsageError
from streams.meaning.catalogue_names import CatalogueNames, list_file
from streams.settings import Settings


def lexicon(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write what the catalogue calls its brands, people, colours and products as lists that texts are read with.

    Workers read them at their start, from the folder that BRAID_MEANING__LEXICONS names: give all of them the same.

    Example: braid lexicon names
    """
    names = _names_of(Settings.load())
    lists = names.lists()
    written = {kind: folder / f"catalogue-{kind}.toml" for kind in lists}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, file in written.items():
            file.write_text(list_file(kind, lists[kind]), "utf-8")
    except OSError as error:
        raise UsageError(f"folder = {folder}: {error.strerror}; name one that can be written") from error
    if json:
        told = {kind: {"file": str(file), "names": len(lists[kind])} for kind, file in written.items()}
        typer.echo(json_format.dumps({"items": len(names), "lists": told}))
        return
    for kind, file in written.items():
        typer.echo(f"{file}  {len(lists[kind]):,} names")
    typer.echo(f"of {len(names):,} items; read with BRAID_MEANING__LEXICONS={folder}", err=True)


def _names_of(settings: Settings) -> CatalogueNames:
    """Raises Unavailable where nobody published an item."""
    check_contact(settings.kafka)
    topic, names = TopicNames(settings.topics.prefix).item_vectors, CatalogueNames()
    with KafkaTopics(consumer_config(settings.kafka, LOOKING), {}, is_embedded).open() as look:
        for records in look.read(topic, look.kept(topic)):
            for record in records:
                known = unpack_item(record.value) if record.value else None
                names.put((record.key or b"").decode(), None if known is None else known.item)
    if not len(names):
        raise Unavailable(f"topic {topic} holds no item: publish some to `items`, and let a worker run")
    return names
