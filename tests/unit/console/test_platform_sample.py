"""The report of a platform: shares that are not bent, the most frequent error first, whose clock is off."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.adapters.event_reading import types_for
from streams.adapters.mapping_files import decoder_for
from streams.domain.dead_letters import DeadLetter
from streams.domain.topic_names import TopicNames
from streams.service.judge_records import Judge
from streams.service.kept_briefly import KeptBriefly
from streams.service.normalise import Normaliser
from streams.service.sample_platform import SAMPLE_RECORDS, PlatformReport, PlatformSampler
from tests.support.cloud_events import NOON_S, a_cloud_event, an_item
from tests.support.topic_readings import MemoryTopics, SteppingClock

SECRET = b"0123456789abcdef"
TOPIC = "events.shop"


def report(topics: MemoryTopics, now_s: float = NOON_S) -> PlatformReport:
    judge = Judge(Normaliser(SECRET, decoder_for({})), decoder_for({}), types_for({}))
    return PlatformSampler(topics, judge, TopicNames(), SteppingClock(now_s)).report("shop")  # type: ignore[arg-type]


def put(topics: MemoryTopics, number: int = 0, *, at_s: float = NOON_S - 1, partition: int = 0, **changes: Any) -> None:
    event = a_cloud_event(**({"id": f"e-{number}", "time": at(at_s - 5)} | changes))
    topics.put(TOPIC, json.dumps(event).encode(), partition=partition, at_s=at_s)


def at(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def test_a_field_that_is_bad_in_three_of_a_hundred_events_comes_first() -> None:
    topics = MemoryTopics()
    for number in range(100):
        bad: dict[str, Any] = {}
        if number % 33 == 1:
            bad = {"data": {"item": an_item(), "rating": "five"}}
        elif number in {7, 8}:
            bad = {"time": "yesterday"}
        put(topics, number, **bad)
    said = report(topics)
    assert [(each.field, each.reason, each.n, each.share) for each in said.errors] == [
        ("data.rating", "wrong_type", 3, 0.03), ("time", "bad_time", 2, 0.02),
    ]  # fmt: skip
    assert said.acceptance == 0.95
    assert {each.type: each.n_accepted for each in said.types} == {"shop.product.viewed": 95}


def test_every_outcome_is_counted_and_repeats_are_told() -> None:
    topics = MemoryTopics()
    put(topics, 1)
    put(topics, 1)
    put(topics, 2, time="2020-01-01T00:00:00Z")
    put(topics, 3, type="shop.record.ignored")
    put(topics, 4, consent="denied")
    topics.put(TOPIC, b"{", at_s=NOON_S - 1)
    said = report(topics)
    assert said.outcomes == {"accepted": 2, "late": 1, "noise": 1, "refused": 1, "rejected": 1}
    assert said.n_repeats == 1
    assert {each.type: each.n for each in said.types}[""] == 1


def test_the_sample_is_everything_since_the_moment_from_which_every_partition_was_read() -> None:
    """One partition is busy, another one slow: its older records would bend every share."""
    topics, n_slow = MemoryTopics(batch_records=1_000), 500
    for number in range(SAMPLE_RECORDS):
        topics.put(TOPIC, b"{}", partition=0, at_s=NOON_S - 100 + number * 0.05)
    for number in range(n_slow):
        topics.put(TOPIC, b"{}", partition=1, at_s=NOON_S - 5_000 + number * 10)
    said = report(topics)
    assert said.from_s is not None
    assert said.from_s >= NOON_S - 100 + (SAMPLE_RECORDS // 2) * 0.05
    assert said.n_records < SAMPLE_RECORDS // 2 + 10
    assert said.rate_per_s == pytest.approx(20.0, rel=0.05)
    assert said.n_kept == SAMPLE_RECORDS + n_slow


@given(st.integers(1, 40), st.integers(1, 4))
def test_a_topic_that_the_sample_holds_whole_is_counted_over_a_minute(n_records: int, n_partitions: int) -> None:
    topics = MemoryTopics()
    for number in range(n_records):
        put(topics, number, partition=number % n_partitions, at_s=NOON_S - 30)
    said = report(topics)
    assert said.n_records == said.n_kept == n_records
    assert said.rate_per_s == pytest.approx(n_records / 60.0, abs=1e-3)


def test_clocks_are_compared_by_sentat_where_it_was_said() -> None:
    topics = MemoryTopics()
    for number in range(10):
        put(topics, number)
    put(topics, 10, sentat=at(NOON_S - 1 + 7_200), time=at(NOON_S - 1 + 7_190))
    put(topics, 11, time=at(NOON_S - 1 + 3_600))
    skew = report(topics).skew
    assert (skew.n, skew.n_sent, skew.n_clamped) == (12, 1, 1)
    assert skew.median_s == pytest.approx(-5.0, abs=0.01)
    assert {(each.from_s, each.to_s): each.n for each in skew.buckets if each.n} == {(-10.0, 10.0): 10, (300.0, 86_400.0): 2}
    assert sum(each.n for each in skew.buckets) == skew.n


def test_dead_letters_of_the_platform_are_grouped_as_the_sample_is() -> None:
    topics = MemoryTopics()
    put(topics)
    for number, topic in enumerate([TOPIC, TOPIC, "events.video"]):
        letter = DeadLetter(
            b"x", None, (), topic, 0, number, "normalise", "bad_time", "sentat: no such date or time of day", NOON_S
        )
        topics.put("dead-letters", letter.encode(), key=letter.place, at_s=NOON_S)
    topics.put("dead-letters", None, key=b"events.shop/0/9", at_s=NOON_S)
    topics.put("dead-letters", b"\x81", key=b"erase/00", at_s=NOON_S)
    said = report(topics)
    assert [(each.field, each.n, each.share) for each in said.letters] == [("sentat", 2, 1.0)]
    assert said.n_letters_read == 3


def test_a_topic_that_is_not_there_is_no_error() -> None:
    said = report(MemoryTopics())
    assert (said.is_there, said.n_records, said.acceptance, said.rate_per_s) == (False, 0, None, 0.0)


def test_an_answer_is_made_once_for_all_who_ask_while_it_lasts() -> None:
    made: list[str] = []
    clock = SteppingClock(0.0)
    kept = KeptBriefly(lambda key: made.append(key) or len(made), 5.0, clock)
    assert [kept.get("a"), kept.get("a"), kept.get("b")] == [1, 1, 2]
    clock.at_s = 5.0
    assert kept.get("a") == 3
    clock.at_s = 1.0  # a clock that was set back
    assert kept.get("a") == 4
