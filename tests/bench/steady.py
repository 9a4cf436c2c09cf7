"""An engine that serves: events at a steady rate or as a backlog, and a reader of the profiles it makes of them.

The latency of an event is the time from when it was handed to the producer until a read_committed consumer held the
first profile that names it as its trigger: every event counts, however many of them a profile brings at once. What
people write in the events is new each time, so the encoder works. Generator and reader run in this process.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from confluent_kafka import Consumer

from streams.brokers.connection import consumer_config
from streams.domain.events import event_id
from streams.domain.profiles import decode_profile
from streams.settings import Kafka
from tests.bench.process_seen import ProcessSeen
from tests.bench.scene import Scene, events
from tests.bench.serving_engines import ENGINES, Engine

PEOPLE = 5_000
WARM_UP_S = 4.0
#: How often the generator wakes at most: it must not take the core that is measured.
TICKS_PER_S = 100
READY_S = 90.0
#: What has not come then counts as not seen; an engine that cannot keep up shows it there.
DRAIN_S = 5.0
PHASES = 20
_FRESH = b'"text": "'
_CONSUMER = {"fetch.wait.max.ms": 5}

Made = list[tuple[bytes, bytes]]


class ProfileReader:
    """Follows the topic of profiles on a thread. sent_s: when the events that are asked about were sent, by id."""

    def __init__(self, servers: str, topic: str) -> None:
        self.sent_s: dict[str, float] = {}
        self.latencies_s: list[float] = []
        self.n_profiles = 0
        self.n_applied = 0
        self._applied: dict[bytes, int] = {}
        self._stopped = threading.Event()
        self._consumer = Consumer(consumer_config(Kafka(bootstrap_servers=servers), "bench-reader", **_CONSUMER))
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while not self._stopped.is_set():
            messages = self._consumer.consume(1_000, 0.02)
            now_s = time.time()
            for message in messages:
                key, value = message.key(), message.value()
                if message.error() is None and key is not None and value is not None:
                    self._take(key, value, now_s)
        self._consumer.close()

    def _take(self, key: bytes, value: bytes, now_s: float) -> None:
        profile = decode_profile(value)
        self.n_profiles += 1
        self.n_applied += profile.events_applied - self._applied.get(key, 0)
        self._applied[key] = profile.events_applied
        for trigger in profile.change.trigger_ids:
            sent_s = self.sent_s.pop(trigger, None)
            if sent_s is not None:
                self.latencies_s.append(now_s - sent_s)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join()


@dataclass
class Serving:
    """A ready engine with its generator and reader."""

    scene: Scene
    name: str
    engine: Engine
    reader: ProfileReader
    n_phases: int = 0
    n_published: int = 0

    def at_rate(self, rate: float, seconds: float) -> dict[str, float]:
        """Latency and cost while `rate` events a second come; nothing comes at rate 0."""
        made = self._made(round(rate * (seconds + WARM_UP_S)))
        reader, seen = self.reader, ProcessSeen(self.engine.pid)
        reader.latencies_s.clear()
        reader.sent_s.clear()
        began_s = time.perf_counter()
        self._publish(made, rate, began_s, 0, watched=False)
        _sleep_until(began_s + WARM_UP_S)
        cpu_s, n_wakeups, n_profiles, from_s = seen.cpu_s(), seen.n_wakeups(), reader.n_profiles, time.perf_counter()
        n_sent = self._publish(made, rate, began_s, round(rate * WARM_UP_S), watched=True)
        _sleep_until(from_s + seconds)
        lasted_s = time.perf_counter() - from_s
        row = {
            "rate_per_s": n_sent / lasted_s,
            "cores": (seen.cpu_s() - cpu_s) / lasted_s,
            "wakeups_per_s": (seen.n_wakeups() - n_wakeups) / lasted_s,
            "rss_mib": seen.rss_bytes() / (1 << 20),
        }
        assert self.scene.producer.flush(30) == 0
        self._drain(lambda: not reader.sent_s, DRAIN_S)
        return row | self._latencies(n_sent, reader.n_profiles - n_profiles)

    def peak_per_s(self, n_events: int) -> float:
        """Events a second over a backlog, from the first profile to the last event applied."""
        made, before = self._made(n_events), self.reader.n_applied
        self.n_published += n_events
        for key, value in made:
            self.scene.producer.produce(self.scene.names.events("shop"), value, key)
        assert self.scene.producer.flush(60) == 0
        self._drain(lambda: self.reader.n_applied > before, READY_S)
        first, from_s = self.reader.n_applied, time.perf_counter()
        self._drain(lambda: self.reader.n_applied >= before + n_events, READY_S + n_events / 200)
        assert self.reader.n_applied >= before + n_events, f"{self.name}: {self.reader.n_applied - before} of {n_events}"
        return (before + n_events - first) / (time.perf_counter() - from_s)

    def settle(self) -> None:
        """Until the profiles hold every event published. Raises AssertionError when that takes too long."""
        self._drain(lambda: self.reader.n_applied >= self.n_published, READY_S)
        assert self.reader.n_applied == self.n_published, (
            f"{self.name}: profiles count {self.reader.n_applied} of {self.n_published} events after {READY_S:.0f} s"
        )

    def _latencies(self, n_sent: int, n_profiles: int) -> dict[str, float]:
        if not n_sent:
            return {}
        seen_ms = 1000 * np.array(self.reader.latencies_s or [float("nan")])
        return {
            "p50_ms": float(np.percentile(seen_ms, 50)),
            "p99_ms": float(np.percentile(seen_ms, 99)),
            "seen_share": len(self.reader.latencies_s) / n_sent,
            "profiles_per_event": n_profiles / n_sent,
        }

    def _made(self, n_events: int) -> Made:
        """Events of a day of their own, newer than those of the phase before."""
        self.n_phases += 1
        assert self.n_phases < PHASES, f"phase {self.n_phases}: {PHASES} at most, or events come from the future"
        start_s = time.time() - 86_400 * (PHASES - self.n_phases)
        if n_events == 0:
            return []
        return fresh(list(events(n_events, PEOPLE, self.scene.catalogue, start_s, seed=100 + self.n_phases)))

    def _publish(self, made: Made, rate: float, began_s: float, first: int, *, watched: bool) -> int:
        """The events before `first`, or from it on, at their times; returns how many."""
        chosen = range(first, len(made)) if watched else range(min(len(made), round(rate * WARM_UP_S)))
        ids = {at: _id_of(made[at][1]) for at in chosen} if watched else {}
        tick, producer, topic = max(1, round(rate / TICKS_PER_S)), self.scene.producer, self.scene.names.events("shop")
        for at in chosen:
            if at % tick == 0:
                _sleep_until(began_s + at / rate)
                producer.poll(0)
            if watched:
                self.reader.sent_s[ids[at]] = time.time()
            producer.produce(topic, made[at][1], made[at][0])
        self.n_published += len(chosen)
        return len(chosen)

    def _drain(self, done: Callable[[], bool], at_most_s: float) -> None:
        give_up_at_s = time.perf_counter() + at_most_s
        while not done() and time.perf_counter() < give_up_at_s:
            time.sleep(0.01)


@contextmanager
def serving(scene: Scene, name: str, stages: str, model: str) -> Iterator[Serving]:
    """An engine over a scene with items, ready: a first event has become a profile. Its topics go with it."""
    running = ENGINES[name](scene, stages, model)
    reader = ProfileReader(scene.servers, running.profiles)
    try:
        serves = Serving(scene, name, running, reader)
        ((key, value),) = serves._made(1)
        scene.producer.produce(scene.names.events("shop"), value, key)
        scene.producer.flush(10)
        serves.n_published = 1
        serves._drain(lambda: reader.n_profiles > 0, READY_S)
        assert reader.n_profiles, f"{name}: no profile of a first event within {READY_S:.0f} s"
        yield serves
    finally:
        reader.stop()
        running.stop()
        scene.drop_topics(scene.prefix)


def furnished(servers: str, folder: Path, n_items: int, model: str) -> Scene:
    """A scene whose catalogue knows its items by the encoder named."""
    scene = Scene(servers, folder)
    scene.catalogue = scene.catalogue[:n_items]
    scene.publish_items()
    worker = scene.worker("catalogue", "catalogue", BRAID_ENCODER__MODEL=model)
    try:
        while worker.metric("braid_items_total") < n_items:
            assert worker.process.poll() is None, worker.tail()
            time.sleep(0.1)
        worker.terminate()
    finally:
        worker.kill()
    return scene


def fresh(made: Made) -> Made:
    """The same events, every text new to every cache."""
    return [
        (key, value.replace(_FRESH, _FRESH + f"Number {at} of {time.time_ns()}, ".encode()) if _FRESH in value else value)
        for at, (key, value) in enumerate(made)
    ]


def _id_of(value: bytes) -> str:
    event = json.loads(value)
    return event_id(event["source"], event["id"]).hex()


def _sleep_until(at_s: float) -> None:
    time.sleep(max(0.0, at_s - time.perf_counter()))
