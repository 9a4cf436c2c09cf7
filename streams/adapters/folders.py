"""Folders the process writes to, checked before anything depends on them."""

from __future__ import annotations

import os
from pathlib import Path

from streams.errors import Unavailable


def writable_folder(path: Path, setting: str) -> Path:
    """The folder, created when absent. Raises Unavailable naming the setting when it cannot be written to."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"{setting}={path}: cannot be created ({error.strerror}); choose a folder you own") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise Unavailable(f"{setting}={path}: not writable; choose a folder you own")
    return path
