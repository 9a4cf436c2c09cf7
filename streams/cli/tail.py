"""`braid tail`: decoded records of a topic, one JSON object a line."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import msgpack
import msgspec
import numpy as np
import typer
from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, KafkaError, KafkaException, Message, TopicPartition
from rich.console import Console
from rich.json import JSON

from streams.adapters.sealing import Sealer
from streams.brokers.connection import LOOKING, consumer_config
from streams.brokers.contact import check_contact
from streams.domain.dead_letters import decode_dead_letter, is_letter, opened
from streams.domain.events import Event, ItemRecord
from streams.domain.sentences import render_event
from streams.domain.topic_names import TopicNames
from streams.errors import CorruptState, Unavailable
from streams.settings import Settings

_TIMEOUT_S = 10.0
_event = msgspec.msgpack.Decoder(Event).decode
_VECTOR_FIELDS = frozenset({"short", "long", "vector"})


def tail(
    topic: Annotated[str, typer.Argument(help="Topic without prefix, for example `profiles` or `events.shop`.")],
    as_json: Annotated[bool, typer.Option("--json", help="One compact JSON object a line.")] = False,
    until_end: Annotated[
        bool, typer.Option("--until-end", help="From the beginning to the current end, then stop.")
    ] = False,
    vectors: Annotated[bool, typer.Option(help="Whole vectors instead of their norm and size.")] = False,
) -> None:
    """Print the records of a topic as they come, decoded.

    Example: braid tail dead-letters --until-end --json
    """
    settings = Settings.load()
    names = TopicNames(settings.topics.prefix)
    name = f"{names.prefix}{topic}"
    check_contact(settings.kafka)
    consumer = Consumer(consumer_config(settings.kafka, LOOKING, **{"enable.partition.eof": True}))
    key = settings.dead_letter_key()
    sealer = None if key is None else Sealer(key)
    show = _json_line if as_json or not sys.stdout.isatty() else _pretty
    try:
        for message in _records(consumer, name, settings, until_end=until_end):
            if topic == "dead-letters" and not is_letter(message.key(), message.value()):
                continue
            show(record_to_json(topic, message, vectors=vectors, sealer=sealer))
    except KeyboardInterrupt:
        pass
    finally:
        consumer.close()


def _records(consumer: Consumer, topic: str, settings: Settings, *, until_end: bool) -> Any:
    try:
        metadata = consumer.list_topics(topic, timeout=_TIMEOUT_S).topics[topic]
    except KafkaException as error:
        raise Unavailable(
            f"BRAID_KAFKA__BOOTSTRAP_SERVERS={settings.kafka.bootstrap_servers}: no broker answers "
            f"({error.args[0].str()}); start one with `braid broker embedded`"
        ) from error
    if metadata.error is not None and metadata.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
        raise Unavailable(_not_allowed(settings, topic))
    if metadata.error is not None or not metadata.partitions:
        raise Unavailable(f"topic {topic}: does not exist; `braid topics apply` creates the topics")
    start = OFFSET_BEGINNING if until_end else OFFSET_END
    consumer.assign([TopicPartition(topic, partition, start) for partition in metadata.partitions])
    if not until_end:
        print(f"waiting for new records of {topic}; --until-end prints what is there", file=sys.stderr)  # noqa: T201
    left = set(metadata.partitions)
    while left or not until_end:
        message = consumer.poll(0.5)
        if message is None:
            continue
        fault = message.error()
        if fault is None:
            yield message
        elif fault.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
            left.discard(message.partition() or 0)
        elif fault.fatal() or fault.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED:
            raise Unavailable(f"topic {topic}: {fault.str()}")


def _not_allowed(settings: Settings, topic: str) -> str:
    user = settings.kafka.sasl_username
    return f"BRAID_KAFKA__SASL_USERNAME={user}: may not read topic {topic}; see `braid rights` for who may"


def record_to_json(topic: str, message: Message, *, vectors: bool, sealer: Sealer | None = None) -> dict[str, Any]:
    """A record as plain values: partition, offset, key and decoded value. sealer: opens sealed dead letters."""
    return {
        "topic": topic,
        "partition": message.partition(),
        "offset": message.offset(),
        "key": _text(message.key()),
        "value": _plain(_decode(topic, message.value(), sealer), vectors=vectors),
    }


def _decode(topic: str, value: bytes | None, sealer: Sealer | None = None) -> Any:
    if value is None or topic == "dead-letters":
        return None if value is None else _letter(value, sealer)
    if topic == "user-events":
        return _named(Event, msgpack.unpackb(value)) | _in_words(value)
    if topic == "item-vectors":
        return _named(ItemRecord, msgpack.unpackb(value))
    try:
        return json.loads(value)
    except ValueError:
        pass
    try:
        return msgpack.unpackb(value, strict_map_key=False)
    except (ValueError, msgpack.UnpackException):
        return value


def _in_words(value: bytes) -> dict[str, str]:
    try:
        return {"in_words": render_event(_event(value))}
    except msgspec.DecodeError:  # of a newer release, or damaged: what can be read of it is shown
        return {}


def _letter(value: bytes, sealer: Sealer | None) -> Any:
    try:
        letter = decode_dead_letter(value)
    except msgspec.DecodeError:
        return value
    if letter.original != "sealed":
        return msgspec.structs.asdict(letter)
    try:
        if sealer is not None:
            return msgspec.structs.asdict(opened(letter, sealer.open))
    except CorruptState as error:
        print(error, file=sys.stderr)  # noqa: T201 - one letter of another key must not hide the rest
    return msgspec.structs.asdict(letter) | {"value": "sealed"}


def _named(kind: type[Event | ItemRecord], values: list[Any]) -> dict[str, Any]:
    """The array form of a record with the names of its fields; fields of a newer release stay out."""
    return dict(zip(kind.__struct_fields__, values, strict=False))


def _plain(value: Any, *, vectors: bool, field: str = "") -> Any:
    if isinstance(value, dict):
        return {_text(key): _plain(inner, vectors=vectors, field=str(key)) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, vectors=vectors) for inner in value]
    if isinstance(value, bytes):
        return _vector(value, whole=vectors) if field in _VECTOR_FIELDS else _text(value)
    return value


def _vector(raw: bytes, *, whole: bool) -> Any:
    vector = np.frombuffer(raw, np.float16).astype(np.float32)
    if whole:
        return [round(float(number), 4) for number in vector]
    return {"dim": len(vector), "norm": round(float(np.linalg.norm(vector)), 3)}


def _text(raw: Any) -> Any:
    if not isinstance(raw, bytes):
        return raw
    text = raw.decode("utf-8", "replace")
    return text if text.isprintable() or "\ufffd" not in text else raw.hex()


def _json_line(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _pretty(record: dict[str, Any]) -> None:
    Console().print(JSON.from_data(record, ensure_ascii=False))
