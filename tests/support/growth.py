"""How the time of a piece of work grows with its input: judged by turns, so that a noisy machine only makes it slower to say.

A time is no test. That eight times the input takes about eight times as long is a law, and can be seen anywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

TIMES: Final = 8
#: Linear growth is 8 times, quadratic 64, and `n log n` 11.
BOUND: Final = 24
#: Below it, the clock and the calls around the work are what is measured.
LEAST_S: Final = 0.000_2
MAX_TURNS: Final = 40


def growth(work: Callable[[int], Callable[[], object]], n: int) -> float:
    """How many times as long eight times the input takes, at its best; at most `BOUND` where it is linear.

    work: makes the input of a size, which is not measured, and returns what is to be done with it.
    Other work on the machine only ever adds, so turns go on until the bound is kept or `MAX_TURNS` have shown it broken.
    """
    small, large = work(n), work(TIMES * n)
    small()
    small_s, large_s = float("inf"), float("inf")
    for _ in range(MAX_TURNS):
        small_s, large_s = min(small_s, _seconds(small)), min(large_s, _seconds(large))
        if large_s <= BOUND * max(small_s, LEAST_S):
            break
    return large_s / max(small_s, LEAST_S)


def _seconds(work: Callable[[], object]) -> float:
    # Of this thread: others of the tests' process go on meanwhile.
    began_s = time.thread_time()
    work()
    return time.thread_time() - began_s
