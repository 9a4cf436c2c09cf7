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
from msgspec.structs import asdict

from streams.domain.events import ItemRecord, item_key
from tests.support.brokers import eventually, producer_of
from tests.support.cross_platform import SCENARIOS, mixed_items
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import SECRET, free_port
from tests.support.serving import SUBJECTS, Did

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


def cloud_event(kind: str, identifier: str, subject: str, item: dict[str, object], **extensions: str) -> bytes:
    platform = kind.partition(".")[0]
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return json.dumps(
        {
            "specversion": "1.0", "id": identifier, "source": f"/platforms/{platform}", "type": kind, "time": stamp,
            "subject": subject, "data": {"item": item}, **extensions,
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

    def publish(self, record: ItemRecord) -> None:
        said = {name: value for name, value in asdict(record.item).items() if value}
        event = cloud_event(f"{record.platform}.item.upserted", record.item.item_id, record.item.item_id, said)
        self._send(self.pipeline.topics.items, item_key(record.platform, record.item.item_id), event)

    def does(self, deed: Did) -> None:
        """With the id that the platforms share, which makes the accounts one person."""
        account, item_id = f"{deed.person}-on-{deed.platform}", deed.key.partition(":")[2]
        item: dict[str, object] = {"item_id": item_id, "title": item_id.replace("-", " ")}
        said = cloud_event(deed.what, f"{account}-{deed.what}-{item_id}", account, item, userid=deed.person)
        self._send(self.pipeline.topics.events(deed.platform), account, said)

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
    answer = api.get(f"/v1/items/{platform}/{item_id}/similar", params={"k": 100})
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


@pytest.mark.requirement("K2")
def test_deeds_on_two_platforms_bring_related_goods_ads_and_videos_to_where_these_are_guests(pipeline: Pipeline) -> None:
    pipeline.worker().wait_ready()
    town = Town(pipeline)
    with serving(pipeline) as api:
        for record in mixed_items():
            town.publish(record)
        eventually(lambda: len(similar_to(api, "social:goods-cooking-0")) == 80, 30)
        people = [(scenario, subject, f"{scenario.name}-{subject}") for scenario in SCENARIOS for subject in SUBJECTS]
        for scenario, subject, person in people:
            for deed in scenario.done(subject, person=person):
                town.does(deed)
        for scenario, subject, person in people:
            url = f"/v1/accounts/{scenario.platform}/{person}-on-{scenario.platform}"
            eventually(lambda url=url: n_platforms(api, f"{url}/profile") == 2, 30)
            asked = {"platform": scenario.platform, "category": scenario.kind, "k": 3, "diversity": 0}
            items = api.get(f"{url}/recommendations", params=asked).json()["items"]
            assert [(item["category"], item["item_id"].split("-")[1]) for item in items] == [(scenario.kind, subject)] * 3


def n_platforms(api: httpx.Client, url: str) -> int:
    answer = api.get(url)
    return len(answer.json()["platforms"]) if answer.status_code == 200 else 0
