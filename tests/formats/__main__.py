"""Keeps the state of the release that this code is, for later ones to read: `python -m tests.formats 0.2.0`."""

from __future__ import annotations

import sys

from tests.formats.kept import FOLDER, keep

keep(sys.argv[1])
print(*sorted(path.name for path in (FOLDER / sys.argv[1]).iterdir()))
