"""Peers as processes of their own: one run to its end, or one that serves until it is stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tests.bench.peers.environment import peer_python
from tests.bench.peers.job import JobSpec
from tests.bench.report import ROOT

MODULES = {
    "quix": "quix", "bytewax": "bytewax", "faust": "plain_faust", "raw": "bare",
    "quix-restore": "quix_restore", "faust-restore": "faust_restore",
}  # fmt: skip
#: These run on Braid's own environment: the same versions of everything they share with it.
AT_HOME = ("faust", "raw", "faust-restore")
LONGEST_S = 300.0


@dataclass
class Peer:
    """A running engine. log: what it wrote to stderr."""

    process: subprocess.Popen[str]
    log: Path

    def result(self) -> dict[str, float]:
        """What it measured, once it has ended by itself."""
        out, _ = self.process.communicate(timeout=LONGEST_S)
        lines = [line for line in out.splitlines() if line.startswith('{"')]
        said = f"{self.log}:\n{self.log.read_text()[-3000:]}"
        assert self.process.returncode == 0, said
        assert lines, said
        measured: dict[str, float] = json.loads(lines[-1])
        return measured

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def start(spec: JobSpec) -> Peer:
    """Begin; the engine's log lies beside its state."""
    python = sys.executable if spec.engine in AT_HOME else str(peer_python())
    log = Path(f"{spec.state_dir}-{spec.stage}{spec.variant}.log")
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [python, "-m", f"tests.bench.peers.{MODULES[spec.engine]}", msgspec.json.encode(spec).decode()]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
    with log.open("w") as errors:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=errors,
            text=True,
        )  # fmt: skip
    return Peer(process, log)


def run(spec: JobSpec) -> dict[str, float]:
    """From start to end. Raises AssertionError with the end of its log when it fails."""
    peer = start(spec)
    try:
        return peer.result()
    finally:
        peer.stop()
