"""The composition root of `braid worker`: settings in, running stages out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn

import structlog

from streams import garbage
from streams.adapters.clock import SystemClock
from streams.adapters.folders import writable_folder
from streams.adapters.user_commands import UserCommands
from streams.brokers.connection import producer_config
from streams.brokers.contact import check_contact, check_rights
from streams.brokers.rights import rights_of
from streams.domain.decay import DAY_S
from streams.engine.group import run_stages
from streams.engine.shell import StageApp
from streams.settings import Settings
from streams.shredding import Shreddable, shredding
from streams.sweeps import Scannable, Sweep, foreign_users, idle_users
from streams.telemetry import metrics
from streams.telemetry.disk_metrics import watch_disk
from streams.telemetry.operator_port import OperatorPort
from streams.wiring import space_mark_of
from streams.worker_parts import WorkerParts

#: Between looks for vectors of an encoder that was exchanged; nearly always there are none.
REENCODING_S: Final = 600.0
STAGES: Final = ("normalise", "identity", "catalogue", "profile", "letters")

_log = structlog.get_logger(__name__)


def run_worker(settings: Settings, stages: tuple[str, ...]) -> NoReturn:
    """Run stages until a signal. Raises UsageError and Unavailable before anything is consumed."""
    writable_folder(settings.state_dir, "BRAID_STATE_DIR")
    parts = WorkerParts(settings)
    check_contact(settings.kafka)
    platforms = [*settings.topics.platforms, *parts.mappings]
    check_rights(settings.kafka, "worker", rights_of("worker", parts.names, platforms))
    metrics.start_process_metrics()
    watch_disk(settings.state_dir)
    build: dict[str, Callable[[], StageApp]] = {
        "normalise": parts.normalise,
        "identity": parts.identity,
        "catalogue": parts.catalogue,
        "profile": parts.profile,
        "letters": parts.letters,
    }
    apps: list[StageApp] = []
    port = OperatorPort(
        settings.metrics.host,
        settings.metrics.port,
        lambda: [stage for stage in stages if not any(app.stage.name == stage and app.is_ready for app in apps)],
    )
    _log.info("worker_starts", stages=stages, metrics_port=port.port, broker=settings.kafka.bootstrap_servers)
    apps.extend(build[stage]() for stage in stages)
    _keep_disks_clean(parts, apps)
    _look_through_profiles(settings, parts, apps)
    garbage.calm()
    run_stages(apps, SystemClock(), settings.log_level)


def _keep_disks_clean(parts: WorkerParts, apps: list[StageApp]) -> None:
    """Whoever is erased goes from the disk as well."""

    def stores() -> list[Shreddable]:
        return [*(table for app in apps for table in app.owned_tables()), *parts.views]

    shredding(stores).start()


def _look_through_profiles(settings: Settings, parts: WorkerParts, apps: list[StageApp]) -> None:
    """Whoever did nothing for long is let go; whose vectors are of an encoder that is no more is published anew."""
    profiles = [app for app in apps if app.stage.name == "profile"]
    if not profiles:
        return
    clock, space = SystemClock(), space_mark_of(parts.encoder)
    commands = UserCommands(producer_config(settings.kafka), parts.names.user_events, clock)

    def tables() -> list[Scannable]:
        return [table for app in profiles for table in app.owned_tables()]

    Sweep(
        "reencoding", tables, lambda table: foreign_users(table, space), lambda users: commands.reencode(users, space)
    ).start(REENCODING_S)
    if settings.profile.idle_days:
        idle_s = settings.profile.idle_days * DAY_S
        Sweep(
            "expiring",
            tables,
            lambda table: idle_users(table, clock.now_s() - idle_s),
            lambda users: commands.expire(users, clock.now_s() - idle_s),
        ).start()
