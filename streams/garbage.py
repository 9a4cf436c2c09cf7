"""The garbage collector of a process that holds very much for long and makes very much that goes at once."""

from __future__ import annotations

import gc

#: Objects that are made before the youngest are looked at, and how many looks at them make one at the older ones.
YOUNGEST, MIDDLE, OLDEST = 200_000, 20, 100


def calm() -> None:
    """What is here by now stays and is never looked at again; what comes is looked at seldom.

    Neither records nor answers hold cycles: looking at them often is a third of a fold, and one look at a catalogue of
    100,000 items takes 150 ms, out of the middle of a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNGEST, MIDDLE, OLDEST)
