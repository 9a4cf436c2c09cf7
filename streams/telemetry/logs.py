"""One logging set-up for Braid, Faust, aiokafka and uvicorn: structured lines on standard error."""

from __future__ import annotations

import logging
import logging.config
import sys
from typing import Any, Final

import structlog

#: What their INFO level says, Braid says once itself.
_QUIET = ("faust", "mode", "aiokafka", "kafka", "uvicorn.access", "httpx", "transformers", "asyncio")

#: One list for good: loggers keep the list that they met first, and whoever captures logs exchanges what is in it.
_PROCESSORS: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.filter_by_level,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def _no_lifecycle(record: logging.LogRecord) -> bool:
    """Faust's services log their starting and stopping under our modules' names, as `[^--Consumer]: Starting...`."""
    return record.levelno > logging.INFO or not str(record.msg).startswith("[^")


def logging_config(level: str, *, as_json: bool) -> dict[str, Any]:
    """A dictConfig with one handler on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "braid": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "filters": {"no_lifecycle": {"()": lambda: _no_lifecycle}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "filters": ["no_lifecycle"],
                "formatter": "braid",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": "WARNING" if level != "DEBUG" else "INFO"} for name in _QUIET},
    }


def start_logging(level: str, log_format: str) -> None:
    """Configure the process; called once, by a command."""
    as_json = log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())
    logging.config.dictConfig(logging_config(level, as_json=as_json))
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
