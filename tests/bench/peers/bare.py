"""Braid's own checkpoint loop on bare confluent-kafka, without Faust: `python -m tests.bench.peers.bare SPEC`.

The same stages, ownership, transactions and RocksDB tables as in the worker; what differs is who feeds them: a thread
and a consumer a partition instead of Faust's transport, streams and lanes. What the worker costs more is its shell.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from streams.adapters.clock import SystemClock
from streams.adapters.embedding_cache import RocksEmbeddingCache
from streams.adapters.encoded_texts import EncodedTexts
from streams.adapters.followed import Feeding
from streams.adapters.item_catalogue import FollowedItemCatalogue, VectorModel
from streams.adapters.mapping_files import decoder_for
from streams.agents.normalise import NormaliseStage
from streams.agents.profiles import ProfileStage
from streams.brokers.connection import client_config, consumer_config, producer_config
from streams.domain.actions import ActionTable
from streams.domain.platforms import Platform
from streams.domain.topic_names import TopicNames
from streams.engine.checkpoint import Batch, Checkpoint
from streams.engine.effects import Stage
from streams.engine.faults import no_fault
from streams.engine.ownership import OwnedPartition, OwnerConfig, acquire
from streams.engine.recovery import ChangelogSource
from streams.engine.table import TableStorage
from streams.engine.writers import IdempotentWriter
from streams.service.encode_texts import CachingEncoder
from streams.service.hand_over import PersonRules
from streams.service.normalise import Normaliser
from streams.service.update_profiles import ProfileUpdater, Sources
from streams.wiring import encoder_of, fold_rules_of, limits_of, model_of, publish_rules_of
from tests.bench.peers.job import JobSpec, as_record
from tests.bench.peers.meter import Meter, calm_garbage_collector
from tests.bench.scene import PARTITIONS

CATCH_UP_S = 120.0


@dataclass(frozen=True)
class OwnOutputs(TopicNames):
    """Reads the topics that all engines read, writes its own."""

    shared: TopicNames = field(default_factory=TopicNames)

    def platform_of(self, topic: str) -> Platform:
        """Of an input topic."""
        return self.shared.platform_of(topic)


class Job:
    """One stage, a thread a partition."""

    def __init__(self, spec: JobSpec) -> None:
        self._spec = spec
        self._settings = spec.settings
        self._topics = OwnOutputs(spec.own.prefix, spec.shared)
        self._meter = Meter()
        self._n_left = spec.n_events
        self._lock = Lock()

    def run(self) -> None:
        if self._spec.stage == "normalise":
            shared = IdempotentWriter(producer_config(self._settings.kafka), 30.0)
            stage: Stage = self._normalise()
            checkpoint, topic = Checkpoint(stage, no_fault, shared), self._spec.shared.events("shop")
            owned: list[OwnedPartition | None] = [None] * PARTITIONS
        else:
            stage, topic = self._profile(), self._spec.shared.user_events
            checkpoint, owner = Checkpoint(stage, no_fault), self._owner()
            with ThreadPoolExecutor(PARTITIONS) as pool:
                owned = list(pool.map(lambda partition: acquire(owner, topic, partition), range(PARTITIONS)))
        calm_garbage_collector()
        with ThreadPoolExecutor(PARTITIONS) as pool:
            for done in [
                pool.submit(self._serve, stage, checkpoint.run, topic, partition, owned[partition])
                for partition in range(PARTITIONS)
            ]:
                done.result()
        self._meter.stop()
        self._meter.report(self._spec.n_events)

    def _serve(
        self,
        stage: Stage,
        commit: Callable[[OwnedPartition | None, Batch], None],
        topic: str,
        partition: int,
        owned: OwnedPartition | None,
    ) -> None:
        engine = self._settings.engine
        fetch = {"fetch.min.bytes": engine.fetch_min_bytes, "fetch.wait.max.ms": round(1000 * engine.linger_s),
                 "max.partition.fetch.bytes": engine.fetch_max_bytes}  # fmt: skip
        consumer = Consumer(consumer_config(self._settings.kafka, f"{self._spec.prefix}raw", **fetch))
        consumer.assign([TopicPartition(topic, partition, 0)])
        while self._n_left > 0:
            messages = consumer.consume(engine.max_batch_records, engine.linger_s)
            if not messages:
                continue
            self._meter.start()
            prepared: Any = stage.prepare([as_record(message) for message in messages])
            commit(owned, Batch(prepared, messages[-1].offset() + 1, len(messages)))
            stage.committed(prepared)
            with self._lock:
                self._n_left -= len(messages)
        consumer.close()

    def _normalise(self) -> NormaliseStage:
        limits = limits_of(self._settings)
        decoder = decoder_for({}, limits.max_event_bytes)
        return NormaliseStage(Normaliser(self._spec.secret.encode(), decoder, ActionTable(), limits), self._topics)

    def _profile(self) -> ProfileStage:
        encoder, folder = encoder_of(self._settings), Path(self._spec.state_dir)
        folder.mkdir(parents=True, exist_ok=True)
        items = FollowedItemCatalogue(
            folder / "items",
            VectorModel(model_of(encoder).label, encoder.dim),
            consumer_config(self._settings.kafka, f"{self._spec.prefix}raw-items"),
            self._spec.shared.item_vectors,
            Feeding(SystemClock()),
        )
        items.start()
        assert items.wait_until_caught_up(CATCH_UP_S)
        cache = RocksEmbeddingCache(folder / "embeddings", self._settings.encoder.cache_bytes)
        updater = ProfileUpdater(
            PersonRules(fold_rules_of(self._settings, ActionTable(), model_of(encoder)), {}),
            publish_rules_of(self._settings, encoder, ActionTable()),
            Sources(items, EncodedTexts(CachingEncoder(encoder, cache), "profile")),
        )
        return ProfileStage(updater, self._spec.own, SystemClock())

    def _owner(self) -> OwnerConfig:
        kafka = self._settings.kafka
        return OwnerConfig(
            application=f"{self._spec.prefix}raw",
            stage="profile",
            producer_client=producer_config(kafka),
            timeout_s=30.0,
            storage=TableStorage.under(Path(self._spec.state_dir) / "profile"),
            changelog=ChangelogSource(client_config(kafka), self._spec.own.profile_state),
            topic_ids={},
            fault=no_fault,
        )


def main() -> None:
    Job(JobSpec.from_command_line()).run()


if __name__ == "__main__":
    main()
