"""The stage of a soak: topics of its own on real Kafka, a worker with all stages and a serve, as real processes."""

from __future__ import annotations

import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from streams.brokers.topic_admin import apply
from streams.brokers.topics import declared_topics
from streams.domain.topic_names import TopicNames
from streams.settings import Topics
from tests.soak.sampling import Watched
from tests.soak.small import SmallWorker, start
from tests.support.brokers import admin_of, eventually
from tests.support.pipeline import SECRET, Worker, free_port

#: Bounds are set low, so that a run of minutes goes beyond each of them.
SMALL = {
    "BRAID_PROFILE__DEDUP_IDS": "64",
    "BRAID_ENCODER__CACHE_BYTES": str(2 << 20),
    "BRAID_INDEX__KIND": "hnsw",
    "BRAID_INDEX__MAX_DELTA_ROWS": "1000",
    "BRAID_INDEX__SNAPSHOT_INTERVAL_S": "30",
    "BRAID_KAFKA__SESSION_TIMEOUT_S": "30",
    "OMP_NUM_THREADS": "1",
}
READY_S = 120.0


class SoakScene:
    """Worker and serve over topics under a prefix of their own."""

    def __init__(self, bootstrap_servers: str, folder: Path) -> None:
        self.broker, self.folder = bootstrap_servers, folder
        self.prefix = f"soak-{uuid.uuid4().hex[:8]}."
        self.topics = TopicNames(self.prefix)
        apply(admin_of(bootstrap_servers), declared_topics(Topics(prefix=self.prefix, partitions=4)))

    @contextmanager
    def worker(self) -> Iterator[tuple[Worker, Watched]]:
        """Ready on entry, ended on exit."""
        state = self.folder / "worker"
        worker = SmallWorker(self.folder / "worker.log", self._settings(state))
        try:
            worker.wait_ready(READY_S)
            yield worker, Watched("worker", worker.process.pid, state, f"http://127.0.0.1:{worker.port}/metrics")
            worker.terminate()
        finally:
            worker.kill()

    @contextmanager
    def serve(self) -> Iterator[tuple[str, Watched]]:
        """Its URL, and the process; ready on entry, ended on exit."""
        port, state = free_port(), self.folder / "serve"
        url = f"http://127.0.0.1:{port}"
        settings = {**self._settings(state), "BRAID_API__PORT": str(port)}
        process = start("serve", self.folder / "serve.log", settings)
        try:
            eventually(lambda: _answers(url), READY_S)
            yield url, Watched("serve", process.pid, state, f"{url}/metrics")
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, (self.folder / "serve.log").read_text()[-3000:]
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _settings(self, state: Path) -> dict[str, str]:
        return {
            **SMALL,
            "BRAID_KAFKA__BOOTSTRAP_SERVERS": self.broker,
            "BRAID_TOPICS__PREFIX": self.prefix,
            "BRAID_STATE_DIR": str(state),
            "BRAID_ENCODER__MODEL": "hashed",
            "BRAID_PSEUDONYM__KEY": SECRET,
        }


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", trust_env=False, timeout=5).status_code == 200
    except httpx.TransportError:
        time.sleep(0.2)
        return False
