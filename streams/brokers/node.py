"""One Kafka node: its folder, its process, its log."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streams.brokers.leashed import LeashedProcess
from streams.brokers.properties import NodeAddress, logging_configuration, render
from streams.errors import Unavailable

FORMAT_TIMEOUT_S: Final = 60.0
STOP_TIMEOUT_S: Final = 20.0
MAIN_CLASS: Final = "kafka.Kafka"
FORMAT_CLASS: Final = "kafka.tools.StorageTool"
#: The formatter lives for a second: it has no use for an optimising compiler or a parallel collector.
SHORT_LIVED: Final = ("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


@dataclass(frozen=True)
class JavaRuntime:
    """What starts a node: the java program, the folder of jars, heap in MiB."""

    java: str
    jars: Path
    heap_mib: int

    def command(self, main: str, options: Sequence[str], arguments: Sequence[str]) -> list[str]:
        """A command line for one of Kafka's main classes."""
        return [self.java, *options, "-cp", f"{self.jars}/*", main, *arguments]


class Node:
    """A node in a folder of its own. Not safe to use from several threads at once.

    doomed: a folder that goes should this process die without stopping the node.
    """

    def __init__(self, address: NodeAddress, folder: Path, runtime: JavaRuntime, doomed: Path | None = None) -> None:
        self.address = address
        self.log_file = folder / "kafka.log"
        self._folder = folder
        self._runtime = runtime
        self._doomed = doomed
        self._process: LeashedProcess | None = None

    @property
    def data_dir(self) -> Path:
        """Where Kafka keeps its logs."""
        return self._folder / "data"

    @property
    def pid(self) -> int:
        """Process id of the running node. Raises ValueError when it does not run."""
        if self._process is None or not self._process.is_alive:
            raise ValueError(f"node {self.address.node_id} does not run")
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs; says nothing about whether it answers."""
        return self._process is not None and self._process.is_alive

    @property
    def is_formatted(self) -> bool:
        """Whether the folder holds a node's data already."""
        return (self.data_dir / "meta.properties").exists()

    def configure(self, properties: dict[str, str]) -> None:
        """Write the node's files; takes effect at the next start."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(render(properties))
        self._logging.write_text(logging_configuration(self.log_file))

    def begin_format(self, cluster_id: str, options: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Start writing the empty metadata log; hand the process to `finish_format`."""
        arguments = ["format", "--cluster-id", cluster_id, "--config", str(self._properties), *options]
        command = self._runtime.command(FORMAT_CLASS, SHORT_LIVED, arguments)
        return subprocess.Popen(  # noqa: S603 - the command is ours
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish_format(self, formatting: subprocess.Popen[str]) -> None:
        """Wait for the formatter. Raises Unavailable when it fails."""
        output, _ = formatting.communicate(timeout=FORMAT_TIMEOUT_S)
        if formatting.returncode != 0:
            raise Unavailable(
                f"Kafka cannot prepare {self.data_dir}: {_fault_in(output) or output[-300:]}; "
                "mend the property it names, or choose another --data folder"
            )

    def start(self) -> None:
        """Start the process; it answers clients seconds later."""
        heap = self._runtime.heap_mib
        options = [
            f"-Xms{heap // 2}m",
            f"-Xmx{heap}m",
            "-XX:+UseG1GC",
            "-XX:MaxGCPauseMillis=20",
            "-Djava.awt.headless=true",
            f"-Dlog4j2.configurationFile={self._logging}",
        ]
        command = self._runtime.command(MAIN_CLASS, options, [str(self._properties)])
        self._process = LeashedProcess(command, log=self._folder / "console.log", doomed=self._doomed)

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """Let the node close its logs; killed when it takes longer than this."""
        if self._process is not None:
            self._process.stop(timeout_s)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()

    def last_words(self) -> str:
        """The line that says why the node stopped, for an error message."""
        for file in (self.log_file, self._folder / "console.log"):
            fault = _fault_in(file.read_text(errors="replace")) if file.exists() else ""
            if fault:
                return fault
        return "it left no message"

    @property
    def _properties(self) -> Path:
        return self._folder / "server.properties"

    @property
    def _logging(self) -> Path:
        return self._folder / "log4j2.xml"


def _fault_in(output: str) -> str:
    """The last exception of a Java program, else its last complaint; empty when it made none."""
    lines = [line.strip()[:300] for line in output.splitlines()]
    for mark in (r"^(Caused by: |Exception in thread )?[\w.$ \"]+(Exception|Error): ", r"\b(ERROR|FATAL)\b"):
        faults = [line for line in lines if re.search(mark, line)]
        if faults:
            return faults[-1]
    return ""
