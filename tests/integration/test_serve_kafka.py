"""Items and events through the whole of Braid on real Kafka: worker and serve as processes, asked over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.support.brokers import eventually, producer_of
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import SECRET, free_port

__all__ = ["pipeline"]
pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@contextmanager
def serving(pipeline: Pipeline) -> Iterator[httpx.Client]:
    port = free_port()
    settings = {
        "BRAID_KAFKA__BOOTSTRAP_SERVERS": pipeline.broker,
        "BRAID_TOPICS__PREFIX": pipeline.prefix,
        "BRAID_STATE_DIR": str(pipeline.folder / "serve"),
        "BRAID_ENCODER__MODEL": "hashed",
        "BRAID_API__PORT": str(port),
        "BRAID_PSEUDONYM__KEY": SECRET,
    }
    log = (pipeline.folder / "serve.log").open("ab")
    process = subprocess.Popen([sys.executable, "-m", "streams", "serve"], env=os.environ | settings, stderr=log)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=10) as api:
        try:
            eventually(lambda: is_ready(api), 60)
            yield api
        finally:
            process.terminate()
            assert process.wait(30) == 0


def is_ready(api: httpx.Client) -> bool:
    try:
        return api.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def cloud_event(kind: str, identifier: str, subject: str, item: dict[str, object]) -> bytes:
    platform = kind.partition(".")[0]
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps(
        {
            "specversion": "1.0", "id": identifier, "source": f"/platforms/{platform}", "type": kind, "time": stamp,
            "subject": subject, "data": {"item": item},
        }
    ).encode()  # fmt: skip


class Town:
    """Publishes what platforms would."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._producer = producer_of(pipeline.broker)

    def describe(self, platform: str, item_id: str, title: str) -> None:
        said = cloud_event(f"{platform}.item.upserted", f"{item_id}-{title}", item_id, {"item_id": item_id, "title": title})
        self._send(self.pipeline.topics.items, f"{platform}:{item_id}", said)

    def forget(self, platform: str, item_id: str) -> None:
        self._send(self.pipeline.topics.items, f"{platform}:{item_id}", None)

    def like(self, kind: str, person: str, item_id: str, title: str) -> None:
        said = cloud_event(kind, f"{person}-{kind}-{item_id}", person, {"item_id": item_id, "title": title})
        self._send(self.pipeline.topics.events(kind.partition(".")[0]), person, said)

    def _send(self, topic: str, key: str, value: bytes | None) -> None:
        self._producer.produce(topic, value, key.encode())
        assert self._producer.flush(60) == 0


def similar_to(api: httpx.Client, key: str) -> list[str]:
    platform, _, item_id = key.partition(":")
    answer = api.get(f"/v1/items/{platform}/{item_id}/similar", params={"k": 50})
    return [item["key"] for item in answer.json()["items"]] if answer.status_code == 200 else []


@pytest.mark.requirement("K1", "K6", "A15", "H11", "K2")
def test_items_are_found_as_soon_as_published_follow_their_updates_and_go_when_deleted(pipeline: Pipeline) -> None:
    pipeline.worker().wait_ready()
    town = Town(pipeline)
    with serving(pipeline) as api:
        for number in range(6):
            town.describe("shop", f"shoe-{number}", f"trail running shoe number {number}")
            town.describe("video", f"race-{number}", f"trail running race film number {number}")
            town.describe("video", f"cake-{number}", f"baking a chocolate cake number {number}")
        eventually(lambda: len(similar_to(api, "shop:shoe-0")) == 17, 30)

        town.like("shop.wishlist.added", "ada", "shoe-0", "trail running shoe number 0")
        url = "/v1/accounts/shop/ada/recommendations"
        eventually(lambda: not api.get(url).json()["cold_start"], 30)
        films = api.get(url, params={"platform": "video", "k": 3, "explain": "true", "diversity": 0}).json()["items"]
        assert all(film["item_id"].startswith("race-") for film in films), films
        assert films[0]["reason"]["events"][0]["title"] == "trail running shoe number 0"
        shoes = api.get(url, params={"platform": "shop", "k": 50}).json()["items"]
        assert "shoe-0" not in {shoe["item_id"] for shoe in shoes}

        town.describe("video", "race-0", "knitting a woollen scarf")
        town.forget("video", "race-1")
        eventually(lambda: "video:race-1" not in similar_to(api, "shop:shoe-0"), 30)
        eventually(lambda: similar_to(api, "shop:shoe-0")[-1] == "video:race-0", 30)

    with serving(pipeline) as again:
        assert len(similar_to(again, "shop:shoe-0")) == 16
        profile = again.get("/v1/accounts/shop/ada/profile").json()
        assert profile["platforms"]["shop"]["counts"] == {"shop.wishlist.added": 1}
