"""An encoder that is waited for: what its device refuses is tried again until it works, in smaller parts.

A device that is lost to the process is not waited for: the worker ends, and whoever started it starts it again.

So an encoder that hangs or fails stops the intake of the stages that need it, and nothing else: the call that waits
holds its lane, a full lane is left out of the fetch, and heartbeats, checkpoints and other stages go on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Final

import numpy as np
import structlog

from streams.ports import BatchReport, Encoder, Encoding, Role, Vectors
from streams.service.encode_texts import fault_of
from streams.telemetry import metrics

FIRST_WAIT_S: Final = 0.1
MAX_WAIT_S: Final = 10.0
#: A text that failed alone so often in a row, another as long working each time right after it, is itself the reason.
ALONE_TRIES: Final = 3

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Report:
    """The sum of several calls' reports."""

    n_texts: int
    n_tokens: int
    n_padding_tokens: int
    n_truncated: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class _Encoded:
    """vectors: float32 (B, D), rows in the order of the texts."""

    vectors: Vectors
    report: BatchReport


class PatientEncoder:
    """Meets the port `Encoder` for one stage; as thread-safe as what it wraps.

    wait: how a thread sleeps between two tries. now: monotonic seconds, for the gauge of what is waited for.
    """

    def __init__(
        self,
        encoder: Encoder,
        stage: str,
        wait: Callable[[float], object] = sleep,
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._encoder = encoder
        self._stage = stage
        self._wait = wait
        self._now = now
        self._since: dict[object, float] = {}
        self._lock = threading.Lock()
        self._n_unencodable = metrics.UNENCODABLE_TEXTS.labels(stage)
        metrics.ENCODER_WAITING.labels(stage).set_function(self.waiting_s)

    @property
    def name(self) -> str:
        """Of the encoder."""
        return self._encoder.name

    @property
    def version(self) -> str:
        """Of the encoder."""
        return self._encoder.version

    @property
    def dim(self) -> int:
        """Of the encoder."""
        return self._encoder.dim

    @property
    def degraded(self) -> bool:
        """Of the encoder."""
        return self._encoder.degraded

    def waiting_s(self) -> float:
        """How long the oldest call has been waiting for vectors; 0 when none waits."""
        with self._lock:
            return max(0.0, self._now() - min(self._since.values())) if self._since else 0.0

    def encode(self, texts: Sequence[str], role: Role = "passage") -> Encoding:
        """Texts (B,) -> float32 (B, D), finite. Blocks until the encoder has answered, however long it takes."""
        with self._waiting():
            encoded = self._try(texts, role)
            return encoded if encoded is not None else self._in_parts(texts, role)

    def _in_parts(self, texts: Sequence[str], role: Role) -> Encoding:
        """What failed as a whole, half as many at once after every failure: memory may be short, or one text bad."""
        done: list[Encoding] = []
        start, n_failures, n_blamed, n_at_once = 0, 1, 0, max(1, len(texts) // 2)
        while start < len(texts):
            if n_failures:
                self._wait(min(FIRST_WAIT_S * 2.0 ** min(n_failures - 1, 16), MAX_WAIT_S))
            part = texts[start : start + n_at_once]
            encoded = self._try(part, role)
            if encoded is None:
                n_failures, n_at_once = n_failures + 1, max(1, len(part) // 2)
                n_blamed = n_blamed + 1 if len(part) == 1 and self._works_for_as_long(part[0], role) else 0
                if n_blamed < ALONE_TRIES:
                    continue
                encoded = self._give_up(role)
            done.append(encoded)
            start, n_failures, n_blamed, n_at_once = start + len(part), 0, 0, 2 * len(part)
        _log.info("encoder_answers_again", stage=self._stage, n_texts=len(texts))
        return _joined(done)

    def _works_for_as_long(self, text: str, role: Role) -> bool:
        """A short text would work while memory is short for long ones alone, and lay the blame on each of them."""
        return self._try([probe_as_long_as(text)], role) is not None

    def _try(self, texts: Sequence[str], role: Role) -> Encoding | None:
        try:
            encoded = self._encoder.encode(texts, role)
        except RuntimeError as error:  # the device failed, as the port says; a lost device and a bug end the worker
            self._note("raised", error, len(texts))
            return None
        fault = fault_of(encoded.vectors, len(texts), self.dim)
        if fault is not None:
            self._note("not_vectors", fault, len(texts))
            return None
        return encoded

    def _note(self, reason: str, why: object, n_texts: int) -> None:
        metrics.ENCODER_FAILURES.labels(self._stage, reason).inc()
        _log.warning("encoder_failed", stage=self._stage, reason=reason, why=str(why)[:500], n_texts=n_texts)

    def _give_up(self, role: Role) -> Encoding:
        """One text that cannot be encoded counts as one without content: the events behind it must not wait."""
        self._n_unencodable.inc()
        _log.error("text_without_vector", stage=self._stage, role=role)
        return _Encoded(np.zeros((1, self.dim), np.float32), _Report(1, 0, 0, 0, 0.0))

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        call = object()
        with self._lock:
            self._since[call] = self._now()
        try:
            yield
        finally:
            with self._lock:
                del self._since[call]


def probe_as_long_as(text: str) -> str:
    """A harmless text, a word for each character: memory goes by the tokens, of which a text hardly ever has more.

    >>> probe_as_long_as("tea")
    'a a a'
    """
    return " ".join("a" * max(1, len(text)))


def _joined(parts: list[Encoding]) -> Encoding:
    reports = [part.report for part in parts]
    report = _Report(
        sum(each.n_texts for each in reports),
        sum(each.n_tokens for each in reports),
        sum(each.n_padding_tokens for each in reports),
        sum(each.n_truncated for each in reports),
        sum(each.duration_s for each in reports),
    )
    return _Encoded(np.concatenate([part.vectors for part in parts]), report)
