"""Fixtures for every test: brokers that are started once per run, and an environment without stray settings."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.support.brokers import embedded_broker, kafka_cluster, topic_prefix

__all__ = ["embedded_broker", "kafka_cluster", "topic_prefix"]


# These machines are shared: an example's duration says nothing.
settings.register_profile("braid", deadline=None)
settings.load_profile("braid")


@pytest.fixture(autouse=True)
def no_stray_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the machine must not decide a test."""
    for name in os.environ:
        if name.startswith("BRAID_") and name not in {"BRAID_BENCH_DATA", "BRAID_TEST_KAFKA"}:
            monkeypatch.delenv(name)
