"""N8 on real Kafka: the dead letters of whoever is erased go, in every form, through crashes and replays, bytes and all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from streams.brokers.kafka import KafkaCluster
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.accounts import account_key
from streams.domain.dead_letters import DeadLetter
from streams.domain.letter_owners import owner_of
from streams.domain.raw import RawRecord
from streams.settings import Topics
from tests.support.brokers import admin_of, eventually, producer_of, skip_without_kafka
from tests.support.cloud_events import FORMS, a_cloud_event, a_record
from tests.support.kafka_pipeline import Pipeline, pipeline
from tests.support.pipeline import SECRET, records_of

__all__ = ["pipeline"]
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.requirement("N8")]
OTHER_STAGES = "normalise,identity,catalogue,profile"
#: Arrows of the checkpoint that end a batch before, in and after its transaction.
POINTS = ("folded", "produced-all", "flushed", "committed", "stored")


def refused_events(who: str, platform: str = "shop", **changes: object) -> list[RawRecord]:
    """The same bad event in every form of the contract."""
    happened = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    event = {"type": f"{platform}.review.posted", "subject": who, "time": happened, "data": {"rating": "five"}} | changes
    return [a_record(a_cloud_event(**event), form, topic=f"events.{platform}") for form in FORMS]


def send(pipeline: Pipeline, records: Iterable[RawRecord]) -> None:
    producer = producer_of(pipeline.broker)
    for record in records:
        producer.produce(f"{pipeline.prefix}{record.topic}", record.value, record.key, headers=list(record.headers))
    assert producer.flush(30) == 0


def erase(pipeline: Pipeline, who: str, platform: str = "shop") -> None:
    asked = a_cloud_event(f"{platform}.user.erasure_requested", id=f"erase-{who}", subject=who, data=None)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    send(pipeline, [a_record(asked | {"time": now}, topic=f"events.{platform}")])


def letters_of(pipeline: Pipeline, *accounts: tuple[str, str]) -> dict[bytes, DeadLetter]:
    owners = {owner_of(account_key(SECRET.encode(), *account)) for account in accounts}
    return {place: letter for place, letter in pipeline.letters().items() if owners & set(letter.owners)}


def test_the_letters_of_an_erased_person_go_and_stay_away_and_nobody_elses_do(pipeline: Pipeline) -> None:
    worker = pipeline.worker()
    worker.wait_ready()
    ann, bob = [("shop", "ann"), ("video", "ann-tv")], [("shop", "bob")]
    link = a_cloud_event(
        "identity.linked", time=None, subject=None, data={"accounts": [{"platform": p, "account": who} for p, who in ann]}
    )
    own = [*refused_events("ann"), *refused_events("ann-tv", "video")]
    send(pipeline, [*own, *refused_events("bob"), a_record(link, topic="identity")])
    eventually(lambda: len(pipeline.letters()) == 12, 60)
    assert (len(letters_of(pipeline, *ann)), len(letters_of(pipeline, *bob))) == (8, 4)
    untouched = letters_of(pipeline, *bob)
    eventually(lambda: worker.metric("braid_account_moves_total") >= 1, 60)
    erase(pipeline, "ann-tv", "video")
    eventually(lambda: pipeline.letters() == untouched, 60)
    assert worker.metric("braid_dead_letters_erased_total") == 8
    send(pipeline, own)  # a replay of what was there before
    send(pipeline, refused_events("carol"))
    eventually(lambda: worker.metric("braid_dead_letters_total") == 24 and _is_still(pipeline), 60)
    assert letters_of(pipeline, *ann) == {}
    assert letters_of(pipeline, *bob) == untouched
    assert len(letters_of(pipeline, ("shop", "carol"))) == 4
    everything = [message.key() + (message.value() or b"") for message in records_of(pipeline.broker, pipeline.topics.dead_letters)]
    state = [message.key() + (message.value() or b"") for message in records_of(pipeline.broker, pipeline.topics.letter_state)]
    for platform, who in ann:
        key = account_key(SECRET.encode(), platform, who)
        assert not any(key.encode() in raw or bytes.fromhex(key) in raw for raw in everything + state)


def test_a_stage_that_dies_at_any_arrow_deletes_each_letter_all_the_same(pipeline: Pipeline) -> None:
    pipeline.worker(only=OTHER_STAGES).wait_ready()
    send(pipeline, refused_events("bob"))
    for number, point in enumerate(POINTS):
        an_erasure_dies_at(pipeline, point, number + 1)
        if point == "committed":  # durable in the log alone, and the disk is gone as well
            shutil.rmtree(pipeline.folder / "two" / "state")
    pipeline.worker("two", only="letters")
    eventually(lambda: len(pipeline.letters()) == len(FORMS), 90)
    assert set(pipeline.letters()) == set(letters_of(pipeline, ("shop", "bob")))


def an_erasure_dies_at(pipeline: Pipeline, point: str, n_erasures: int) -> None:
    """Somebody's letters and the word that they are erased are there, all of them, before the stage looks."""
    who = f"ann-{point}"
    send(pipeline, refused_events(who))
    eventually(lambda: len(letters_of(pipeline, ("shop", who))) == len(FORMS), 60)
    erase(pipeline, who)
    eventually(lambda: _n_erasures(pipeline) == n_erasures, 60)
    assert pipeline.worker("two", only="letters", failpoint=f"kill:{point}:1").wait_dead(60) == -9


