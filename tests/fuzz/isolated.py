"""A gate in a process of its own, which may die without taking the others along."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from tests.fuzz.findings import Hang, Violation
from tests.fuzz.gates import GATES, Gate
from tests.fuzz.mutations import Parts

_gate: Gate | None = None


class Isolated:
    """Meets `gates.Gate`."""

    n_at_once = 8

    def __init__(self, name: str, timeout_s: float) -> None:
        self.name = name
        self._timeout_s = timeout_s
        self._pool = self._started()

    def seeds(self) -> list[Parts]:
        """Of the gate."""
        return self._pool.submit(_seeds).result()

    def judge(self, cases: Sequence[Parts]) -> list[str]:
        """One outcome a case. Raises what the gate raises, Violation when the process died, Hang."""
        try:
            return self._pool.submit(_judge, cases).result(self._timeout_s)
        except BrokenProcessPool:
            self._pool = self._started()
            raise Violation("the process died: native code read what it must not") from None
        except TimeoutError:
            # Native code that loops holds the interpreter: only a signal that cannot be caught ends it.
            for process in list(self._pool._processes.values()):
                process.kill()
            self._pool = self._started()
            raise Hang(f"more than {self._timeout_s:g} s") from None

    def _started(self) -> ProcessPoolExecutor:
        # Spawned: a fork would inherit threads of RocksDB and torch.
        return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin, (self.name,))


def _begin(name: str) -> None:
    global _gate  # noqa: PLW0603 - one gate a process
    _gate = GATES[name].make()


def _seeds() -> list[Parts]:
    assert _gate is not None
    return _gate.seeds()


def _judge(cases: Sequence[Parts]) -> list[str]:
    assert _gate is not None
    return _gate.judge(cases)
