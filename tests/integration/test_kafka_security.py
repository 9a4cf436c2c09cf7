"""Braid on a Kafka that demands TLS, SCRAM and rights: it runs with the documented ones, and says what is wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams.brokers.connection import admin_config, consumer_config, producer_config
from streams.brokers.contact import check_contact, check_rights
from streams.brokers.rights import ROLES, KafkaRole, Right, rights_of
from streams.domain.topic_names import TopicNames
from streams.errors import Unavailable
from streams.serve.api_keys import hash_of
from tests.support.brokers import eventually, skip_without_kafka
from tests.support.kafka_security import PLATFORMS, Authority, SecureKafka, secure_kafka
from tests.support.pipeline import SECRET, Worker, a_load, free_port

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
NAMES = TopicNames("sec.")
API_KEY, ERASE_KEY = "site-key-of-the-tests", "privacy-key-of-the-tests"
ERASING = {"Authorization": f"Bearer {ERASE_KEY}"}
N_EVENTS = 60


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """Rights as documented, topics made by an operator's command."""
    skip_without_kafka()
    with secure_kafka(tmp_path_factory.mktemp("secure")) as kafka:
        kafka.allow(NAMES)
        applied = braid(kafka, "operator", "topics", "apply")
        assert applied.returncode == 0, applied.stderr
        yield kafka


def environment(kafka: SecureKafka, role: str, **changes: str) -> dict[str, str]:
    outer = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
    return outer | {"BRAID_TOPICS__PREFIX": NAMES.prefix, "OMP_NUM_THREADS": "1"} | kafka.environment(role, **changes)


def braid(kafka: SecureKafka, role: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams", *arguments]
    return subprocess.run(
        command, env=environment(kafka, role, **changes), capture_output=True, text=True, timeout=90, check=False
    )


def a_worker(kafka: SecureKafka, folder: Path, **changes: str) -> Worker:
    return Worker(kafka.address, NAMES.prefix, folder / "state", **kafka.environment("worker", **changes))


def serve_environment(kafka: SecureKafka, folder: Path, port: int) -> dict[str, str]:
    keys = {hash_of(API_KEY): {"role": "read", "name": "site"}, hash_of(ERASE_KEY): {"role": "erase", "name": "privacy"}}
    return environment(kafka, "serve") | {
        "BRAID_STATE_DIR": str(folder / "serve"),
        "BRAID_ENCODER__MODEL": "hashed",
        "BRAID_API__PORT": str(port),
        "BRAID_API__KEYS": json.dumps(keys),
        "BRAID_PSEUDONYM__KEY": SECRET,
    }


@contextmanager
def served(kafka: SecureKafka, folder: Path) -> Iterator[httpx.Client]:
    port = free_port()
    command = [sys.executable, "-m", "streams", "serve"]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, env=serve_environment(kafka, folder, port), stdout=log, stderr=log)
    try:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False) as api:
            eventually(lambda: process.poll() is None and _is_ready(api), 60)
            yield api
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, (folder / "serve.log").read_text()


def _is_ready(api: httpx.Client) -> bool:
    try:
        return api.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def events_file(folder: Path) -> tuple[Path, str]:
    """Events as JSON lines, and one person of the shop."""
    load = a_load(7, N_EVENTS, 6, 1_700_000_000.0)
    lines = [fact.cloud_event().decode() for fact in load.facts]
    file = folder / "events.jsonl"
    file.write_text("\n".join(lines) + "\n")
    return file, next(fact.person for fact in load.facts if fact.platform == "shop")


