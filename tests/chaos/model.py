"""The checkpoint protocol as a state machine: the engine's own acquire, restore, transaction and checkpoint over a log in
memory. Workers come, stop at any arrow while others go on, die, lose their disks; commits tear; the log is compacted.

Nothing says who owns the partition: any worker may believe so at any time, which is more than a group allows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from streams.engine import ownership
from streams.engine.checkpoint import Batch, Checkpoint
from streams.engine.effects import Effects, Outgoing, StateReader
from streams.engine.ownership import acquire as sound_acquire
from streams.engine.recovery import ChangelogSource
from streams.engine.table import CHANGELOG_KEY, MARKER_KEY, Marker, _unpack_marker
from tests.chaos.fake_log import FakeBroker, FakeConsumer, FakeProducer

SOURCE, CHANGELOG, PROFILES = "events", "state", "profiles"
N_WORKERS = 3
USERS = ("u", "v")
ACQUIRE_POINTS = ("assigned", "initialised", "restored")
BATCH_POINTS = (
    "folded", "begun", "produced-some", "produced-all", "marker-sent", "flushed", "committed", "stored",
)  # fmt: skip


class Crash(BaseException):
    """The process is gone: nothing below it runs any further."""


class Count(msgspec.Struct, array_like=True):
    """The state of a user in the model: how many events were applied, and up to where."""

    fence: int = -1
    n_events: int = 0


class CountingStage:
    """Counts events by user, behind a fence as the fold has one. Prepared: (offset, user) in order."""

    name = "model"
    has_fence = True

    def prepare(self, records: Any) -> Any:
        return records

    def fold(self, prepared: list[tuple[int, str]], state: StateReader) -> Effects:
        users = list(dict.fromkeys(user for _, user in prepared))
        raws = state.get_many([user.encode() for user in users])
        counts = {u: msgspec.msgpack.decode(raw, type=Count) if raw else Count() for u, raw in zip(users, raws, strict=True)}
        changed = set()
        for offset, user in prepared:
            if offset > counts[user].fence or not self.has_fence:
                counts[user] = Count(max(offset, counts[user].fence), counts[user].n_events + 1)
                changed.add(user)
        states = [(user.encode(), msgspec.msgpack.encode(counts[user])) for user in users if user in changed]
        return Effects([Outgoing(PROFILES, [(key, value) for key, value in states])] if states else [], list(states))

    def committed(self, prepared: Any) -> None: ...


class Disk:
    """A worker's folder: every version a crash may come back to, the newest last."""

    def __init__(self) -> None:
        self.versions: list[dict[bytes, bytes]] = [{}]

    def open(self, _partition: int) -> Disk:
        return self

    path = Path("disk")

    def get_many(self, keys: list[bytes]) -> list[bytes | None]:
        return [self.versions[-1].get(key) for key in keys]

    def write(self, entries: Any, changelog_next: int) -> None:
        new = dict(self.versions[-1])
        for key, value in entries:
            if value is None:
                new.pop(key, None)
            else:
                new[key] = value
        new[CHANGELOG_KEY] = changelog_next.to_bytes(8, "big")
        self.versions.append(new)

    @property
    def changelog_next(self) -> int:
        return int.from_bytes(self.versions[-1].get(CHANGELOG_KEY, b""), "big")

    def marker(self) -> Marker | None:
        raw = self.versions[-1].get(MARKER_KEY)
        return _unpack_marker(raw) if raw else None

    def close(self) -> None: ...


