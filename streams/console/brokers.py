"""Brokers that do not answer are a page, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streams.errors import UsageError
from streams.serve.problems import Problem


@contextmanager
def brokers_asked() -> Iterator[None]:
    """Raises Problem 503 where the brokers do not answer, or settings keep what was asked from being done."""
    try:
        yield
    except UsageError as error:
        remedy = "try again; an operator looks at /readyz, the brokers and `braid rights serve --check`"
        raise Problem(503, "unavailable", str(error), remedy) from error
