"""The peers' own virtual environment, made when it is missing or its pins changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench.report import ROOT

PINS = ROOT / "tests" / "bench" / "peers.txt"
FOLDER = ROOT / ".bench"


def peer_python() -> Path:
    """Its interpreter. Takes seconds with a warm cache, a minute without."""
    home = FOLDER / "peers"
    python, made_of = home / "bin" / "python", home / "made-of.txt"
    if python.is_file() and made_of.is_file() and made_of.read_text() == PINS.read_text():
        return python
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n")
    uv = [str(Path(sys.executable).parent / "uv")]
    print("installing the peers ...", file=sys.stderr, flush=True)
    subprocess.run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(home)], check=True)
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", str(python), "--requirement", str(PINS)], check=True)
    made_of.write_text(PINS.read_text())
    return python
