"""What comes over the wire: connections that are cut or slow, records that are too large."""

from __future__ import annotations

import json
import random
import time

from confluent_kafka import KafkaError, Message, Producer

from streams.brokers.connection import producer_config
from streams.brokers.limits import INPUT_MAX_BYTES, MIB
from streams.domain.dead_letters import decode_dead_letter, is_letter
from streams.settings import Ingest, Kafka
from tests.chaos.scene import PLATFORMS, Scene
from tests.chaos.shots import Shot, someone
from tests.chaos.workers import until
from tests.support.pipeline import TYPES, records_of

#: Larger than Braid applies, yet what a broker must take.
SIZES = (Ingest().max_event_bytes + 1, 2 * MIB, 5 * MIB, INPUT_MAX_BYTES - MIB)
LETTERS_S = 30.0
TYPE_OF = {kind.partition(".")[0]: kind for kind in TYPES}


def cut_connections(scene: Scene, rng: random.Random) -> Shot:
    """Every connection of one worker is reset, or goes silent, for less or more than its session."""
    worker = someone(scene, rng)
    relay = scene.ground.relays[worker.name]
    mode, seconds = rng.choice(["cut", "silent"]), rng.choice([0.3, 1.5, 5.0, 8.0])
    in_flight = worker.in_flight()
    relay.set(mode)  # type: ignore[arg-type]
    time.sleep(seconds)
    relay.set("open")
    return Shot("cut-connections", f"{worker.name} {mode} for {seconds} s", f"{in_flight}")


def slow_broker(scene: Scene, rng: random.Random) -> Shot:
    """Every answer of the broker reaches one worker late, up to half of its session: produces and commits crawl."""
    worker = someone(scene, rng)
    relay = scene.ground.relays[worker.name]
    delay_s, seconds = rng.choice([0.05, 0.2, 0.6, 1.5]), rng.uniform(3.0, 6.0)
    n_before = relay.n_delayed
    relay.set("slow", delay_s)
    time.sleep(seconds)
    relay.set("open")
    n_delayed = relay.n_delayed - n_before
    evidence = f"{n_delayed} answers came late" if n_delayed else ""
    return Shot("slow-broker", f"{worker.name}: {n_delayed} answers {delay_s} s late for {seconds:.1f} s", evidence)


def oversize(scene: Scene, rng: random.Random) -> Shot:
    """Valid records larger than Braid applies, up to what a broker takes, and one that the broker must refuse.

    Each that was taken becomes a dead letter; whether what is behind them flows is told by the lag.
    """
    shot = Shot("oversize")
    refused = _refusal(scene, rng.choice(PLATFORMS))
    if refused != KafkaError.MSG_SIZE_TOO_LARGE:
        shot.violations.append(f"a record of {INPUT_MAX_BYTES + MIB} bytes was not refused for its size: {refused}")
    sizes = [rng.choice(SIZES) for _ in range(rng.randint(2, 4))]
    for number, size in enumerate(sizes):
        platform = rng.choice(PLATFORMS)
        is_item = rng.random() < 0.3
        topic = scene.names.items if is_item else scene.names.events(platform)
        key = f"{platform}:large-{number}" if is_item else f"person-{number}"
        scene.feeder.add(topic, key.encode(), _large(platform, number, size, is_item=is_item))
    shot.detail = f"{', '.join(str(size) for size in sizes)} bytes"
    sent_s = time.monotonic()
    if until(lambda: _n_large_letters(scene) >= len(sizes), LETTERS_S, 0.5):
        shot.evidence = f"{len(sizes)} dead letters after {time.monotonic() - sent_s:.1f} s, a larger one refused"
    else:
        shot.violations.append(f"{len(sizes)} records too large are not all dead letters after {LETTERS_S:.0f} s")
    return shot


def _n_large_letters(scene: Scene) -> int:
    records = records_of(scene.bootstrap_servers, scene.names.dead_letters)
    letters = (decode_dead_letter(each.value()) for each in records if is_letter(each.key(), each.value()))
    return len({(at.topic, at.partition, at.offset) for at in letters if at.value and len(at.value) >= SIZES[0]})


def _large(platform: str, number: int, n_bytes: int, *, is_item: bool) -> bytes:
    kind = f"{platform}.item.upserted" if is_item else TYPE_OF[platform]
    item = {"item_id": f"large-{number}", "title": "", "category": "bread"}
    event = {
        "specversion": "1.0",
        "id": f"large-{number}-{n_bytes}",
        "source": f"/platforms/{platform}",
        "type": kind,
        "subject": f"person-{number}",
        "datacontenttype": "application/json",
        "data": {"item": item},
    }
    item["title"] = "x" * (n_bytes - len(json.dumps(event)))
    return json.dumps(event).encode()


def _refusal(scene: Scene, platform: str) -> int | None:
    """The code of the error that the broker gives for a record above the topic's limit."""
    codes: list[int | None] = []

    def decided(error: KafkaError | None, _message: Message) -> None:
        codes.append(None if error is None else error.code())

    config = producer_config(Kafka(bootstrap_servers=scene.bootstrap_servers))
    # This client would refuse it first; Kafka's own limit is one for all topics, so the topic's is the one that is met.
    producer = Producer(config | {"message.max.bytes": INPUT_MAX_BYTES + 2 * MIB, "enable.idempotence": False})
    body = _large(platform, 0, INPUT_MAX_BYTES + MIB // 2, is_item=False)
    producer.produce(scene.names.events(platform), body, b"refused", on_delivery=decided)
    producer.flush(20)
    return codes[0] if codes else KafkaError._TIMED_OUT
