"""What a worker is made of: settings in, stages out, each part built on first use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Final

import structlog

from streams.adapters.clock import SystemClock
from streams.adapters.cloudevents import decode
from streams.adapters.embedding_cache import MemoryEmbeddingCache, RocksEmbeddingCache
from streams.adapters.encoded_anew import CatalogueEncoded
from streams.adapters.encoded_texts import EncodedTexts
from streams.adapters.folders import writable_folder
from streams.adapters.followed import Feeding
from streams.adapters.identities import FollowedIdentities
from streams.adapters.item_catalogue import FollowedItemCatalogue, VectorModel
from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.adapters.patient_encoder import PatientEncoder
from streams.adapters.salvage import salvage_for, salvage_identity
from streams.adapters.segment_files import load_segments
from streams.agents.catalogue import CatalogueStage
from streams.agents.dead_letters import Keep
from streams.agents.identity import IdentityStage
from streams.agents.letters import LettersStage
from streams.agents.normalise import NormaliseStage
from streams.agents.profiles import ProfileStage
from streams.brokers.connection import client_config, consumer_config, producer_config
from streams.brokers.faust_connection import faust_broker_options
from streams.brokers.source_topics import SourceTopics
from streams.brokers.topics import TOMBSTONE_RETENTION_DAYS, letters_kept_s
from streams.domain.audit_records import mark_of
from streams.domain.decay import DAY_S
from streams.domain.identity_records import IDENTITY_STATE_VERSION
from streams.domain.states import STATE_VERSION
from streams.domain.topic_names import APPLICATION, TopicNames
from streams.engine.effects import Stage
from streams.engine.fatal import die
from streams.engine.faults import parse_fault
from streams.engine.fetching import FetchLimits
from streams.engine.lanes import BatchLimits
from streams.engine.ownership import OwnerConfig
from streams.engine.recovery import ChangelogSource
from streams.engine.shell import ShellConfig, StageApp
from streams.engine.standby import Standby
from streams.engine.table import TableStorage
from streams.engine.writers import IdempotentWriter
from streams.errors import Unavailable
from streams.ports import EmbeddingCache, Encoder
from streams.service.describe_items import ItemDescriber
from streams.service.encode_texts import CachingEncoder
from streams.service.erase_letters import LETTER_STATE_VERSION, LetterEraser
from streams.service.hand_over import PersonRules
from streams.service.identify import Identified, IdentityLog
from streams.service.letter_owners import EventOwners, LinkOwners, user_event_owners
from streams.service.normalise import Normaliser
from streams.service.update_profiles import ProfileUpdater, Sources
from streams.settings import Settings, failpoint
from streams.telemetry import metrics
from streams.wiring import (
    actions_of,
    encoder_of,
    fold_rules_of,
    identity_gate_of,
    identity_rules_of,
    limits_of,
    model_of,
    originals_of,
    own_words_of,
    publish_rules_of,
    space_mark_of,
)

#: A catalogue batch waits for the encoder: smaller ones keep the first items from waiting for the last.
_CATALOGUE_RECORDS: Final = 256
#: Of one fetch as the lanes see it: small enough that a micro-batch ends near its limits.
_FETCH_RECORDS: Final = 1_000
_PREPARING_THREADS: Final = 16
#: One a lane at most; they are made when needed.
_COMMITTING_THREADS: Final = 512
_CATCH_UP_S: Final = 300.0
#: What was left longer than the topics remember deletions begins empty, or the erased would live on in it.
_AWAY_S: Final = TOMBSTONE_RETENTION_DAYS * DAY_S

_log = structlog.get_logger(__name__)


@dataclass
class WorkerParts:
    """What the stages share, built on first use: a normalise-only worker loads no encoder."""

    settings: Settings

    def __post_init__(self) -> None:
        """Encoders and checkpoints run apart: however many texts wait, a checkpoint that has begun ends soon."""
        self.names = TopicNames(self.settings.topics.prefix)
        self.committing = ThreadPoolExecutor(_COMMITTING_THREADS, thread_name_prefix="commit")
        self.fault = parse_fault(failpoint())
        self.mappings = load_mappings(self.settings.ingest.mappings_dir) if self.settings.ingest.mappings_dir else {}
        self.views: list[FollowedIdentities] = []
        self.keep = originals_of(self.settings)
        self.actions = actions_of(self.settings, self.mappings)

    @cached_property
    def sources(self) -> SourceTopics:
        """The topics as the broker has them, verified."""
        return SourceTopics.verified(self.settings, tuple(self.mappings))

    @cached_property
    def encoder(self) -> Encoder:
        """Loaded once for all stages."""
        encoder = encoder_of(self.settings)
        _log.info("encoder_loaded", name=encoder.name, version=encoder.version, dim=encoder.dim)
        return encoder

    @cached_property
    def cache(self) -> EmbeddingCache:
        """On disk unless turned off."""
        if self.settings.encoder.cache_bytes == 0:
            return MemoryEmbeddingCache(0)
        return RocksEmbeddingCache(self.settings.state_dir / "embeddings", self.settings.encoder.cache_bytes)

    def texts(self, stage: str) -> EncodedTexts:
        """Texts to vectors, counted for one stage."""
        return EncodedTexts(CachingEncoder(PatientEncoder(self.encoder, stage), self.cache), stage)

    def normalise(self) -> StageApp:
        """`events.<platform>` → `user-events`."""
        sources = tuple(self.names.events(platform) for platform in self.sources.platforms)
        limits, secrets = limits_of(self.settings), self.settings.pseudonym_secrets()
        resolve = self._identities().homes_of
        max_bytes = limits.max_event_bytes
        normaliser = Normaliser(secrets, decoder_for(self.mappings, max_bytes), self.actions, limits, resolve)
        owned = EventOwners(secrets, self.names.platform_of, salvage_for(self.mappings, max_bytes), resolve)
        return self._app(NormaliseStage(normaliser, self.names, self._kept(owned)), sources)

    def identity(self) -> StageApp:
        """`identity` → `identities` and the moves of accounts."""
        secrets, max_bytes = self.settings.pseudonym_secrets(), limits_of(self.settings).max_event_bytes
        log = IdentityLog(identity_gate_of(self.settings), identity_rules_of(self.settings))
        mark = partial(mark_of, self.settings.pseudonym_key())
        keep = self._kept(LinkOwners(secrets, partial(salvage_identity, max_bytes=max_bytes)))
        stage = IdentityStage(log, self.names, _count_identities, keep, mark)
        changelog = ChangelogSource(client_config(self.settings.kafka), self.names.identity_state)
        return self._app(stage, (self.names.identity,), self._owner(stage.name, changelog, IDENTITY_STATE_VERSION))

    def catalogue(self) -> StageApp:
        """`items` → `item-vectors`."""
        limits = limits_of(self.settings)
        describer = ItemDescriber(
            partial(decode, max_bytes=limits.max_event_bytes),
            limits,
            self.texts("catalogue"),
            model_of(self.encoder),
            degraded=self.encoder.degraded,
        )
        owner = self._owner("catalogue", None)
        batch = BatchLimits(_CATALOGUE_RECORDS, _CATALOGUE_RECORDS)
        # `items` is compacted: another encoder reads all of it again, and so encodes everything anew.
        generation = space_mark_of(self.encoder).hex()
        stage = CatalogueStage(describer, self.names, self.keep)
        return self._app(stage, (self.names.items,), owner, batch, generation)

    def profile(self) -> StageApp:
        """`user-events` → `profiles`."""
        items = self._items()
        apps: list[StageApp] = []

        def peek(partition: int, keys: list[bytes]) -> list[bytes | None]:
            return apps[0].peek(partition, keys)

        rules = PersonRules(
            fold_rules_of(self.settings, self.actions, model_of(self.encoder)),
            self.settings.consent.model_dump(),
            load_segments(self.settings.segments.file, self.settings.consent.recommend),
        )
        texts = self.texts("profile")
        updater = ProfileUpdater(
            rules,
            publish_rules_of(self.settings, self.encoder, self.actions),
            Sources(
                items,
                texts,
                own_words_of(self.settings, self.encoder.name, texts.vectors),
                peek,
                CatalogueEncoded(items.n_of_other_models).wait,
            ),
        )
        changelog = ChangelogSource(client_config(self.settings.kafka), self.names.profile_state)
        owner = self._owner("profile", changelog, STATE_VERSION)
        engine = self.settings.engine
        batch = BatchLimits(engine.max_batch_records, engine.max_batch_users)
        stage = ProfileStage(updater, self.names, SystemClock(), self._kept(user_event_owners))
        apps.append(self._app(stage, (self.names.user_events,), owner, batch))
        return apps[0]

    def letters(self) -> StageApp:
        """`dead-letters` → the end of letters whose person was erased."""
        stage = LettersStage(LetterEraser(letters_kept_s(self.settings.topics)), self.names)
        changelog = ChangelogSource(client_config(self.settings.kafka), self.names.letter_state)
        owner = self._owner(stage.name, changelog, LETTER_STATE_VERSION)
        return self._app(stage, (self.names.dead_letters,), owner)

    def _kept(self, owned: Keep) -> Keep:
        """Whose a letter is can be told as long as its bytes are as they came."""
        return lambda letter: self.keep(owned(letter))

    def _items(self) -> FollowedItemCatalogue:
        """The catalogue as published; events of items it lacks are encoded from what the events say."""
        model = VectorModel(model_of(self.encoder).label, self.encoder.dim)
        config = consumer_config(self.settings.kafka, f"{APPLICATION}-items")
        folder = self.settings.state_dir / "items"
        feeding = Feeding(SystemClock(), _item_view_died, _AWAY_S)
        items = FollowedItemCatalogue(folder, model, config, self.names.item_vectors, feeding)
        items.start()
        if not items.wait_until_caught_up(_CATCH_UP_S):
            raise Unavailable(f"topic {self.names.item_vectors}: not read to its end within {_CATCH_UP_S:.0f} s")
        return items

    def _identities(self) -> FollowedIdentities:
        """Who is who as the identity log last said; a moment's delay is made good by the profile stage."""
        config = consumer_config(self.settings.kafka, f"{APPLICATION}-identities")
        feeding = Feeding(SystemClock(), partial(die, "the local view of the identities ended"), _AWAY_S)
        identities = FollowedIdentities(
            self.settings.state_dir / "identities", config, self.names.identities, feeding
        )
        identities.start()
        if not identities.wait_until_caught_up(_CATCH_UP_S):
            raise Unavailable(f"topic {self.names.identities}: not read to its end within {_CATCH_UP_S:.0f} s")
        self.views.append(identities)
        return identities

    def _owner(self, stage: str, changelog: ChangelogSource | None, state_format: int = 1) -> OwnerConfig:
        return OwnerConfig(
            application=self.names.application,
            stage=stage,
            producer_client=producer_config(self.settings.kafka),
            timeout_s=self.settings.engine.transaction_timeout_s,
            storage=self._storage(stage) if changelog is not None else None,
            changelog=changelog,
            topic_ids=self.sources.topic_ids,
            fault=self.fault,
            progress=_show_restore if changelog is not None else None,
            state_format=state_format,
        )

    def _storage(self, stage: str) -> TableStorage:
        clock = SystemClock()
        return TableStorage.under(
            self.settings.state_dir / stage, forgotten_before_s=lambda: clock.now_s() - _AWAY_S
        )

    def _standby(self, owner: OwnerConfig | None) -> Standby | None:
        if not self.settings.engine.standby or owner is None or owner.changelog is None or owner.storage is None:
            return None
        return Standby(owner.changelog, owner.storage)

    def _app(
        self,
        stage: Stage,
        sources: tuple[str, ...],
        owner: OwnerConfig | None = None,
        batch: BatchLimits | None = None,
        generation: str = "",
    ) -> StageApp:
        engine, kafka = self.settings.engine, self.settings.kafka
        batch = batch or BatchLimits(engine.max_batch_records, engine.max_batch_records)
        shared = IdempotentWriter(producer_config(kafka), engine.transaction_timeout_s) if owner is None else None
        config = ShellConfig(
            group=self.names.group_of(stage.name, generation),
            bootstrap_servers=kafka.bootstrap_servers,
            data_dir=_folder(self.settings.state_dir / "faust"),
            session_timeout_s=kafka.session_timeout_s,
            fetch_max_bytes=engine.fetch_max_bytes,
            fetch=FetchLimits(min(_FETCH_RECORDS, batch.max_records), engine.fetch_min_bytes, engine.linger_s),
            batch=batch,
            # A pool a stage: calls of an encoder that hangs must not take the threads of a stage that needs none.
            preparing=ThreadPoolExecutor(_PREPARING_THREADS, thread_name_prefix=f"prepare-{stage.name}"),
            committing=self.committing,
            owner=owner,
            shared_writer=shared,
            standby=self._standby(owner),
            fault=self.fault,
            faust_options=faust_broker_options(kafka, is_embedded=self.sources.is_embedded),
        )
        return StageApp(stage, sources, config)


def _count_identities(identified: Identified) -> None:
    for outcome, number in identified.outcomes.items():
        metrics.IDENTITY_COMMANDS.labels(outcome).inc(number)
    for kind, number in identified.n_moves.items():
        metrics.ACCOUNT_MOVES.labels(kind).inc(number)


def _item_view_died(error: BaseException) -> None:
    """A frozen catalogue would give events of newer items other vectors for ever."""
    die("the local view of the items ended", error)


def _folder(path: Path) -> Path:
    return writable_folder(path, "BRAID_STATE_DIR")


def _show_restore(partition: int, n_records: int, left: int) -> None:
    metrics.RESTORED_RECORDS.labels(str(partition)).inc(n_records)
    metrics.RESTORE_LEFT.labels(str(partition)).set(left)
    _log.info("restoring", partition=partition, n_records=n_records, offsets_left=left)
