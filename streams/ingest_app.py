"""The composition root of `braid ingest`: settings in, a server for events out. Everything is built here."""

from __future__ import annotations

import secrets
import threading
from typing import Final

import structlog

from streams.adapters.clock import SystemClock
from streams.adapters.event_publisher import KafkaPublisher
from streams.adapters.event_reading import types_for
from streams.adapters.mapping_files import decoder_for, load_mappings
from streams.brokers.connection import producer_config
from streams.brokers.contact import check_rights, refusal_of
from streams.brokers.rights import rights_of
from streams.domain.platforms import Platform
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable, UsageError
from streams.ingest.api import IngestParts, create_api
from streams.ingest.heads import heads_for
from streams.ingest.intake import Intake
from streams.ingest.publishing import Publisher
from streams.ingest.write_keys import SETTING, WriteGrant, WriteKeys, check_exposure
from streams.ports import Clock
from streams.serve.http_server import GRACE_S, HttpServer
from streams.serve.listening import listen, url_of
from streams.serve.rate_limits import RateLimits
from streams.service.judge_records import Judge
from streams.service.normalise import Normaliser
from streams.settings import IngestApi, Settings
from streams.telemetry.metrics import INGEST_WAITING
from streams.telemetry.operator_port import OperatorPort
from streams.wiring import actions_of, limits_of, read_platforms

#: Of the grace: what is left then is answered as unconfirmed.
LAST_ANSWERS_S: Final = 1.0
SECRET_BYTES: Final = 32

_log = structlog.get_logger(__name__)


def write_keys_of(api: IngestApi) -> WriteKeys:
    """The configured keys. Raises UsageError for keys that are not sound."""
    grants: dict[str, WriteGrant] = {}
    for key, said in api.keys.items():
        if isinstance(said, str):
            grants[key] = WriteGrant(Platform(said))
            continue
        expires_at_s = None if said.expires is None else said.expires.timestamp()
        grants[key] = WriteGrant(Platform(said.platform), said.name, expires_at_s, said.rate_per_s)
    return WriteKeys(grants)


def parts_of(settings: Settings, publisher: Publisher, clock: Clock) -> IngestParts:
    """What the application answers from. Raises UsageError for keys and mapping files that are not sound."""
    api, platforms = settings.ingest_api, frozenset(read_platforms(settings))
    keys = write_keys_of(api)
    unread = sorted(keys.platforms - platforms)
    if unread:
        raise UsageError(
            f"{SETTING}: no worker reads the platform {unread[0]}; name it in BRAID_TOPICS__PLATFORMS, or describe it "
            "in BRAID_INGEST__MAPPINGS_DIR"
        )
    mappings = load_mappings(settings.ingest.mappings_dir)
    max_bytes = min(api.max_event_bytes, settings.ingest.max_event_bytes)
    decoders = decoder_for(mappings, max_bytes)
    # Nothing that is hashed here leaves the process, so it needs no secret of anybody.
    gate = Normaliser(secrets.token_bytes(SECRET_BYTES), decoders, actions_of(settings, mappings), limits_of(settings))
    intake = Intake(
        judge=Judge(gate, decoders, types_for(mappings, max_bytes)),
        heads_for=heads_for(mappings, max_bytes),
        type_of=types_for({}, max_bytes)(Platform("")),
        names=TopicNames(settings.topics.prefix),
        publisher=publisher,
        clock=clock,
    )
    return IngestParts(
        intake=intake,
        keys=keys,
        limits=RateLimits(keys.rates(api.rate_per_s, api.anonymous_rate_per_s)),
        platforms=platforms,
        mapped=frozenset(mappings),
        max_body_bytes=api.max_body_bytes,
        max_batch_events=api.max_batch_events,
    )


def check_cluster(settings: Settings) -> None:
    """Raises Unavailable when the cluster turns ingest away or denies it a right; one that is absent is waited for."""
    refusal = refusal_of(settings.kafka)
    if refusal is not None and refusal.kind == "security":
        raise Unavailable(refusal.text)
    if refusal is None:
        names = TopicNames(settings.topics.prefix)
        check_rights(settings.kafka, "ingest", rights_of("ingest", names, published_platforms(settings)))


def published_platforms(settings: Settings) -> tuple[str, ...]:
    """Those that a key may publish; without keys all that are read."""
    return tuple(sorted(write_keys_of(settings.ingest_api).platforms)) or read_platforms(settings)


class Ingest:
    """`braid ingest` as an object: `start` returns when requests are answered, `stop` when all are.

    Raises UsageError when the address may not or cannot be used, Unavailable when the cluster turns it away.
    """

    def __init__(self, settings: Settings) -> None:
        api = settings.ingest_api
        check_exposure(api.host, write_keys_of(api))
        check_cluster(settings)
        self._listener = listen(api.host, api.port, "BRAID_INGEST_API__PORT")
        self.url = url_of(self._listener)
        names = TopicNames(settings.topics.prefix)
        self._publisher = KafkaPublisher(
            producer_config(settings.kafka),
            [names.events(platform) for platform in published_platforms(settings)],
            max_waiting=api.max_waiting,
            confirm_s=api.confirm_s,
        )
        INGEST_WAITING.set_function(lambda: self._publisher.n_waiting)
        application = create_api(parts_of(settings, self._publisher, SystemClock()))
        self._server = HttpServer(application, self._listener)
        self._operator = OperatorPort(
            settings.metrics.host, api.operator_port, self._publisher.missing, "BRAID_INGEST_API__OPERATOR_PORT"
        )
        self.operator_url = f"http://{settings.metrics.host}:{self._operator.port}"

    def start(self) -> None:
        """Answer."""
        self._server.start()
        _log.info("ingesting", url=self.url)

    @property
    def n_waiting(self) -> int:
        """Records that the brokers have not confirmed yet."""
        return self._publisher.n_waiting

    def missing(self) -> list[str]:
        """What stands in the way of publishing; empty when ready."""
        return self._publisher.missing()

    def wait(self, stopping: threading.Event) -> bool:
        """Block until asked to stop (true) or until nothing can be published any more (false)."""
        return self._server.wait(stopping, lambda: self._publisher.has_died)

    def stop(self) -> None:
        """Answer what was asked, once it is confirmed; what the brokers do not confirm in time is answered as such."""
        self._server.ask_to_end()
        self._server.join(GRACE_S - LAST_ANSWERS_S)
        self._publisher.give_up()
        self._server.join(LAST_ANSWERS_S + 1)
        self._listener.close()
        self._publisher.close()
        self._operator.close()
