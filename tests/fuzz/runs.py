"""One gate under a number of bent inputs: batches first, one by one where a batch shows a fault."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.fuzz.findings import Finding, Hang
from tests.fuzz.gates import GATES, Gate
from tests.fuzz.isolated import Isolated
from tests.fuzz.mutations import Mutator, Parts

#: CPU time of one input: a hundred times what the dearest valid input costs, far below a session timeout.
BOUND_S = 0.25
#: Of an input that took longer: what other work on the machine added is not there each time.
SECOND_LOOKS = 3
#: Wall-clock: then the input is taken for one that never ends.
HANG_S = 30.0
#: Wall-clock, for a batch of folders in another process.
FILE_TIMEOUT_S = 15.0


@dataclass
class Report:
    """What became of a gate's inputs."""

    n_inputs: int = 0
    cpu_s: float = 0.0
    slowest_s: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)


class GateRun:
    """A gate, its inputs from a seed, and what they led to."""

    def __init__(self, name: str, seed: int, found: Callable[[Finding], None]) -> None:
        entry = GATES[name]
        self.name = name
        self.report = Report()
        self._found = found
        self._gate: Gate = Isolated(name, FILE_TIMEOUT_S) if entry.isolated else entry.make()
        self._isolated = entry.isolated
        seeds = self._gate.seeds()
        self._mutator = Mutator(random.Random(f"{seed}:{name}"), seeds)
        self.judge(seeds)

    def step(self, n_most: int) -> int:
        """A batch; returns its inputs."""
        cases = [self._mutator.case() for _ in range(min(n_most, self._gate.n_at_once))]
        self.judge(cases)
        return len(cases)

    def judge(self, cases: Sequence[Parts]) -> None:
        """Look at a batch, and at each of it when it shows a fault or takes long."""
        error, spent_s = self._timed(cases)
        self.report.n_inputs += len(cases)
        self.report.cpu_s += spent_s
        if error is None and (spent_s <= BOUND_S or self._isolated):
            self.report.slowest_s = max(self.report.slowest_s, spent_s / len(cases))
            return
        shown = [self._alone(case, count=error is not None) for case in cases]
        if error is not None and not any(shown):
            self._found(Finding.of(self.name, cases, error))

    def _alone(self, case: Parts, *, count: bool) -> bool:
        error, spent_s = self._timed([case], count=count)
        for _ in range(SECOND_LOOKS):
            if error is None and spent_s > BOUND_S:
                spent_s = min(spent_s, self._timed([case], count=False)[1])
        self.report.slowest_s = max(self.report.slowest_s, spent_s)
        if error is None and spent_s > BOUND_S and not self._isolated:
            error = Hang(f"{spent_s:.2f} s of CPU time for one input, at most {BOUND_S}")
        if error is not None:
            self.report.outcomes["FINDING"] += 1
            self._found(Finding.of(self.name, [case], error))
        return error is not None

    def _timed(self, cases: Sequence[Parts], *, count: bool = True) -> tuple[BaseException | None, float]:
        """(what it let out, CPU time)."""
        began_s = time.process_time()
        error = self._tried(cases, count=count)
        return error, time.process_time() - began_s

    def _tried(self, cases: Sequence[Parts], *, count: bool = True) -> BaseException | None:
        try:
            with _alarm(HANG_S):
                outcomes = self._gate.judge(cases)
        except (Exception, Hang, RecursionError) as error:  # noqa: BLE001 - whatever a gate lets out is what is looked for
            return error
        if count:
            self.report.outcomes.update(outcomes)
        return None


@contextmanager
def _alarm(after_s: float) -> Iterator[None]:
    def ring(*_: object) -> None:
        raise Hang(f"more than {after_s:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
