"""What docs/identity.md tells its readers to send is taken as it is, and does what the page says."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from streams.adapters.cloudevents import decode
from streams.domain.hints import command_of
from streams.domain.platforms import Platform
from streams.domain.raw import RawRecord
from streams.service.normalise import Normaliser
from streams.simulation.records import OutgoingRecord
from streams.simulation.replaying import read_records
from tests.support.identity_log import SECRET, Feed, on_the_log

PAGE = Path(__file__).parents[2] / "docs" / "identity.md"
NOW_S = 1_767_300_000.0


@pytest.fixture
def records(tmp_path: Path) -> list[OutgoingRecord]:
    """Every line of the page, as `braid replay` sends it."""
    file = tmp_path / "page.jsonl"
    file.write_text("".join(re.findall(r"```json\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)), "utf-8")
    taken = list(read_records([file]))
    assert all(isinstance(record, OutgoingRecord) for record in taken)
    return [record for record in taken if isinstance(record, OutgoingRecord)]


def commands_of(record: OutgoingRecord) -> list[dict[str, object]]:
    """The record itself where it is a command, else what the gate tells the log."""
    if record.topic_suffix == "identity":
        return [json.loads(record.value or b"")]
    raw = RawRecord(record.value, tuple(record.headers), NOW_S, record.topic_suffix, 0, 0, record.key)
    batch = Normaliser(SECRET, lambda _: decode).normalise([raw], Platform(record.topic_suffix.removeprefix("events.")))
    assert len(batch.events) == 1
    return [json.loads(command_of(hint)) for hint in batch.hints]


def said_now(feed: Feed, *commands: dict[str, object]) -> Counter[str]:
    """Outcomes of commands that reach the broker after the times they tell of; a refusal would be missing."""
    records = [on_the_log(command, feed.offset + number) for number, command in enumerate(commands)]
    feed.fold([msgspec.structs.replace(record, timestamp_s=NOW_S) for record in records])
    return feed.outcomes[-1].outcomes


@pytest.mark.requirement("B1", "B4")
def test_the_examples_link_and_unlink_as_the_page_says(records: list[OutgoingRecord]) -> None:
    feed = Feed()
    *before, unlink = [command for record in records for command in commands_of(record)]
    assert said_now(feed, *before) == Counter(linked=len(before))
    assert feed.together("shop/me", "video/me")
    assert feed.together("music/me-too", "news/reader-7")
    assert feed.together("travel/TRV-1", "social/@me", "social/anonymous:cookie-9")
    assert not feed.together("shop/me", "music/me-too")
    assert said_now(feed, unlink) == Counter(unlinked=1)
    assert not feed.together("shop/me", "video/me")
