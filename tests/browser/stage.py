"""A whole Braid on this machine for the console: embedded broker, worker and serve as processes, people and items.

`python -m tests.browser.stage` keeps one up and prints its address; Ctrl-C ends it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from confluent_kafka import Producer

from streams.brokers.connection import producer_config
from streams.domain.accounts import account_key
from streams.settings import Kafka
from tests.support.pipeline import SECRET, free_port

READY_S = 120.0
#: (subject, titles), on every platform; words repeat inside a subject.
SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "cooking": ("Cast iron frying pan", "Weeknight pan recipes", "Kitchen knife set", "Cooking with cast iron", "Bread at home"),
    "football": ("Football boots", "Match highlights of the league", "Football shirt", "League table explained", "Goalkeeper gloves"),
    "gardening": ("Tomato seeds", "Watering tomato plants", "Garden tools", "Growing tomatoes on a balcony", "Compost for beginners"),
    "photography": ("Camera with a fast lens", "Portrait lens review", "Tripod", "Night photography course", "Camera bag"),
}
PLATFORMS = ("shop", "video", "social", "news", "music", "travel")


@dataclass
class Stage:
    """Processes and their addresses. settings: more environment of worker and serve."""

    settings: Mapping[str, str] = field(default_factory=dict)
    #: A worker can be left out, or stopped and started by a test.
    with_worker: bool = True

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="braid-stage-"))
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._n = 0
        try:
            self._begin()
        except BaseException:  # whatever it is: nothing of it may stay behind
            self.__exit__()
            raise
        return self

    def _begin(self) -> None:
        broker = self._start("broker", ["broker", "embedded"], stdout=subprocess.PIPE)
        assert broker.stdout is not None
        self.bootstrap = json.loads(broker.stdout.readline())["bootstrap_servers"]
        self.producer = Producer(producer_config(Kafka(bootstrap_servers=self.bootstrap)))
        subprocess.run(self._command("topics", "apply"), env=self._environment(), check=True, capture_output=True)
        self.worker_port, self.port = free_port(), free_port()
        if self.with_worker:
            self.start_worker()
        self.start_serve()

    def __exit__(self, *_: object) -> None:
        # The broker last: a worker whose broker has gone cannot leave its group, and tries to for long.
        braid = [process for name, process in self.processes.items() if name != "broker"]
        broker = [process for name, process in self.processes.items() if name == "broker"]
        for ending in (braid, broker):
            for process in ending:
                process.terminate()
            for process in ending:
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_worker(self) -> None:
        self._start("worker", ["worker"])
        self._wait(f"http://127.0.0.1:{self.worker_port}/readyz", "worker")

    def start_serve(self) -> None:
        self._start("serve", ["serve"])
        self._wait(f"{self.url}/readyz", "serve")

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.terminate()
        process.wait(30)

    def publish_items(self) -> None:
        for platform in PLATFORMS:
            for subject, titles in SUBJECTS.items():
                for number, title in enumerate(titles):
                    item_id = f"{subject}-{number}"
                    item = {
                        "item_id": item_id, "title": title, "category": subject, "tags": [subject], "price": 10.0 + number,
                        "currency": "EUR", "language": "en",
                    }  # fmt: skip
                    self._produce("items", f"{platform}:{item_id}", self.event(platform, "item.upserted", data={"item": item}))
        self.flush()

    def did(self, who: str, kind: str, item_id: str = "", *, ago_s: float = 0.0, **more: Any) -> str:
        """Publish `<platform>.<object>.<action>` of somebody; returns the event's id."""
        platform, _, action = kind.partition(".")
        data = more.pop("data", {"item": {"item_id": item_id}} if item_id else {})
        event = self.event(platform, action, subject=who, data=data, ago_s=ago_s, **more)
        self._produce(f"events.{platform}", who, event)
        self.flush()
        return str(event["id"])

    def event(self, platform: str, action: str, *, ago_s: float = 0.0, **more: Any) -> dict[str, Any]:
        self._n += 1
        return {
            "specversion": "1.0", "id": f"stage-{self._n}", "source": f"/platforms/{platform}", "type": f"{platform}.{action}",
            "time": datetime.fromtimestamp(time.time() - ago_s, UTC).isoformat(), "datacontenttype": "application/json", **more,
        }  # fmt: skip

    def send(self, topic: str, key: str, value: bytes) -> None:
        """Bytes as they are, for what must be refused."""
        self.producer.produce(f"{topic}", value, key.encode())
        self.flush()

    def flush(self) -> None:
        assert self.producer.flush(30) == 0

    def profile_id(self, platform: str, who: str) -> str:
        """Of somebody whose accounts were never linked."""
        return account_key(SECRET.encode(), platform, who)

    def get(self, path: str, **headers: str) -> Any:
        """JSON of the API or of a view."""
        request = urllib.request.Request(self.url + path, headers={"Accept": "application/json", **headers})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def eventually(self, holds: Any, timeout_s: float = 60.0) -> Any:
        """The first true value; errors of HTTP count as not yet."""
        give_up_at_s, last = time.monotonic() + timeout_s, None
        while time.monotonic() < give_up_at_s:
            try:
                found = holds()
            except (OSError, ValueError, KeyError, IndexError) as error:
                found, last = None, error
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"not within {timeout_s:g} s (last: {last!r})")

    def _wait(self, url: str, name: str) -> None:
        give_up_at_s = time.monotonic() + READY_S
        while time.monotonic() < give_up_at_s and self.processes[name].poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"{name} does not answer at {url}; its log ends: {(self.folder / f'{name}.log').read_text()[-1500:]}")

    def _produce(self, topic: str, key: str, event: dict[str, Any]) -> None:
        self.producer.produce(topic, json.dumps(event).encode(), key.encode())

    def _start(self, name: str, arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("ab")
        started = {"env": self._environment(), "stdout": log, **options}
        process = subprocess.Popen(self._command(*arguments), stderr=log, **started)
        self.processes[name] = process
        return process

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "streams", *arguments]

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
        own = {
            "BRAID_STATE_DIR": str(self.folder / "state"),
            "BRAID_ENCODER__MODEL": "hashed",
            "BRAID_RECOMMEND__BEHAVIOUR": "false",  # its machine code takes a core for longer than a test
            "BRAID_PSEUDONYM__KEY": SECRET,
            "BRAID_KAFKA__SESSION_TIMEOUT_S": "3",
        }
        if hasattr(self, "bootstrap"):
            own["BRAID_KAFKA__BOOTSTRAP_SERVERS"] = self.bootstrap
        if hasattr(self, "port"):
            own |= {"BRAID_API__PORT": str(self.port), "BRAID_METRICS__PORT": str(self.worker_port)}
        return {**kept, **own, **self.settings}


