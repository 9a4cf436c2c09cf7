"""Every kind of fault by its name, in the order in which consecutive seeds begin with them."""

from __future__ import annotations

from tests.chaos import corruption, deaths, surroundings, traffic, zombies
from tests.chaos.shots import Fault

KINDS: dict[str, Fault] = {
    "zombie-at-point": zombies.zombie_at_point,
    "kill-at-point": deaths.kill_at_point,
    "cut-connections": traffic.cut_connections,
    "corrupt-state": corruption.corrupt_state,
    "zombie-at-random": zombies.zombie_at_random,
    "error-at-point": deaths.error_at_point,
    "corrupt-cache": corruption.corrupt_cache,
    "join-leave": deaths.join_and_leave,
    "broker-restart": surroundings.restart_broker,
    "kill-in-take-over": deaths.kill_in_take_over,
    "oversize": traffic.oversize,
    "lost-state": surroundings.lose_state,
    "slow-at-point": deaths.slow_at_point,
    "sigterm": deaths.terminate,
    "zombie-in-take-over": zombies.zombie_in_take_over,
    "kill-at-random": deaths.kill_at_random,
    "corrupt-snapshot": corruption.corrupt_snapshot,
    "full-disk": surroundings.full_disk,
    "broker-pause": surroundings.pause_broker,
    "slow-broker": traffic.slow_broker,
    "rolling-restart": deaths.rolling_restart,
    "clock-jump": surroundings.clock_jump,
    "kill-after-delay": deaths.kill_after_delay,
    "broker-loss": surroundings.lose_broker,
}