def _n_erasures(pipeline: Pipeline) -> int:
    records = records_of(pipeline.broker, pipeline.topics.dead_letters)
    return len({record.key() for record in records if record.key().startswith(b"erase/")})


def _is_still(pipeline: Pipeline) -> bool:
    """Whether `dead-letters` and what the stage made of it have come to rest."""
    before = pipeline.letters()
    time.sleep(1.0)
    return pipeline.letters() == before


@pytest.fixture
def quick_cleaner(tmp_path: Path) -> Iterator[KafkaCluster]:
    """A broker whose cleaner looks every half second instead of every 15."""
    skip_without_kafka()
    with KafkaCluster(data_dir=tmp_path, overrides={"log.cleaner.backoff.ms": "500"}) as cluster:
        yield cluster


def test_the_declared_policy_takes_the_bytes_of_a_deleted_letter_from_the_brokers_disk(
    quick_cleaner: KafkaCluster, tmp_path: Path
) -> None:
    """With a lag and a segment of moments in place of a day; everything else as declared."""
    (spec,) = [spec for spec in declared_topics(Topics()) if spec.name == "dead-letters"]
    moments = {"segment.ms": "100", "max.compaction.lag.ms": "100", "file.delete.delay.ms": "100"}
    apply(admin_of(quick_cleaner.bootstrap_servers), [replace(spec, configs=spec.configs | moments)])
    producer = producer_of(quick_cleaner.bootstrap_servers, **{"compression.type": "none"})

    def write(key: bytes, value: bytes | None) -> None:
        producer.produce(spec.name, value, key)
        assert producer.flush(30) == 0

    def is_on_disk(canary: bytes) -> bool:
        # Kafka puts a cleaned file in place of the old one under our eyes.
        files = [file for file in tmp_path.rglob("*") if "dead-letters" in file.parent.name and file.is_file()]
        return any(canary in file.read_bytes() for file in files if file.exists())

    write(b"events.shop/0/1", b"canary-of-ann")
    write(b"events.shop/0/2", b"canary-of-bob")
    assert is_on_disk(b"canary-of-ann")
    write(b"events.shop/0/1", None)
    give_up_at_s = time.monotonic() + 60
    while is_on_disk(b"canary-of-ann"):
        assert time.monotonic() < give_up_at_s
        time.sleep(0.3)
        write(b"events.shop/0/3", b"a later letter closes the segment")
    assert is_on_disk(b"canary-of-bob")
