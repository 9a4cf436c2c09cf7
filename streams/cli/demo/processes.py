"""The processes of a demo: broker, worker, serve; started together, watched, ended in order, nothing left behind."""

from __future__ import annotations

import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

from streams.brokers.embedded import EmbeddedBroker
from streams.brokers.leashed import LeashedProcess
from streams.cli.demo.plan import Prepared
from streams.errors import Unavailable
from streams.settings import environment_without_braid

#: Hides nobody: the people are made up, and so is the secret.
DEMO_SECRET: Final = "demo-only-secret-of-made-up-people"  # noqa: S105
_START_S: Final = 120.0
_STOP_S: Final = 10.0


class DemoProcesses:
    """A context: inside it everything runs, after it nothing does and the folder is gone."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._stack = ExitStack()
        self._running: dict[str, LeashedProcess] = {}

    def __enter__(self) -> Self:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="braid-demo-")))
        self.broker = self._stack.enter_context(EmbeddedBroker())
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._running.values()):
            process.stop(_STOP_S)
        self._stack.close()

    @property
    def bootstrap_servers(self) -> str:
        """Of the embedded broker."""
        return self.broker.bootstrap_servers

    @property
    def api_url(self) -> str:
        """Of serve."""
        return f"http://127.0.0.1:{self._prepared.api_port}"

    @property
    def metrics_url(self) -> str:
        """Of the worker."""
        return f"http://127.0.0.1:{self._prepared.metrics_port}"

    def start(self, name: str) -> None:
        """Start `braid <name>` with settings of its own; the user's BRAID_ variables do not reach it."""
        settings = {
            "BRAID_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "BRAID_STATE_DIR": str(self.folder / name),
            "BRAID_CONFIG": str(self.folder / "none.toml"),
            "BRAID_LOG_LEVEL": "WARNING",
            "BRAID_ENCODER__MODEL": self._prepared.model,
            "BRAID_METRICS__PORT": str(self._prepared.metrics_port),
            "BRAID_API__PORT": str(self._prepared.api_port),
            "BRAID_PSEUDONYM__KEY": DEMO_SECRET,
        }
        self._running[name] = LeashedProcess(
            [sys.executable, "-m", "streams", name],
            log=self.folder / f"{name}.log",
            environment=environment_without_braid() | settings,
        )

    def is_ready(self, url: str) -> bool:
        """Whether /readyz answers 200. Raises Unavailable when a process has ended."""
        self.check()
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:  # noqa: S310 - our own loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def wait_ready(self, url: str) -> None:
        """Raises Unavailable when it takes too long or a process ends."""
        give_up_at_s = time.monotonic() + _START_S
        while not self.is_ready(url):
            if time.monotonic() > give_up_at_s:
                raise Unavailable(f"{url}: not ready after {_START_S:.0f} s\n{self._last_words()}")
            time.sleep(0.1)

    def check(self) -> None:
        """Raises Unavailable with its last words when a process has ended."""
        for name, process in self._running.items():
            if not process.is_alive:
                raise Unavailable(f"`braid {name}` ended unexpectedly\n{self._last_words()}")

    def _last_words(self) -> str:
        logs = [self.folder / f"{name}.log" for name in self._running]
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs if log.exists())
