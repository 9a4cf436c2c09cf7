"""The encoder: whether it loads, where it runs, and whether its vectors mean something."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from streams.checks.findings import Finding
from streams.ports import Encoder


def encoder(load: Callable[[], Encoder], placement: Callable[[], str]) -> Iterator[Finding]:
    """load: the configured one; raises Unavailable. placement: device and number format, with the reason."""
    loaded = load()
    vectors = loaded.encode(["braid"]).vectors
    where = placement()
    if vectors.shape != (1, loaded.dim) or not np.isfinite(vectors).all():
        remedy = "try BRAID_ENCODER__DTYPE=float32 or BRAID_ENCODER__DEVICE=cpu"
        yield Finding("encoder", "fail", f"{loaded.name} gives no vectors", remedy)
    elif loaded.degraded:
        said = f"{loaded.name} works, and its vectors carry less meaning than those of a production encoder"
        remedy = "enough for a trial; else set BRAID_ENCODER__MODEL to a model of the hub, or leave it out"
        yield Finding("encoder", "warn", said, remedy)
    else:
        yield Finding("encoder", "ok", f"{loaded.name}, version {loaded.version}, {loaded.dim} dimensions")
    yield Finding("device", "ok", where)
