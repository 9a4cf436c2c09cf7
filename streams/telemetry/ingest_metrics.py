"""Metrics of `braid ingest`: declared here so that the table in `metrics` stays readable; the manual lists all."""

from __future__ import annotations

from streams.telemetry.metrics import _counter, _gauge, _histogram

INGEST_SECONDS = _histogram(
    "braid_ingest_request_seconds",
    "HTTP requests to ingest by route and status, until the brokers have confirmed.",
    "High: the brokers are slow to confirm. 503: they are away. 429: raise BRAID_INGEST_API__MAX_WAITING, or run more.",
    "route",
    "status",
)
INGEST_EVENTS = _counter(
    "braid_ingest_events_total",
    "Events that came over HTTP, by verdict (accepted, rejected, unconfirmed) and its code.",
    "rejected rises: the platform changed its format; the code says what. unconfirmed: clients must send again.",
    "platform",
    "verdict",
    "code",
)
INGEST_WAITING = _gauge(
    "braid_ingest_waiting_records",
    "Records that are handed to the producer and not confirmed.",
    "Near BRAID_INGEST_API__MAX_WAITING: the brokers cannot keep up.",
)
