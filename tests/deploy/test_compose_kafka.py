"""The services of docker-compose.yml started on this machine: the same commands, order, settings and health checks.

Other than in a container: names and addresses are loopback, ports are free ones, volumes are folders, and Kafka is the
real one with the file's settings, from its jars.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from streams.brokers.kafka import KafkaCluster
from streams.brokers.ports import free_ports
from streams.serve.api_keys import hash_of
from tests.deploy.deployed import ROOT, compose
from tests.support.brokers import eventually, skip_without_kafka

pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(600)]

METRICS_KEY = "braid_metrics-key-of-a-test-0123456789"
CANARY_KEY = "braid_canary-key-of-a-test-0123456789"
VARIABLES = {
    "BRAID_PSEUDONYM__KEY": "0123456789abcdef",
    "BRAID_API__KEYS": json.dumps(
        {
            hash_of(METRICS_KEY): {"role": "metrics", "name": "prometheus"},
            hash_of(CANARY_KEY): {"role": "read", "name": "canary", "platforms": ["canary"]},
        }
    ),
    "CANARY_KEY": CANARY_KEY,
    "BRAID_INGEST_API__KEYS": json.dumps({hash_of("braid_write-key-of-a-test-0123456789"): {"platform": "shop"}}),
    "GRAFANA_PASSWORD": "of-a-test",
    "BRAID_ENCODER__MODEL": "hashed",  # the file lets an operator choose; weights take long to load
}
COMMANDS = ("topics", "worker", "serve", "canary", "ingest")
#: What the launcher says itself: who and where a node is.
OF_THE_LAUNCHER = (
    "NODE_ID", "PROCESS_ROLES", "CONTROLLER", "LISTENER", "ADVERTISED", "INTER_BROKER", "LOG_DIRS", "HEAP"
)  # fmt: skip
START_S = 180.0


def broker_properties(service: Mapping[str, Any]) -> dict[str, str]:
    """Kafka's own names of what its image takes as KAFKA_ variables."""
    said = {name.removeprefix("KAFKA_"): value for name, value in service["environment"].items()}
    return {
        name.lower().replace("_", "."): value
        for name, value in said.items()
        if name != "CLUSTER_ID" and not name.startswith(OF_THE_LAUNCHER)
    }


class Machine:
    """This machine in place of the containers. ports: here, by service and the port in its container."""

    def __init__(self, services: Mapping[str, Any], folder: Path, bootstrap_servers: str) -> None:
        self.services, self.folder, self.bootstrap_servers = services, folder, bootstrap_servers
        inside = [("worker", "9100"), ("serve", "8080"), ("ingest", "8001"), ("ingest", "9101"), ("canary", "9100")]
        self.ports = dict(zip(inside, map(str, free_ports(len(inside))), strict=True))
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        for name in ("root", "tmp"):
            (folder / name).mkdir()

    def environment_of(self, name: str) -> dict[str, str]:
        state = self.folder / name
        of_the_container = {
            "kafka:9092": self.bootstrap_servers,
            **dict.fromkeys(("0.0.0.0", *self.services), "127.0.0.1"),
            "/var/lib/braid": str(state),
            **{port: here for (_, port), here in self.ports.items()},
            **{port: here for (service, port), here in self.ports.items() if service == name},
        }
        settings = self.services[name]["environment"]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("BRAID_")}
        moved = {key: of_the_container.get(value, value) for key, value in settings.items()}
        state.mkdir()
        # HOME stays: what serve compiles there takes a minute, and is there already on a machine that ran it before.
        return kept | {"TMPDIR": str(self.folder / "tmp"), "PYTHONPATH": str(ROOT)} | moved

    def start(self, name: str) -> subprocess.Popen[bytes]:
        self.running[name] = subprocess.Popen(
            [sys.executable, "-m", "streams", *self.services[name]["command"]],
            env=self.environment_of(name),
            cwd=self.folder / "root",
            stdout=(self.folder / f"{name}.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        return self.running[name]

    def is_healthy(self, name: str) -> bool:
        kind, program, *arguments = self.services[name]["healthcheck"]["test"]
        assert (kind, program) == ("CMD", "healthcheck")
        command = [sys.executable, str(ROOT / "deploy/healthcheck.py"), *(self.ports[name, port] for port in arguments)]
        return subprocess.run(command, check=False).returncode == 0

    def wait_until_healthy(self, name: str) -> None:
        give_up_at_s = time.monotonic() + START_S
        while not self.is_healthy(name):
            assert self.running[name].poll() is None, self.log_of(name)
            assert time.monotonic() < give_up_at_s, self.log_of(name)
            time.sleep(0.5)

    def log_of(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def status(self, name: str, port: str, path: str, key: str = "") -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[name, port]}{path}")
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def metrics_of(self, name: str, port: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name, port]}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def kill(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
                process.wait()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    skip_without_kafka()
    services = compose(VARIABLES)["services"]
    with KafkaCluster(overrides=broker_properties(services["kafka"])) as cluster:
        made = Machine(services, tmp_path, cluster.bootstrap_servers)
        yield made
        made.kill()


def waits_for(services: Mapping[str, Any], name: str) -> set[str]:
    """Every service that must have begun, or ended, before this one."""
    direct = set(services[name].get("depends_on", {}))
    return direct.union(*(waits_for(services, other) for other in direct))


@pytest.mark.requirement("Q5")
def test_the_services_of_the_compose_file_become_healthy_in_its_order_and_end_when_told(machine: Machine) -> None:
    services = machine.services
    order = sorted(COMMANDS, key=lambda name: len(waits_for(services, name)))
    assert order[0] == "topics"

    for name in order:
        process = machine.start(name)
        needed = [other for other in order if services[other].get("depends_on", {}).get(name)]
        if any(services[other]["depends_on"][name]["condition"] == "service_completed_successfully" for other in needed):
            assert process.wait(START_S) == 0, machine.log_of(name)
    for name in order[1:]:
        machine.wait_until_healthy(name)

    assert machine.status("serve", "8080", "/metrics") == 401
    assert machine.status("serve", "8080", "/metrics", METRICS_KEY) == 200
    assert machine.status("worker", "9100", "/metrics") == 200
    eventually(lambda: "braid_canary_seconds_count 0.0" not in machine.metrics_of("canary", "9100"), START_S)
    for name in reversed(order[1:]):
        machine.running[name].send_signal(signal.SIGTERM)
        assert machine.running[name].wait(int(services[name]["stop_grace_period"].removesuffix("s"))) == 0
    read_only = ["root", *(name for name in order if "volumes" not in services[name])]
    assert not [file for name in read_only for file in (machine.folder / name).iterdir()]
