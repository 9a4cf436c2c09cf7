"""Bugs to plant in a worker: the harness is worth what it catches.

Each is a mistake that a checkpoint has been seen to make elsewhere. `plant` patches the engine inside the worker's own
process; nothing of this can be reached from production code.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable

from streams.domain.seen_ids import SeenIds, Sight
from streams.engine import checkpoint, lanes, ownership, shell, writers
from streams.engine.effects import Outgoing
from streams.engine.table import MARKER_KEY, pack_marker
from streams.errors import UsageError
from streams.service import describe_items, update_profiles


def plant(name: str) -> None:
    """Plant one bug; the empty name plants none."""
    if not name:
        return
    if name not in BUGS:
        raise UsageError(f"CHAOS_PLANTED={name!r}: use {', '.join(BUGS)}")
    BUGS[name]()


def ack_early() -> None:
    """The batch counts as done before it is durable."""

    async def apply(self, owned, batch, group):
        for message in group:
            self._book().ack(message)
        await real(self, owned, batch, group)

    real = lanes.Lanes._apply
    lanes.Lanes._apply = apply


def ack_on_error() -> None:
    """A batch that fails is logged away."""
    real = checkpoint.Checkpoint.run

    def run(self, owned, batch):
        try:
            real(self, owned, batch)
        except Exception:  # noqa: BLE001 - that is the bug
            return

    checkpoint.Checkpoint.run = run


def marker_first() -> None:
    """The position goes out before the states it stands for."""

    def transact(self, owned, batch, effects):
        marker = (MARKER_KEY, pack_marker(owned.marker_after(batch.next_offset)))
        outputs = effects.outputs
        if owned.changelog_topic is not None:
            topic = owned.changelog_topic
            first = Outgoing(topic, [marker], owned.partition)
            outputs = [first, *outputs, Outgoing(topic, effects.states or [marker], owned.partition)]
        last_offset = owned.writer.transact(outputs, self._fault)
        self._fault("committed")
        if owned.table is not None:
            owned.table.write([*effects.states, marker], last_offset + 1)
            self._fault("stored")

    checkpoint.Checkpoint._transact = transact


def restore_before_init() -> None:
    """State first, fence second: what an earlier owner commits in between is never read."""

    def acquire(config, topic, partition):
        config.fault("assigned")
        writer = ownership.writer_of(config, topic, partition)
        owned = ownership.OwnedPartition(
            topic, config.topic_ids.get(topic, ""), partition, writer, None, None, None, 0, state_format=config.state_format
        )
        if config.storage is not None and config.changelog is not None:
            owned.table = config.storage.open(partition)
            owned.changelog_topic = config.changelog.topic
            owned.n_restored = ownership.restore(config.changelog, partition, owned.table, config.progress)
            owned.expected_changelog = owned.table.changelog_next
            owned.next_offset = ownership._resume_at(config, owned)
        config.fault("initialised")
        writer.initialise()
        config.fault("restored")
        return owned

    ownership.acquire = shell.acquire = acquire


def no_delivery_wait() -> None:
    """What the client has queued counts as what the broker took."""

    def publish(self, outputs):
        deliveries = writers._Deliveries(0)
        for outgoing in outputs:
            writers._produce(self._producer, outgoing, deliveries)

    writers.IdempotentWriter._publish = publish


def no_fencing() -> None:
    """Every owner writes under a transactional id of its own."""
    real = writers.TransactionalWriter.__init__

    def init(self, client, transactional_id, *rest):
        real(self, client, f"{transactional_id}-{uuid.uuid4().hex}", *rest)

    writers.TransactionalWriter.__init__ = init


def no_user_fence() -> None:
    """States forget up to where they were applied."""
    real = update_profiles.fold

    def fold(rules, states, observations, vectors):
        for state in states.values():
            state.fence = -1
        return real(rules, states, observations, vectors)

    update_profiles.fold = fold


def no_dedup() -> None:
    """Every event is new, and no fence of the user holds a replay back."""
    no_user_fence()
    SeenIds.look = lambda *_: Sight.NEW


def no_tombstones() -> None:
    """An item that is gone stays where it was."""
    real = describe_items.ItemDescriber.describe

    def describe(self, records):
        described = real(self, records)
        described.items = [(key, record) for key, record in described.items if record is not None]
        return described

    describe_items.ItemDescriber.describe = describe


BUGS: dict[str, Callable[[], None]] = {
    "ack-early": ack_early,
    "ack-on-error": ack_on_error,
    "marker-first": marker_first,
    "restore-before-init": restore_before_init,
    "no-delivery-wait": no_delivery_wait,
    "no-fencing": no_fencing,
    "no-user-fence": no_user_fence,
    "no-dedup": no_dedup,
    "no-tombstones": no_tombstones,
}
