"""Every error an index raises on purpose, named by what the caller does next.

    IndexFault
    ├── NoSnapshot         nothing was saved yet      → start empty, read the topic from its start
    ├── SnapshotMismatch   saved for something else   → start empty, read the topic from its start
    ├── CorruptSnapshot    saved bytes are not trusted → as for SnapshotMismatch, and tell the operator
    └── RebuildFailed      the background build died  → stop the process; reads go on until then

Wrong shapes and wrong arguments stay ValueError.
"""

from __future__ import annotations


class IndexFault(Exception):  # noqa: N818 - the children are named by the reaction
    """Base of all deliberate errors of this package."""


class NoSnapshot(IndexFault):
    """The directory holds no snapshot: the usual first start. Begin with an empty index and the start of the topic."""


class SnapshotMismatch(IndexFault):
    """The snapshot is sound but was made for another dimension, model or file format.

    Begin with an empty index and the start of the topic; the next save replaces the old snapshot.
    """


class CorruptSnapshot(IndexFault):
    """Saved bytes failed their check; they are never handed to FAISS, which a cut file can kill.

    The snapshot before it is loaded when that one is sound; else the index is rebuilt from the topic. Operator action:
    delete the folder that the message names, look for a failing disk when it happens twice.
    """


class RebuildFailed(IndexFault):
    """The background build ended with an error, its cause is attached; searches still work, changes are refused.

    Operator action: restart the process. Out of memory is the usual cause: a rebuild holds the main part twice.
    """
