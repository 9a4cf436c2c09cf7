"""N10 on real Kafka: workers change over to another secret while platforms send everything again."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.brokers import eventually
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import SECRET, a_load, n_applied

__all__ = ["pipeline"]
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.requirement("N10")]
NEW = "fedcba9876543210-test"
CHANGING = {"BRAID_PSEUDONYM__KEY": NEW, "BRAID_PSEUDONYM__PREVIOUS_KEYS": json.dumps([SECRET])}
AFTER = {"BRAID_PSEUDONYM__KEY": NEW}


def test_profiles_equal_the_fold_before_during_and_after_a_change_of_the_secret(pipeline: Pipeline) -> None:
    load = a_load(seed=11, n_events=600, n_people=40, now_s=time.time())
    half = len(load.records) // 2
    old = pipeline.worker("one")
    old.wait_ready()
    pipeline.publish(load, 0, half)
    new = pipeline.worker("two", **CHANGING)  # beside the old one, as in a rolling restart
    new.wait_ready()
    pipeline.publish(load, half)
    pipeline.prove(load)
    old.terminate()
    pipeline.publish(load)
    eventually(lambda: new.metric("braid_duplicates_total") >= len(load.facts), 60)
    new.terminate()
    assert n_applied(pipeline.broker, pipeline.topics) == len(load.facts)

    after = pipeline.worker("one", **AFTER)
    after.wait_ready()
    pipeline.publish(load)
    eventually(lambda: after.metric("braid_duplicates_total") >= len(load.facts), 60)
    load.invalid *= 3  # each sending of an invalid record is a letter
    pipeline.prove(load)