def people_of_the_stage(stage: Stage) -> str:
    """A town to look at: Ada with accounts on three platforms, others around her; returns Ada's profile id."""
    stage.publish_items()
    for number in range(12):
        subject = list(SUBJECTS)[number % 4]
        for step in range(4):
            stage.did(f"person-{number}", "shop.product.viewed", f"{subject}-{step}", ago_s=3_600.0 * (4 - step))
    for step, (kind, item) in enumerate([
        ("shop.product.viewed", "cooking-0"), ("shop.cart.added", "cooking-0"), ("shop.order.completed", "cooking-0"),
        ("shop.product.viewed", "photography-0"), ("shop.wishlist.added", "photography-1"),
    ]):  # fmt: skip
        stage.did("ada", kind, item, ago_s=600.0 * (6 - step), userid="u-ada")
    stage.did("ada.films", "video.video.liked", "cooking-1", ago_s=900.0, userid="u-ada")
    stage.did("ada.films", "video.video.commented", "photography-3", ago_s=800.0, userid="u-ada",
              data={"item": {"item_id": "photography-3"}, "text": "Great course, but the sound is terrible."})  # fmt: skip
    stage.did("ada.reads", "news.article.disliked", "football-3", ago_s=700.0, userid="u-ada")
    account = stage.profile_id("shop", "ada")
    found = stage.eventually(
        lambda: [
            each for each in [_profile(stage, account)] if each and len(each["identity"]["accounts"]) == 3
        ], 60.0,
    )  # fmt: skip
    return str(found[0]["profile_id"])


def _profile(stage: Stage, account: str) -> dict[str, Any] | None:
    found = stage.get("/v1/accounts/shop/ada/profile")
    return dict(found)


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Stage() as stage:
        profile_id = people_of_the_stage(stage)
        print(json.dumps({"url": stage.url, "person": f"{stage.url}/people/{profile_id}", "folder": str(stage.folder),
                          "bootstrap": stage.bootstrap}), flush=True)  # fmt: skip
        try:
            while all(process.poll() is None for process in stage.processes.values()):
                time.sleep(0.5)
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
