"""`python -m tests.in_parts ARGS`: all tests, in parts that are a pytest process each and run beside each other.

Most tests wait: for brokers, browsers, and processes that start. What a part says is shown when it has ended.
Where ARGS name tests, one process runs these and nothing else.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

NO_TESTS: Final = 5
ROOT: Final = Path(__file__).parents[1]
#: One more than can compute at once.
AT_ONCE: Final = (os.cpu_count() or 1) + 1
FAULTS: Final = {"test_chaos_catches_planted_bugs", "test_erased_letters_kafka", "test_fence_kafka", "test_pipeline_kafka"}
#: The part of a folder's tests, those on the real Kafka apart; of a folder that is not named: `others`.
FOLDERS: Final = {"browser": "browser", "contract": "units", "unit": "units", "integration": "integration"}
#: Those that take longest come first.
PARTS: Final = ("kafka, faults", "kafka", "browser", "units", "integration", "others")


@dataclass
class Part:
    """marked: an expression of markers. A file may have tests in two parts."""

    name: str
    marked: str
    files: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ended:
    part: Part
    code: int
    took_s: float
    said: str


def parts_of(files: Iterable[Path]) -> list[Part]:
    """Every test in one part."""
    parts = {name: Part(name, "kafka" if name.startswith("kafka") else "not kafka") for name in PARTS}
    for file in sorted(files):
        inside = str(file.relative_to(ROOT))
        parts[FOLDERS.get(file.relative_to(ROOT / "tests").parts[0], "others")].files.append(inside)
        if "mark.kafka" in file.read_text(encoding="utf-8"):
            parts["kafka, faults" if file.stem in FAULTS else "kafka"].files.append(inside)
    return list(parts.values())


def run(part: Part, arguments: list[str]) -> Ended:
    """Pytest over one part."""
    began_s = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-m", part.marked, *arguments, *part.files]
    # Parts share the cores: threads of one computation would wait for each other, and wait busily.
    environment = {"OMP_NUM_THREADS": "1", **os.environ}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        options = {"cwd": ROOT, "env": environment, "stdout": said, "stderr": subprocess.STDOUT}
        code = subprocess.run(command, check=False, **options).returncode
        said.seek(0)
        return Ended(part, code, time.monotonic() - began_s, said.read())


def main(arguments: list[str]) -> int:
    """The exit status of pytest: 0 when all parts were green and at least one had tests."""
    if any(Path(each.partition("::")[0]).exists() for each in arguments):
        return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode
    parts, codes = parts_of((ROOT / "tests").rglob("test_*.py")), []
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        print(f"{len(parts)} parts, {AT_ONCE} at once: {'; '.join(part.name for part in parts)}", flush=True)
        for done in as_completed([pool.submit(run, part, arguments) for part in parts]):
            ended = done.result()
            codes.append(ended.code)
            print(f"\n===== {ended.part.name}: {ended.took_s:.0f} s =====\n{ended.said}", flush=True)
    finally:
        pool.shutdown(cancel_futures=True)
    if set(codes) == {NO_TESTS}:
        return NO_TESTS
    return next((code for code in codes if code not in {0, NO_TESTS}), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
