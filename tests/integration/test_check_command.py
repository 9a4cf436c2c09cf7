"""`braid check` against brokers: everything is told at once, and one failure makes the exit status 1."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.kafka import KafkaCluster
from streams.brokers.ports import free_ports
from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.cli.check import check
from streams.settings import Topics
from tests.support.brokers import RunningCluster, admin_of, producer_of

app = typer.Typer()
app.command()(check)


@pytest.fixture(autouse=True)
def configured(tmp_path: Path, topic_prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "STATE_DIR": str(tmp_path / "state"), "TOPICS__PREFIX": topic_prefix, "PSEUDONYM__KEY": "0123456789abcdef",
        "ENCODER__MODEL": "hashed", "ENCODER__CACHE_BYTES": "0", "TOPICS__PARTITIONS": "4",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"BRAID_{name}", value)


def checked(*arguments: str) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """(exit status, findings by name)."""
    done = CliRunner().invoke(app, [*arguments, "--json"])
    by_name: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(done.stdout)["findings"]:
        by_name.setdefault(finding["name"], []).append(finding)
    return done.exit_code, by_name


def status_of(findings: dict[str, list[dict[str, Any]]], name: str) -> set[str]:
    return {finding["status"] for finding in findings[name]}


def test_without_a_broker_and_a_secret_both_are_told_and_so_is_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("BRAID_KAFKA__BOOTSTRAP_SERVERS", f"127.0.0.1:{port}")
    monkeypatch.delenv("BRAID_PSEUDONYM__KEY")
    status, findings = checked()
    assert status == 1
    assert {name for name in findings if "fail" in status_of(findings, name)} >= {"broker", "secrets"}
    assert status_of(findings, "topics") == status_of(findings, "encoder") == {"warn"}
    assert status_of(findings, "state folder") == {"ok"}


def test_a_wrong_setting_is_a_finding_and_no_other_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_TOPICS__PARTITIONS", "none")
    status, findings = checked()
    assert (status, list(findings)) == (1, ["settings"])
    assert "BRAID_TOPICS__PARTITIONS" in findings["settings"][0]["remedy"]


def test_missing_topics_fail_and_after_they_are_there_nothing_does(
    embedded_broker: EmbeddedBroker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAID_KAFKA__BOOTSTRAP_SERVERS", embedded_broker.bootstrap_servers)
    status, findings = checked()
    assert (status, "fail" in status_of(findings, "topics")) == (1, True)
    assert "braid topics" in findings["topics"][0]["remedy"]
    apply(admin_of(embedded_broker.bootstrap_servers), declared_topics(Topics(prefix=topic_prefix, partitions=4)))
    status, findings = checked("serve")
    assert status == 0, findings
    assert status_of(findings, "advertised address") == {"ok"}


@pytest.mark.kafka
def test_on_a_cluster_the_clock_is_told_from_its_records(
    kafka_cluster: KafkaCluster | RunningCluster, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRAID_KAFKA__BOOTSTRAP_SERVERS", kafka_cluster.bootstrap_servers)
    apply(admin_of(kafka_cluster.bootstrap_servers), declared_topics(Topics(prefix=topic_prefix, partitions=4)))
    assert status_of(checked()[1], "clock") == {"warn"}
    producer = producer_of(kafka_cluster.bootstrap_servers)
    producer.produce(f"{topic_prefix}events.shop", b"{}", b"k")
    producer.flush(60)
    status, findings = checked()
    assert (status, status_of(findings, "clock"), status_of(findings, "topics")) == (0, {"ok"}, {"ok"})
