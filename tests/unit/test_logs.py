"""Logging that is set up again leaves no logger behind."""

from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from streams.telemetry.logs import start_logging


def test_who_captures_logs_hears_a_logger_that_was_used_before_logging_was_set_up_again() -> None:
    start_logging("WARNING", "json")
    log = structlog.get_logger("tests.logs")
    log.warning("first")
    start_logging("WARNING", "json")
    with capture_logs() as said:
        log.warning("second")
    assert [line["event"] for line in said] == ["second"]