class ModelWorker:
    """One process. position: what it reads next, None = it owns nothing. acked: what its group may commit."""

    def __init__(self, broker: FakeBroker, acquire: Callable[..., Any]) -> None:
        self.disk = Disk()
        self.position: int | None = None
        self.acked = 0
        self.hook: Callable[[str], None] = lambda _point: None
        self._owned: Any = None
        self._broker, self._acquire = broker, acquire
        self._config = ownership.OwnerConfig(
            application="app",
            stage="model",
            producer_client={},
            timeout_s=5.0,
            storage=self.disk,
            changelog=ChangelogSource({}, CHANGELOG, 60.0, partial(FakeConsumer, broker)),
            topic_ids={SOURCE: "id"},
            fault=self._pass,
            new_producer=partial(FakeProducer, broker),
        )
        self._checkpoint = Checkpoint(CountingStage(), self._pass)

    def take_over(self) -> None:
        """Acquire; whatever goes wrong ends the process, as `die` does."""
        self.position = None
        self._alive(lambda: self._owns(self._acquire(self._config, SOURCE, 0)))

    def work(self, n_records: int) -> None:
        """One micro-batch of at most so many records."""
        assert self.position is not None
        entries = self._broker.partition(SOURCE, 0).entries[self.position : self.position + n_records]
        if not entries:
            return
        batch = Batch([(entry.offset, entry.key.decode()) for entry in entries], entries[-1].offset + 1, len(entries))
        self._alive(lambda: self._checkpoint.run(self._owned, batch))
        if self.position is not None:
            self.position = self.acked = batch.next_offset

    def die(self) -> None:
        self.position = self._owned = None

    def _pass(self, point: str) -> None:
        self.hook(point)

    def _owns(self, owned: Any) -> None:
        self._owned, self.position = owned, owned.next_offset or 0

    def _alive(self, act: Callable[[], None]) -> None:
        try:
            act()
        except AssertionError:
            raise
        except (Crash, Exception):  # noqa: BLE001 - whatever it was, the process ends
            self.die()


#: (point, action, steps of others while stopped: (what, which other, how many records))
Plan = tuple[str, str, list[tuple[str, int, int]]]


def plans(points: tuple[str, ...]) -> st.SearchStrategy[Plan | None]:
    """Nothing, or at one point: crash, tear the commit, or stop while others take over and work (then wake)."""
    step = st.tuples(st.sampled_from(["work", "work", "take_over"]), st.integers(1, N_WORKERS - 1), st.integers(1, 4))
    stops = st.tuples(st.sampled_from(points), st.just("stop"), st.lists(step, min_size=1, max_size=4))
    crashes = st.tuples(st.sampled_from(points), st.just("crash"), st.just([]))
    tears = st.tuples(st.just("flushed"), st.just("tear"), st.lists(st.just(("tear", 0, 0)), max_size=4))
    return st.one_of(st.none(), stops, crashes, *([tears] if "flushed" in points else []))


