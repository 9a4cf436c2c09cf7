from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from streams.brokers.kafka import KafkaCluster
from streams.brokers.maven import find_java, java_version, kafka_jars
from streams.brokers.ports import FIRST_PORT, free_ports, is_free
from streams.brokers.properties import NodeAddress, render, server_properties
from streams.errors import Unavailable, UsageError

ONE = (NodeAddress(1, 21_000, 21_001),)
THREE = tuple(NodeAddress(i, 21_000 + i, 22_000 + i) for i in (1, 2, 3))
EPHEMERAL_PORTS_BEGIN = 32_768


def executable(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it but what the test puts there, and the shell's own tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}")
    return folder


FETCHING_MAVEN = """
for word; do case $word in -DoutputDirectory=*) out=${{word#-DoutputDirectory=}};; esac; done
echo fetched >> {calls}
/bin/mkdir -p $out && echo half > $out/kafka.jar && /bin/sleep 0.2 && echo whole > $out/kafka.jar"""


def test_one_node_replicates_nothing():
    properties = server_properties(ONE[0], ONE, Path("data"), {})
    assert properties["transaction.state.log.replication.factor"] == "1"
    assert properties["transaction.state.log.min.isr"] == "1"


def test_three_nodes_keep_transactions_when_one_is_lost():
    properties = server_properties(THREE[1], THREE, Path("data"), {})
    assert properties["node.id"] == "2"
    assert properties["transaction.state.log.replication.factor"] == "3"
    assert properties["transaction.state.log.min.isr"] == "2"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:22001,2@127.0.0.1:22002,3@127.0.0.1:22003"


def test_nodes_listen_on_loopback_only():
    properties = server_properties(ONE[0], ONE, Path("data"), {})
    assert all("//127.0.0.1:" in listener for listener in properties["listeners"].split(","))


def test_overrides_win_over_what_the_launcher_chose():
    properties = server_properties(ONE[0], ONE, Path("data"), {"log.segment.bytes": "1048576", "num.io.threads": "1"})
    assert (properties["log.segment.bytes"], properties["num.io.threads"]) == ("1048576", "1")


def test_backslashes_survive_the_properties_file():
    assert render({"log.dirs": "a\\b"}) == "log.dirs=a\\\\b\n"


@pytest.mark.parametrize(
    ("banner", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_392"', 8),
        ('openjdk version "24" 2025-03-18', 24),
        ("no such thing", 0),
    ],
)
def test_java_says_its_version_in_several_ways(banner: str, version: int):
    assert java_version(banner) == version


def test_free_ports_differ_and_are_never_the_near_end_of_a_connection():
    ports = free_ports(12)
    assert len(set(ports)) == 12
    assert all(FIRST_PORT <= port < EPHEMERAL_PORTS_BEGIN for port in ports)


def test_a_port_in_use_is_not_free():
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)
        assert port not in free_ports(3)


def test_a_cluster_of_two_is_refused_with_the_reason():
    with pytest.raises(UsageError, match=r"--nodes 2: .* 1 node, or 3"):
        KafkaCluster(nodes=2)


def test_a_port_that_is_taken_is_named(tmp_path: Path):
    (port,) = free_ports(1)
    cluster = KafkaCluster(port=port, data_dir=tmp_path)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(UsageError, match=f"--port: {port} is in use"):
        cluster._addresses()


def test_data_of_another_number_of_nodes_is_refused(tmp_path: Path):
    for node_id in (1, 2, 3):
        (tmp_path / f"node-{node_id}" / "data").mkdir(parents=True)
        (tmp_path / f"node-{node_id}" / "data" / "meta.properties").touch()
    with pytest.raises(UsageError, match="holds a cluster of 3 nodes, --nodes is 1"):
        KafkaCluster(nodes=1, data_dir=tmp_path)._home()


@pytest.mark.usefixtures("path")
def test_without_java_the_remedy_is_said():
    with pytest.raises(Unavailable, match="java is not on the PATH: install"):
        find_java()


def test_an_old_java_is_refused(path: Path):
    executable(path, "java", "echo 'openjdk version \"11.0.2\"' >&2")
    with pytest.raises(Unavailable, match="version 11: Apache Kafka needs 17"):
        find_java()


@pytest.mark.usefixtures("path")
def test_without_maven_the_remedy_is_said(tmp_path: Path):
    with pytest.raises(Unavailable, match="mvn is not on the PATH: install Maven"):
        kafka_jars(cache_dir=tmp_path / "cache")


def test_what_maven_complains_about_is_passed_on(path: Path, tmp_path: Path):
    executable(path, "mvn", "echo '[ERROR] no route to host'; exit 1")
    with pytest.raises(
        Unavailable, match=r"Maven cannot fetch Apache Kafka 9\.9\.9: no route to host; check the network"
    ):
        kafka_jars("9.9.9", tmp_path)
    assert not list(tmp_path.glob("kafka-9.9.9/jars"))


def test_many_at_once_fetch_once_and_never_see_half_a_jar(path: Path, tmp_path: Path):
    calls = tmp_path / "calls"
    executable(path, "mvn", FETCHING_MAVEN.format(calls=calls))
    seen: list[str] = []
    threads = [
        threading.Thread(target=lambda: seen.append((kafka_jars("9.9.9", tmp_path) / "kafka.jar").read_text()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == ["whole\n"] * 4
    assert calls.read_text() == "fetched\n"