@pytest.mark.requirement("N11", "N14")
def test_events_become_profiles_and_answers_with_the_documented_rights_alone(kafka: SecureKafka, tmp_path: Path):
    for role in ROLES:
        check_rights(kafka.settings(role), role, rights_of(role, NAMES, PLATFORMS))
    worker = a_worker(kafka, tmp_path)
    try:
        worker.wait_ready()
        file, person = events_file(tmp_path)
        replayed = braid(kafka, "platform", "replay", str(file), "--shift")
        assert replayed.returncode == 0, replayed.stderr
        with served(kafka, tmp_path) as api:
            eventually(lambda: api.get(f"/v1/accounts/shop/{person}/profile").status_code == 200, 60)
            assert api.get(f"/v1/accounts/shop/{person}/recommendations").status_code == 200
            profile = f"/v1/accounts/shop/{person}/profile"
            assert api.delete(profile.removesuffix("/profile"), headers=ERASING).status_code == 202
            eventually(lambda: api.get(profile).status_code == 404, 60)
            assert api.get("/readyz").json()["faults"] == []
        worker.terminate()
    finally:
        worker.kill()
    audit = braid(kafka, "auditor", "tail", "audit", "--until-end", "--json")
    noted = [json.loads(line)["value"] for line in audit.stdout.splitlines()]
    actions = {(record["who"], record["action"].rpartition("/")[2], record["outcome"]) for record in noted}
    assert ("site", "recommendations", "answered") in actions
    assert {("privacy", "erase", "begun"), ("privacy", "erase", "answered")} <= actions
    assert person not in audit.stdout
    letters = braid(kafka, "operator", "tail", "dead-letters", "--until-end", "--json")
    assert letters.returncode == 0, letters.stderr


@pytest.mark.requirement("N11")
def test_a_worker_that_lost_its_state_restores_with_the_same_rights(kafka: SecureKafka, tmp_path: Path):
    for folder in (tmp_path / "one", tmp_path / "two"):
        worker = a_worker(kafka, folder)
        try:
            worker.wait_ready()
            worker.terminate()
        finally:
            worker.kill()


@pytest.mark.requirement("N14")
@pytest.mark.parametrize("role", ROLES)
def test_each_right_that_is_taken_away_is_named(kafka: SecureKafka, role: KafkaRole):
    rights = rights_of(role, NAMES, PLATFORMS)
    asked = [right for right in rights if right.resource != "transactional-id"]
    assert asked
    assert [right for right in asked if not _is_named(kafka, role, right, rights)] == []


def _is_named(kafka: SecureKafka, role: KafkaRole, right: Right, rights: tuple[Right, ...]) -> bool:
    with kafka.without(role, right):
        try:
            check_rights(kafka.settings(role), role, rights)
        except Unavailable as error:
            said = f"{right.operation} {right.resource} {right.name}"
            return said in str(error) and f"`braid rights {role}`" in str(error)
        return False


@pytest.mark.requirement("N14")
@pytest.mark.parametrize(
    ("right", "said"),
    [
        (Right("topic", "sec.user-events", "read"), "lacks 1 rights (read topic sec.user-events)"),
        (Right("group", "sec.braid-", "read", is_prefix=True), "lacks 1 rights (read group sec.braid-)"),
        (Right("transactional-id", "sec.braid-", "write", is_prefix=True), "Transactional Id authorization failed"),
    ],
)
def test_a_worker_without_a_right_ends_and_says_which(kafka: SecureKafka, tmp_path: Path, right: Right, said: str):
    with kafka.without("worker", right):
        worker = a_worker(kafka, tmp_path)
        try:
            assert worker.wait_dead(60) != 0
        finally:
            worker.kill()
    log = worker.log.read_text()
    assert said in log
    assert right.resource == "transactional-id" or "Traceback" not in log


