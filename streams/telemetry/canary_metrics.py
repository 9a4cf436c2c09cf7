"""Metrics of `braid canary`; only that command imports them, so that no other process exports them."""

from __future__ import annotations

from streams.telemetry.metrics import _counter, _histogram

CANARY_SECONDS = _histogram(
    "braid_canary_seconds",
    "From the publication of an event of the canary to an HTTP answer of serve that holds it.",
    "What a platform and a service team see of Braid. High: see braid_event_to_profile_seconds and "
    "braid_refresh_delay_seconds for the half that is slow.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60),
)
CANARY_SENT = _counter("braid_canary_sent_total", "Events that the canary published.", "Flat: the canary hangs.")
CANARY_LOST = _counter(
    "braid_canary_lost_total",
    "Events of the canary that the broker did not take, or that no HTTP answer held in time.",
    "Any: the canary's log says which half failed.",
)
