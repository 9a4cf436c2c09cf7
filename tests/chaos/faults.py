"""Every kind of fault by its name, in the order in which consecutive seeds begin with them."""

from __future__ import annotations

from tests.chaos import deaths, surroundings, zombies
from tests.chaos.shots import Fault

KINDS: dict[str, Fault] = {
    "zombie-at-point": zombies.zombie_at_point,
    "kill-at-point": deaths.kill_at_point,
    "cut-connections": surroundings.cut_connections,
    "corrupt-state": surroundings.corrupt_state,
    "zombie-at-random": zombies.zombie_at_random,
    "error-at-point": deaths.error_at_point,
    "join-leave": deaths.join_and_leave,
    "broker-restart": surroundings.restart_broker,
    "kill-in-take-over": deaths.kill_in_take_over,
    "lost-state": surroundings.lose_state,
    "slow-at-point": deaths.slow_at_point,
    "sigterm": deaths.terminate,
    "zombie-in-take-over": zombies.zombie_in_take_over,
    "kill-at-random": deaths.kill_at_random,
    "full-disk": surroundings.full_disk,
    "broker-pause": surroundings.pause_broker,
    "rolling-restart": deaths.rolling_restart,
    "clock-jump": surroundings.clock_jump,
    "kill-after-delay": deaths.kill_after_delay,
    "broker-loss": surroundings.lose_broker,
}
