"""The encoder is exchanged under way: everything is encoded anew, answers never pause, and no two spaces meet."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from confluent_kafka import Producer

from encoders.factory import EncoderSpec, build_encoder
from streams.brokers.connection import producer_config
from streams.domain.events import ItemRecord
from streams.serve_app import Serve
from streams.settings import Kafka, Settings
from streams.wiring import model_of
from tests.support.brokers import eventually
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import SECRET, profiles_of, records_of
from tests.support.serving import subject_items

__all__ = ["pipeline"]

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.requirement("D11")]


def item_events() -> Iterator[tuple[str, bytes]]:
    for record in subject_items():
        item = record.item
        event = {
            "specversion": "1.0", "id": f"{record.platform}-{item.item_id}", "source": f"/{record.platform}",
            "type": f"{record.platform}.item.upserted", "time": "2026-01-01T00:00:00Z",
            "data": {"item": {"item_id": item.item_id, "title": item.title, "category": item.category}},
        }  # fmt: skip
        yield f"{record.platform}:{item.item_id}", json.dumps(event).encode()


def deed(number: int, person: str, item_id: str) -> bytes:
    event = {
        "specversion": "1.0", "id": f"{person}-{number}", "source": "/shop", "type": "shop.wishlist.added",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "subject": person,
        "data": {"item": {"item_id": item_id}},
    }  # fmt: skip
    return json.dumps(event).encode()


def settings_of(pipeline: Pipeline, state_dir: Path, model: str) -> Settings:
    return Settings(
        state_dir=state_dir,
        kafka={"bootstrap_servers": pipeline.broker},
        topics={"prefix": pipeline.topics.prefix},
        encoder={"model": model},
        recommend={"behaviour": False},
        api={"port": 0},
        pseudonym={"key": SECRET},
    )


def recommended(url: str) -> list[dict[str, Any]]:
    with httpx.Client(base_url=url, trust_env=False) as api:
        answer = api.get("/v1/accounts/shop/ada/recommendations", params={"platform": "news", "k": 3})
    assert answer.status_code == 200
    return answer.json()["items"]


def test_workers_and_serves_go_over_to_another_encoder_one_after_the_other(pipeline: Pipeline, tmp_path: Path) -> None:
    producer = Producer(producer_config(Kafka(bootstrap_servers=pipeline.broker)))
    for key, value in item_events():
        producer.produce(pipeline.topics.items, value, key)
    assert producer.flush(30) == 0
    old = pipeline.worker()
    old.wait_ready()
    eventually(lambda: len(items(pipeline)) == len(subject_items()), 60)
    for number in range(3):
        producer.produce(pipeline.topics.events("shop"), deed(number, "ada", f"cooking-{number}"), b"ada")
    assert producer.flush(30) == 0
    eventually(lambda: sum(each.events_applied for each in published(pipeline)) == 3, 60)
    serving = Serve(settings_of(pipeline, tmp_path / "serve-old", "hashed"))
    serving.start()
    try:
        assert serving.wait_until_ready(60)
        assert {item["category"] for item in recommended(serving.url)} == {"cooking"}
        old.terminate()
        new = pipeline.worker(BRAID_ENCODER__MODEL="minilm")
        new.wait_ready(120)
        producer.produce(pipeline.topics.events("shop"), deed(3, "ada", "cooking-0"), b"ada")
        assert producer.flush(30) == 0
        encoder = build_encoder(EncoderSpec("minilm"))
        label = model_of(encoder).label
        eventually(lambda: {each.model.label for each in published(pipeline)} == {label}, 120)
        assert {each.model for each in items(pipeline).values()} == {label}
        (profile,) = published(pipeline)
        assert profile.events_applied == 4
        # Her first three items in the new space, and the first once more.
        vectors = [vector_of(pipeline, f"shop:cooking-{number}") for number in (0, 1, 2, 0)]
        direction = np.sum(vectors, axis=0) / np.linalg.norm(np.sum(vectors, axis=0))
        assert float(np.frombuffer(profile.vectors.long, np.float16).astype(np.float32) @ direction) > 0.99
        # The serve with the old encoder goes on with the vectors that it has.
        assert {item["category"] for item in recommended(serving.url)} == {"cooking"}
        assert serving.missing() == []
        beside = Serve(settings_of(pipeline, tmp_path / "serve-new", "minilm"), encoder)
        beside.start()
        try:
            assert beside.wait_until_ready(60)
            assert beside.missing() == []
            assert {item["category"] for item in recommended(beside.url)} == {"cooking"}
        finally:
            beside.stop()
    finally:
        serving.stop()


def published(pipeline: Pipeline) -> list[Any]:
    return list(profiles_of(pipeline.broker, pipeline.topics).values())


def items(pipeline: Pipeline) -> dict[str, ItemRecord]:
    last = {each.key(): each.value() for each in records_of(pipeline.broker, pipeline.topics.item_vectors)}
    return {key.decode(): msgspec.msgpack.decode(value, type=ItemRecord) for key, value in last.items() if value}


def vector_of(pipeline: Pipeline, key: str) -> Any:
    return np.frombuffer(items(pipeline)[key].vector, np.float16).astype(np.float32)
