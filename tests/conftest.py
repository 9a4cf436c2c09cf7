"""Fixtures for every test: brokers that are started once per run, and an environment without stray settings."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.brokers import embedded_broker, kafka_cluster, topic_prefix

__all__ = ["embedded_broker", "kafka_cluster", "topic_prefix"]


# These machines are shared: an example's duration says nothing.
settings.register_profile("braid", deadline=None)
#: The same examples each time: what is red there is red for everybody, and comes of the change.
settings.register_profile("gate", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "braid"))


@pytest.fixture(autouse=True)
def no_stray_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of the machine must not decide a test."""
    for name in os.environ:
        if name.startswith("BRAID_") and name not in {"BRAID_BENCH_DATA", "BRAID_TEST_DEVICE", "BRAID_TEST_KAFKA"}:
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command sets up logging for the process, which here is the tests'."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    for handler in [handler for handler in root.handlers if handler not in handlers]:
        root.removeHandler(handler)
