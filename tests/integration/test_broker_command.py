from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.support.brokers import REPOSITORY, exit_of, skip_without_kafka

PROGRAM = "import typer; from streams.cli.broker import broker; typer.run(broker)"


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def first_line(program: subprocess.Popen[str]) -> dict[str, str]:
    assert program.stdout is not None
    return json.loads(program.stdout.readline())


def test_the_embedded_broker_serves_until_it_is_told_to_stop():
    program = start("embedded")
    servers = first_line(program)["bootstrap_servers"]
    assert AdminClient({"bootstrap.servers": servers}).list_topics(timeout=10).brokers
    program.send_signal(signal.SIGTERM)
    rest, notes = program.communicate(timeout=30)
    assert (program.returncode, rest) == (0, "")
    assert "Ctrl-C" in notes


@pytest.mark.kafka
@pytest.mark.slow
def test_kafka_serves_until_it_is_told_to_stop_and_keeps_its_data(tmp_path: Path):
    skip_without_kafka()
    program = start("kafka", "--data", str(tmp_path))
    servers = first_line(program)["bootstrap_servers"]
    assert AdminClient({"bootstrap.servers": servers}).list_topics(timeout=10).brokers
    program.send_signal(signal.SIGINT)
    rest, _ = program.communicate(timeout=40)
    assert (program.returncode, rest) == (0, "")
    assert (tmp_path / "node-1" / "data" / "meta.properties").exists()


@pytest.mark.kafka
@pytest.mark.slow
def test_kafka_that_ends_by_itself_ends_the_command(tmp_path: Path):
    skip_without_kafka()
    program = start("kafka", "--data", str(tmp_path))
    first_line(program)
    pid = int(subprocess.check_output(["pgrep", "-f", f"^[^ ]*java .*kafka.Kafka {tmp_path}"], text=True).strip())
    with exit_of(pid) as node:
        subprocess.run(["kill", "-9", str(pid)], check=True)
        assert node.comes_within(5)
    _, notes = program.communicate(timeout=20)
    assert program.returncode != 0
    assert "ended by itself" in notes
