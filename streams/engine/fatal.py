"""The one way a worker dies of an unknown outcome.

A soft crash inside Faust commits what it crashed on, so a failure that is no bad record ends the process at once;
the orchestrator starts it again and the next owner finds out what the broker took.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import NoReturn

import structlog

EXIT_FATAL = 70  # EX_SOFTWARE of sysexits.h

_log = structlog.get_logger(__name__)


def die(why: str, error: BaseException | None = None) -> NoReturn:
    """Log, flush every handler, and leave without running any more Python."""
    _log.critical("worker_dies", why=why, exc_info=error)
    for handler in logging.getLogger().handlers:
        handler.flush()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_FATAL)
