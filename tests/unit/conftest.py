"""What many unit tests begin with; a file with a town of its own says so under the same name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.serving import Town, opened, subject_items


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """Everything serve is made of but the broker, with items and nobody. An account is a person until it is linked."""
    for town in opened(tmp_path):
        town.publish_items(subject_items())
        yield town


@pytest.fixture
def api(town: Town) -> Iterator[httpx.Client]:
    """Of the town, on a socket."""
    with town.api() as client:
        yield client