@pytest.mark.requirement("N14")
def test_a_serve_that_may_not_write_the_audit_does_not_start(kafka: SecureKafka, tmp_path: Path):
    command = [sys.executable, "-m", "streams", "serve"]
    with kafka.without("serve", Right("topic", "sec.audit", "write")):
        done = subprocess.run(
            command, env=serve_environment(kafka, tmp_path, 0), capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert "lacks 1 rights (write topic sec.audit)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.requirement("N11", "N14")
@pytest.mark.parametrize("topic", ["profiles", "user-events", "profile-state", "dead-letters", "audit"])
def test_a_platform_reads_and_writes_nothing_about_people(kafka: SecureKafka, topic: str):
    settings, name = kafka.settings("platform"), NAMES.prefix + topic
    # Not even that there is such a topic.
    seen = AdminClient(admin_config(settings)).list_topics(name, timeout=10).topics[name]
    assert seen.error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    refused: list[KafkaError] = []
    producer = Producer(producer_config(settings, log_level=0))
    producer.produce(name, b"forged", b"anybody", on_delivery=lambda error, _: refused.append(error))
    assert producer.flush(20) == 0
    assert [error.code() for error in refused] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


@pytest.mark.requirement("N14")
def test_a_platform_does_not_read_what_it_wrote(kafka: SecureKafka):
    consumer = Consumer(consumer_config(kafka.settings("platform"), "anything", log_level=0))
    try:
        consumer.assign([TopicPartition(NAMES.events("shop"), 0, 0)])
        eventually(lambda: _refusal(consumer) == KafkaError.TOPIC_AUTHORIZATION_FAILED, 20)
    finally:
        consumer.close()


def _refusal(consumer: Consumer) -> int | None:
    """What the next poll says; it must never be a record. The group is refused too, now and then first."""
    read = consumer.poll(0.5)
    if read is None:
        return None
    assert read.error() is not None
    return read.error().code()


@pytest.mark.requirement("N14")
def test_a_platform_that_tails_profiles_is_told_in_one_line(kafka: SecureKafka):
    done = braid(kafka, "platform", "tail", "profiles", "--until-end")
    assert (done.returncode, done.stdout) == (1, "")
    assert "BRAID_KAFKA__SASL_USERNAME=braid-platform: may not read topic sec.profiles" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def other_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.made_in(tmp_path_factory.mktemp("other") / "authority")


@pytest.mark.requirement("N11")
@pytest.mark.parametrize(
    ("changes", "setting"),
    [
        ({"sasl_password": "wrong"}, "BRAID_KAFKA__SASL_PASSWORD"),
        ({"sasl_username": "stranger"}, "BRAID_KAFKA__SASL_USERNAME=stranger"),
        ({"sasl_mechanism": "PLAIN"}, "BRAID_KAFKA__SASL_MECHANISM"),
        ({"ssl_ca_file": "other"}, "BRAID_KAFKA__SSL_CA_FILE"),
        ({"ssl_ca_file": ""}, "BRAID_KAFKA__SSL_CA_FILE"),
        ({"ssl_ca_file": "/no/such/file.pem"}, "BRAID_KAFKA__SSL_CA_FILE=/no/such/file.pem"),
        ({"security_protocol": "PLAINTEXT"}, "BRAID_KAFKA__SECURITY_PROTOCOL=PLAINTEXT"),
        ({"security_protocol": "SASL_PLAINTEXT"}, "BRAID_KAFKA__SECURITY_PROTOCOL=SASL_PLAINTEXT"),
        ({"security_protocol": "SSL"}, "BRAID_KAFKA__SECURITY_PROTOCOL=SSL"),
        ({"bootstrap_servers": "internal"}, "BRAID_KAFKA__SECURITY_PROTOCOL=SASL_SSL"),
    ],
)
def test_what_the_cluster_turns_away_names_its_setting(
    kafka: SecureKafka, other_authority: Authority, changes: dict[str, str], setting: str
):
    stands_for = {"other": str(other_authority.certificate), "internal": kafka.internal}
    settings, said = kafka.settings("worker", **{name: stands_for.get(to, to) for name, to in changes.items()}), ""
    for _ in range(4):  # on a busy machine the broker may say nothing at all within the 5 s of one look
        with pytest.raises(Unavailable) as caught:
            check_contact(settings)
        said = str(caught.value)
        if setting in said:
            break
    assert setting in said
    assert "wrong" not in str(caught.value)


@pytest.mark.requirement("N11")
@pytest.mark.parametrize(
    "command", [["topics", "check"], ["tail", "profiles"], ["replay", "FILE"], ["worker"], ["serve"]], ids=" ".join
)
def test_every_command_says_a_wrong_password_in_one_line(kafka: SecureKafka, tmp_path: Path, command: list[str]):
    file, _ = events_file(tmp_path)
    wrong = serve_environment(kafka, tmp_path, 0) | kafka.environment("worker", SASL_PASSWORD="not-the-password")
    arguments = [str(file) if word == "FILE" else word for word in command]
    done = subprocess.run(
        [sys.executable, "-m", "streams", *arguments],
        env=wrong | {"BRAID_METRICS__PORT": "0"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("braid: ")]
    assert len(said) == 1
    assert "BRAID_KAFKA__SASL_PASSWORD" in said[0]
    assert "Traceback" not in done.stderr
    assert "not-the-password" not in done.stderr
