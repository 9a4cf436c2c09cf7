"""Every board, and the metrics that are for whoever searches a fault: on no board and in no rule."""

from __future__ import annotations

from deploy.boards.access import ACCESS
from deploy.boards.encoder import ENCODER
from deploy.boards.flow import FLOW
from deploy.boards.profiles import PROFILES
from deploy.boards.serving import SERVING

BOARDS = (FLOW, PROFILES, SERVING, ACCESS, ENCODER)
DIAGNOSTIC = frozenset({
    "process_virtual_memory_bytes",
    "python_gc_collections_total",
    "python_gc_objects_collected_total",
    "python_gc_objects_uncollectable_total",
    "python_info",
})