class CheckpointMachine(RuleBasedStateMachine):
    """Any interleaving keeps the committed changelog one sequential writer's log."""

    acquire: ClassVar[Callable[..., Any]] = staticmethod(sound_acquire)
    tears: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.broker = FakeBroker()
        self.workers = [ModelWorker(self.broker, type(self).acquire) for _ in range(N_WORKERS)]
        self.busy: set[int] = set()
        self.was_torn = False
        self.publish(list(USERS) * 2)

    def publish(self, users: list[str]) -> None:
        for user in users:
            self.broker.partition(SOURCE, 0).append(user.encode(), b"", "committed")

    @rule(users=st.lists(st.sampled_from(USERS), min_size=1, max_size=4))
    def more_events(self, users: list[str]) -> None:
        self.publish(users)

    @rule(who=st.integers(0, N_WORKERS - 1), plan=plans(ACQUIRE_POINTS), is_eager=st.booleans())
    def take_over(self, who: int, plan: Plan | None, is_eager: bool) -> None:
        self._act(who, plan, is_eager, lambda worker: worker.take_over())

    @precondition(lambda self: any(worker.position is not None for worker in self.workers))
    @rule(who=st.integers(0, N_WORKERS - 1), n=st.integers(1, 4), plan=plans(BATCH_POINTS), is_eager=st.booleans())
    def work(self, who: int, n: int, plan: Plan | None, is_eager: bool) -> None:
        owners = [number for number, worker in enumerate(self.workers) if worker.position is not None]
        self._act(owners[who % len(owners)], plan, is_eager, lambda worker: worker.work(n))

    @rule(who=st.integers(0, N_WORKERS - 1), back=st.integers(1, 5))
    def lose_the_latest_writes(self, who: int, back: int) -> None:
        """A machine that lost power: the disk is as it was some write batches ago."""
        worker = self.workers[who]
        worker.die()
        del worker.disk.versions[max(1, len(worker.disk.versions) - back) :]

    @rule(who=st.integers(0, N_WORKERS - 1))
    def lose_the_disk(self, who: int) -> None:
        self.workers[who].die()
        self.workers[who].disk.versions = [{}]

    @rule()
    def compact(self) -> None:
        self.broker.partition(CHANGELOG, 0).compact()

    @invariant()
    def every_committed_state_is_a_fold_of_the_log_up_to_its_fence(self) -> None:
        source = [entry.key.decode() for entry in self.broker.partition(SOURCE, 0).entries]
        fences: dict[str, int] = {}
        marker = 0
        for entry in self.broker.partition(CHANGELOG, 0).committed():
            if entry.key == MARKER_KEY:
                at = _unpack_marker(entry.value).next_offset
                assert at >= marker, f"the marker went back from {marker} to {at}"
                marker = at
                continue
            user, count = entry.key.decode(), msgspec.msgpack.decode(entry.value, type=Count)
            assert count.fence >= fences.get(user, -1), f"the fence of {user} went back"
            assert count.n_events == source[: count.fence + 1].count(user), f"lost or doubled events of {user}"
            fences[user] = count.fence
        assert max(worker.acked for worker in self.workers) <= marker, "acked past the marker"
        for user in USERS:
            last = max((n for n, name in enumerate(source[:marker]) if name == user), default=-1)
            assert fences.get(user, -1) >= last, f"the marker {marker} passes events of {user} that no state holds"

    def teardown(self) -> None:
        """Heal: one sound worker goes to the end, and everything is there."""
        self.broker.torn_after = None
        survivor = ModelWorker(self.broker, sound_acquire)
        survivor.take_over()
        end = self.broker.partition(SOURCE, 0).end
        while survivor.position is not None and survivor.position < end:
            survivor.work(3)
        assert survivor.position is not None, "a sound worker cannot go on"
        self.every_committed_state_is_a_fold_of_the_log_up_to_its_fence()
        source = [entry.key.decode() for entry in self.broker.partition(SOURCE, 0).entries]
        due = {user: source.count(user) for user in source}
        for topic in (CHANGELOG, *(() if self.was_torn else (PROFILES,))):
            last = {entry.key: entry.value for entry in self.broker.partition(topic, 0).committed()}
            last.pop(MARKER_KEY, None)
            got = {key.decode(): msgspec.msgpack.decode(value, type=Count).n_events for key, value in last.items()}
            assert got == due, f"{topic}: {got}, due {due}"

    def _act(self, who: int, plan: Plan | None, is_eager: bool, act: Callable[[ModelWorker], None]) -> None:
        worker, self.broker.is_eager = self.workers[who], is_eager
        worker.hook = self._hook(who, plan)
        self.busy.add(who)
        try:
            act(worker)
        finally:
            self.busy.discard(who)
            worker.hook = lambda _point: None
            self.broker.torn_after = None

    def _hook(self, who: int, plan: Plan | None) -> Callable[[str], None]:
        if plan is None:
            return lambda _point: None
        at, action, steps = plan
        left = [1]

        def hook(point: str) -> None:
            if point != at or not left:
                return
            left.clear()
            if action == "crash":
                raise Crash
            if action == "tear":
                if self.tears and point == "flushed":
                    self.broker.torn_after, self.was_torn = len(steps), True
                return
            for step, distance, n in steps:
                self._step_of_another((who + distance) % N_WORKERS, step, n)

        return hook

    def _step_of_another(self, who: int, step: str, n: int) -> None:
        other = self.workers[who]
        if who in self.busy:
            return
        if step == "take_over":
            other.take_over()
        elif other.position is not None:
            other.work(n)
