"""A worker whose encoder has moods: `python -m tests.support.moody_worker <mood file> worker …` is `braid worker`.

The file holds one word, read before every call and while a call hangs: `well`, `hang`, `raise`, `nan`, `lost`. The encoder is the
real one of the settings, but for what its device does. MOODY_POLL_S shortens the longest time between two polls, after
which a consumer leaves its group; MOODY_TAKE_OVER_S is what each take-over of a partition takes longer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from encoders.encoding import Encoding, Role
from encoders.errors import DeviceLost
from encoders.factory import TextEncoder
from streams import worker_parts
from streams.brokers.faust_connection import faust_broker_options
from streams.cli import main as braid
from streams.engine import shell
from streams.engine.ownership import OwnedPartition
from streams.settings import Kafka, Settings, environment_without_braid
from streams.wiring import encoder_of
from tests.support.pipeline import SECRET, Worker, free_port

LOOK_S = 0.05


class MoodyEncoder:
    """Meets the port; what its file says is what its device does."""

    def __init__(self, encoder: TextEncoder, mood: Path) -> None:
        self._encoder, self._mood = encoder, mood
        self.name, self.version = encoder.name, encoder.version
        self.dim, self.degraded = encoder.dim, encoder.degraded

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
        while (mood := self._mood.read_text()) == "hang":
            time.sleep(LOOK_S)
        if mood == "raise":
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        if mood == "lost":
            raise DeviceLost("device cuda answers this process no more")
        encoding = self._encoder.encode(texts, role)
        if mood == "nan":
            encoding.vectors[:] = np.nan
        return encoding


class MoodyWorker(Worker):
    """That worker as a process, and the file that rules its encoder. moody_poll_s, moody_take_over_s: see the module."""

    def __init__(
        self,
        bootstrap_servers: str,
        prefix: str,
        folder: Path,
        moody_poll_s: float = 0.0,
        moody_take_over_s: float = 0.0,
        **extra: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.log, self._mood = free_port(), folder / "worker.log", folder / "mood"
        self.feel("well")
        settings = {
            "BRAID_KAFKA__BOOTSTRAP_SERVERS": bootstrap_servers,
            "BRAID_KAFKA__SESSION_TIMEOUT_S": "3",
            "BRAID_TOPICS__PREFIX": prefix,
            "BRAID_STATE_DIR": str(folder / "state"),
            "BRAID_ENCODER__MODEL": "hashed",
            "BRAID_METRICS__PORT": str(self.port),
            "BRAID_PSEUDONYM__KEY": SECRET,
            "MOODY_POLL_S": str(moody_poll_s),
            "MOODY_TAKE_OVER_S": str(moody_take_over_s),
            **extra,
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.moody_worker", str(self._mood), "worker"],
                env={**environment_without_braid(), **settings},
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def feel(self, mood: str) -> None:
        """Change the mood, at once for a reader: never half a word."""
        unfinished = self._mood.with_suffix(".new")
        unfinished.write_text(mood)
        unfinished.rename(self._mood)

    def gauge(self, name: str, stage: str) -> float:
        """Sum over the labels, of one stage."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        ours = [line for line in lines if line.startswith(f"{name}{{") and f'stage="{stage}"' in line]
        return sum(float(line.rpartition(" ")[2]) for line in ours)


def main() -> None:
    """Put the moods before the encoder, then run the command as ever."""
    mood, max_poll_s = Path(sys.argv[1]), float(os.environ.pop("MOODY_POLL_S", "0"))
    take_over_s = float(os.environ.pop("MOODY_TAKE_OVER_S", "0"))

    def moody_encoder_of(settings: Settings) -> MoodyEncoder:
        return MoodyEncoder(encoder_of(settings), mood)

    worker_parts.encoder_of = moody_encoder_of
    if max_poll_s:

        def impatient(kafka: Kafka, *, is_embedded: bool = False) -> dict[str, Any]:
            options = faust_broker_options(kafka, is_embedded=is_embedded)
            return {**options, "broker_max_poll_interval": max_poll_s}

        worker_parts.faust_broker_options = impatient
    acquire = shell.acquire

    def slowly(*arguments: Any) -> OwnedPartition:
        time.sleep(take_over_s)
        return acquire(*arguments)

    shell.acquire = slowly
    sys.argv = ["braid", *sys.argv[2:]]
    braid()


if __name__ == "__main__":
    main()
