"""Q6: profiles that nothing came for are let go, in the order of their own events."""

from __future__ import annotations

import msgspec
import pytest

from streams.domain.consents import Will
from streams.domain.events import Event
from streams.sweeps import Sweep, idle_users
from tests.support.whole import NAMES, Whole

pytestmark = pytest.mark.requirement("Q6")
IDLE_S = 1_000.0


class Sweeper:
    """The sweep over a whole Braid: what it asks for is written where the broker would have it."""

    def __init__(self, whole: Whole, now_s: float) -> None:
        self.whole = whole
        self.asked: list[str] = []
        tables = lambda: [table for (topic, _), table in whole.tables.items() if topic == NAMES.user_events]  # noqa: E731
        self.before_s = now_s - IDLE_S
        self.n_asked = Sweep("expiring", tables, lambda table: idle_users(table, self.before_s), self._expire).sweep()

    def _expire(self, users: list[str]) -> None:
        for number, user in enumerate(users):
            self.asked.append(user)
            event = Event(
                number.to_bytes(8, "big"), user, "braid", "braid.profile.expired", self.whole.now_s, self.whole.now_s,
                0.0, will=Will(expire_before_s=self.before_s),
            )  # fmt: skip
            self.whole.tell_user(user, msgspec.msgpack.encode(event))


def test_the_idle_go_and_the_others_stay() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.run()
    whole.now_s += 2 * IDLE_S
    whole.say("shop", "bob", at_s=whole.now_s)
    whole.run()
    sweeper = Sweeper(whole, whole.now_s)
    whole.run()
    assert sweeper.n_asked == 1
    assert whole.person("shop", "ann") is None
    assert whole.person("shop", "bob") is not None


def test_who_comes_back_before_the_sweep_is_done_stays() -> None:
    whole = Whole()
    whole.say("shop", "ann")
    whole.run()
    whole.now_s += 2 * IDLE_S
    sweep_at_s = whole.now_s
    whole.say("shop", "ann", at_s=whole.now_s)
    whole.step((NAMES.events("shop"), 0))  # her event is in user-events before the sweep speaks
    Sweeper(whole, sweep_at_s)
    whole.run()
    assert whole.person("shop", "ann").events_applied == 2


def test_who_expired_may_begin_anew_and_old_consents_hold() -> None:
    whole = Whole()
    whole.say("shop", "ann", "consent.changed", data={"consents": {"share": True}})
    whole.say("shop", "ann")
    whole.run()
    whole.now_s += 2 * IDLE_S
    Sweeper(whole, whole.now_s)
    whole.run()
    assert whole.published() == {}
    whole.say("shop", "ann", at_s=whole.now_s)
    whole.run()
    assert whole.person("shop", "ann").events_applied == 1
    assert whole.person("shop", "ann").consents["share"].status == "granted"


def test_a_state_that_cannot_be_read_is_left_to_the_fold() -> None:
    class Broken:
        def items(self) -> list[tuple[bytes, bytes]]:
            return [(b"ann", b"\xc1 not msgpack")]

    assert list(idle_users(Broken(), 1e12)) == []
