"""Workers as the driver sees them: processes on a leash, their exits, and the orchestrator that starts them again."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from streams.app import STAGES
from tests.chaos.leash import COUNTERS
from tests.support.pipeline import SECRET, UNBOUNDED, free_port

#: What an operator is told to delete, in the words of the error.
_DELETE_THIS = re.compile(r"(?:state|view) at (/\S+) (?:cannot be read|does not open)[^\n]*delete")
REPOSITORY = Path(__file__).parents[2]
START_S = 60.0


@dataclass(frozen=True)
class Exit:
    """One end of a worker's process: code as `subprocess` gives it, negative for a signal."""

    worker: str
    code: int
    at_s: float


@dataclass
class ChaosWorker:
    """One worker, over all of its processes. wanted: started again when it ends; is_damaged: its files were broken.

    command: of `braid`; a serve is watched over in the same way.
    """

    name: str
    folder: Path
    environment: dict[str, str]
    command: Literal["worker", "serve"] = "worker"
    wanted: bool = True
    is_damaged: bool = False
    n_starts: int = 0
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    log_start: int = 0

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.n_starts = free_port(), self.n_starts + 1
        port_setting = "BRAID_API__PORT" if self.command == "serve" else "BRAID_METRICS__PORT"
        settings = {**self.environment, "BRAID_STATE_DIR": str(self.state_dir), port_setting: str(self.port)}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
        with self.log.open("ab") as log:
            self.log_start = log.tell()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.leash", str(self.folder), self.command],
                env={**inherited, "OMP_NUM_THREADS": "1", **settings},
                cwd=REPOSITORY,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def tell(self, command: str) -> None:
        """A line for the leash; nothing happens when the process has just died."""
        if self.process is not None and self.process.stdin is not None:
            try:
                self.process.stdin.write(command.encode() + b"\n")
                self.process.stdin.flush()
            except OSError:
                return

    def fired(self) -> list[dict[str, object]]:
        """What fired so far, over all processes of this worker."""
        file = self.folder / "fired.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def in_flight(self) -> dict[str, int]:
        """Batches between fold and ack, by stage; also of a process that stands still."""
        raw = (self.folder / "in-flight").read_bytes()
        return dict(zip(STAGES, COUNTERS.unpack(raw), strict=True)) if len(raw) == COUNTERS.size else {}

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_stopped(self) -> bool:
        """Whether the process stands still by SIGSTOP."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return stat.rpartition(")")[2].split()[0] == "T"

    def signal(self, number: int) -> None:
        if self.is_alive():
            assert self.process is not None
            self.process.send_signal(number)

    def words(self) -> str:
        """What this start has logged."""
        with self.log.open("rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


@dataclass
class Orchestrator:
    """Starts again whatever ends while it is wanted, and does what the errors tell an operator to do."""

    workers: dict[str, ChaosWorker]
    exits: list[Exit] = field(default_factory=list)
    n_operator_actions: int = 0
    n_unasked_deletions: int = 0
    broke: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._stopped = threading.Event()
        self._reaped: set[int] = set()
        self._thread = threading.Thread(target=self._run, daemon=True, name="orchestrator")

    def start(self) -> None:
        """Start every wanted worker and watch over them from now on."""
        for worker in self.workers.values():
            if worker.wanted:
                worker.start()
        self._thread.start()

    def stop(self) -> None:
        """End everything, stopped processes too; stopping again does nothing."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        for worker in self.workers.values():
            worker.wanted = False
            worker.kill()

    def hold(self, worker: ChaosWorker, number: int, timeout_s: float = 30.0) -> int:
        """End a worker by a signal and keep it down; returns its exit code (SIGKILL after the timeout)."""
        if number == signal.SIGTERM:  # one that still comes back from the fault before just dies of it
            until(worker.is_ready, timeout_s)
        with self._lock:
            worker.wanted = False
        worker.signal(number)
        assert worker.process is not None
        try:
            code = worker.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            worker.kill()
            code = 124
        with self._lock:
            self._note(worker)
        return code

    def release(self, worker: ChaosWorker) -> None:
        """Let a held worker run again."""
        with self._lock:
            worker.wanted = True
            if not worker.is_alive():
                worker.start()

    def wait_ready(self, timeout_s: float = START_S) -> bool:
        """Whether all wanted workers became ready in time."""
        return until(lambda: all(w.is_ready() for w in self.workers.values() if w.wanted), timeout_s)

    def _run(self) -> None:
        try:
            while not self._stopped.wait(0.1):
                self._restart_the_dead()
        except Exception as error:  # noqa: BLE001 - a run without its orchestrator must not pass for green
            self.broke = repr(error)

    def _restart_the_dead(self) -> None:
        with self._lock:
            for worker in self.workers.values():
                if worker.wanted and not worker.is_alive():
                    self._note(worker)
                    worker.start()

    def _note(self, worker: ChaosWorker) -> None:
        process = worker.process
        if process is None or process.pid in self._reaped:
            return
        self._reaped.add(process.pid)
        code = process.poll()
        assert code is not None
        self.exits.append(Exit(worker.name, code, time.monotonic()))
        if code in {70, 1, 2}:
            self._obey(worker)

    def _obey(self, worker: ChaosWorker) -> None:
        for folder in {match.group(1) for match in _DELETE_THIS.finditer(worker.words())}:
            if not Path(folder).is_relative_to(worker.folder):
                raise ValueError(f"a worker asks to delete {folder}, which is not its own")
            shutil.rmtree(folder, ignore_errors=True)
            self.n_operator_actions += 1
            self.n_unasked_deletions += not worker.is_damaged


def until(holds: Callable[[], bool], timeout_s: float, every_s: float = 0.05) -> bool:
    """Whether something came true in time."""
    give_up_at_s = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > give_up_at_s:
            return False
        time.sleep(every_s)
    return True


def worker_environment(bootstrap_servers: str, prefix: str, **extra: str) -> dict[str, str]:
    """Settings of a worker under test; `extra` wins."""
    return {
        "BRAID_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
        "BRAID_KAFKA__SESSION_TIMEOUT_S": "3",
        "BRAID_TOPICS__PREFIX": prefix,
        "BRAID_ENCODER__MODEL": "hashed",
        # The smallest there is: its files are written, read again and dropped within a run.
        "BRAID_ENCODER__CACHE_BYTES": str(1 << 20),
        "BRAID_PSEUDONYM__KEY": SECRET,
        **UNBOUNDED,
        **extra,
    }
