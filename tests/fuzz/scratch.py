"""Folders that are gone when the process ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path


def scratch() -> Path:
    """A new one."""
    folder = Path(tempfile.mkdtemp(prefix="braid-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
