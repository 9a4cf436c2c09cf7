"""One run's world: a cluster, topics under a prefix of their own, workers on leashes, a load, a watcher."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, TopicPartition

from encoders.factory import EncoderSpec, build_encoder
from streams.brokers.connection import consumer_config
from streams.brokers.kafka import KafkaCluster
from streams.brokers.ports import free_ports
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.topic_names import TopicNames
from streams.settings import Kafka, Topics
from streams.wiring import space_mark_of
from tests.chaos.feeding import Feed, Feeder
from tests.chaos.proxy import Relay
from tests.chaos.watching import Watcher
from tests.chaos.workers import ChaosWorker, Orchestrator, worker_environment
from tests.support.brokers import admin_of

PARTITIONS = 4
#: The stages that the load reaches; links have a driver of their own (tests/persons).
LOADED = ("normalise", "catalogue", "profile")
_SPACE = space_mark_of(build_encoder(EncoderSpec("hashed"))).hex()
#: A lag that cannot be asked for.
NOBODY_ANSWERS = 1 << 30
NAMES = ("a", "b", "c")
SERVE = "serve"
#: The platforms that the load knows: a topic each, and no idle ones.
PLATFORMS = ("shop", "video", "social", "news", "music", "ads")


@dataclass
class Ground:
    """A cluster for many runs. One node has a relay in front of it for every worker; three nodes have none."""

    cluster: KafkaCluster
    relays: dict[str, Relay] = field(default_factory=dict)
    entrances: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, n_nodes: int) -> Ground:
        """A cluster that is not started yet."""
        if n_nodes > 1:
            return cls(KafkaCluster(nodes=n_nodes, heap_mib=512))
        ports = free_ports(2 + 2 * len(NAMES))
        direct, controller, inner, outer = ports[0], ports[1], ports[2 : 2 + len(NAMES)], ports[2 + len(NAMES) :]
        via = {f"VIA{name.upper()}": port for name, port in zip(NAMES, inner, strict=True)}
        shown = {f"VIA{name.upper()}": port for name, port in zip(NAMES, outer, strict=True)}
        plain = {"PLAINTEXT": direct, "CONTROLLER": controller}
        overrides = {
            "listeners": _listeners(plain | via),
            "advertised.listeners": _listeners({"PLAINTEXT": direct} | shown),
            "listener.security.protocol.map": ",".join(f"{name}:PLAINTEXT" for name in plain | via),
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        }
        relays = {name: Relay(outer[n], inner[n]) for n, name in enumerate(NAMES)}
        entrances = {name: f"127.0.0.1:{outer[n]}" for n, name in enumerate(NAMES)}
        return cls(KafkaCluster(port=direct, overrides=overrides), relays, entrances)

    def start(self) -> None:
        for relay in self.relays.values():
            relay.start()
        self.cluster.start()

    def stop(self) -> None:
        self.cluster.stop()
        for relay in self.relays.values():
            relay.stop()

    def entrance(self, worker: str) -> str:
        """The bootstrap servers of one worker."""
        return self.entrances.get(worker, self.cluster.bootstrap_servers)


def _listeners(ports: dict[str, int]) -> str:
    return ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())


class Scene:
    """Two workers that run, a third and a serve that wait, everything under `folder`."""

    def __init__(self, ground: Ground, seed: int, folder: Path, feed: Feed, planted: str = "") -> None:
        self.ground, self.seed, self.folder, self.rng = ground, seed, folder, random.Random(seed)
        self.bootstrap_servers = ground.cluster.bootstrap_servers
        self.names = TopicNames(f"c{seed}-{time.monotonic_ns() % 10**9}.")
        n_nodes = ground.cluster.nodes
        topics = Topics(prefix=self.names.prefix, platforms=PLATFORMS, partitions=PARTITIONS, replication=n_nodes)
        self._topics = declared_topics(topics)
        apply(admin_of(self.bootstrap_servers), self._topics)
        workers = {name: self._worker(name, planted) for name in NAMES}
        workers["c"].wanted = False
        self.orchestrator = Orchestrator(workers | {SERVE: self._serve()})
        self.feeder = Feeder(self.bootstrap_servers, self.names, feed)
        self.watcher = Watcher(self.bootstrap_servers, self.names, self.group("profile"), PARTITIONS)
        self._readers: dict[str, Consumer] = {}
        self.last_error = ""

    @property
    def workers(self) -> dict[str, ChaosWorker]:
        return self.orchestrator.workers

    def group(self, stage: str) -> str:
        """The consumer group of a stage."""
        # The catalogue begins anew, as another group, with another encoder.
        return self.names.group_of(stage, _SPACE if stage == "catalogue" else "")

    def begin(self) -> None:
        """Start the workers and return at once."""
        self.orchestrator.start()

    def start(self) -> None:
        """Watcher and load; returns once the workers that have begun are ready. Raises RuntimeError."""
        self.watcher.start()
        if not self.orchestrator.wait_ready():
            raise RuntimeError("workers did not become ready: " + self.workers["a"].words()[-1500:])
        self.feeder.start()

    def stop(self) -> None:
        """End the workers and close every client."""
        self.orchestrator.stop()
        self.feeder.abandon()
        self.watcher.stop()
        self._forget_readers()

    def _forget_readers(self) -> None:
        # After a change of leaders librdkafka may call the partitions of a topic nobody subscribed to unknown, for ever.
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()

    def lag(self, stage: str) -> int:
        """Records not yet done by a stage, by its group's offsets. Raises KafkaException when nobody answers."""
        reader = self._reader(stage)
        asked = [TopicPartition(topic, p) for topic in self._sources(stage) for p in range(PARTITIONS)]
        committed = reader.committed(asked, timeout=5)
        ends = [reader.get_watermark_offsets(tp, timeout=5)[1] for tp in asked]
        return sum(end - max(0, tp.offset) for tp, end in zip(committed, ends, strict=True))

    def n_behind(self) -> int:
        """Lag of all stages; what cannot be asked counts as behind."""
        try:
            return sum(self.lag(stage) for stage in LOADED)
        except KafkaException as error:
            self.last_error = str(error)
            self._forget_readers()
            return NOBODY_ANSWERS

    def ends(self, topic: str) -> dict[int, int]:
        """End offsets of a topic's partitions; nothing when nobody answers."""
        reader = self._reader("profile")
        try:
            return {p: reader.get_watermark_offsets(TopicPartition(topic, p), timeout=5)[1] for p in range(PARTITIONS)}
        except KafkaException:
            self._forget_readers()
            return {}

    def n_profiles_written(self) -> int:
        """End offsets of `profiles`, a measure of progress. 0 when nobody answers."""
        return sum(self.ends(self.names.profiles).values())

    def running(self) -> Sequence[ChaosWorker]:
        """Workers that are wanted, in a fixed order; without the serve."""
        return [worker for worker in self.workers.values() if worker.wanted and worker.command == "worker"]

    def forget(self) -> None:
        """Delete the folder and this run's topics, so that a hundred runs do not weigh on the last."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for done in admin_of(self.bootstrap_servers).delete_topics([spec.name for spec in self._topics]).values():
            with suppress(KafkaException, TimeoutError):  # a topic that stays costs memory, no truth
                done.result(2)

    def _sources(self, stage: str) -> list[str]:
        inner = {"profile": self.names.user_events, "catalogue": self.names.items}
        return [inner[stage]] if stage in inner else [self.names.events(name) for name in PLATFORMS]

    def _reader(self, stage: str) -> Consumer:
        if stage not in self._readers:
            kafka = Kafka(bootstrap_servers=self.bootstrap_servers)
            self._readers[stage] = Consumer(consumer_config(kafka, self.group(stage)))
        return self._readers[stage]

    def _worker(self, name: str, planted: str) -> ChaosWorker:
        extra = {"CHAOS_PLANTED": planted} if planted else {}
        environment = worker_environment(
            self.ground.entrance(name),
            self.names.prefix,
            BRAID_TOPICS__PLATFORMS='["shop","video","social","news","music","ads"]',
            **extra,
        )
        return ChaosWorker(name, self.folder / name, environment)

    def _serve(self) -> ChaosWorker:
        environment = worker_environment(
            self.bootstrap_servers, self.names.prefix, BRAID_INDEX__SNAPSHOT_INTERVAL_S="1"
        )
        return ChaosWorker(SERVE, self.folder / SERVE, environment, command="serve", wanted=False)
