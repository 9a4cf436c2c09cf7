"""How every benchmark reports: one JSON object as the last line of stdout, readable by machines and by the docs."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTABLE_FLAGS = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8")

Engines = Mapping[str, Mapping[str, Sequence[float]]]


def emit(
    name: str, settings: Mapping[str, object], engines: Engines, baseline: str = "braid", measure: str | None = None
) -> None:
    """Print the report.

    engines: engine -> measure -> one value a round, rounds interleaved between the engines. ratios: the baseline over
    each other engine, round by round, in `measure` (default: the baseline's first one).
    """
    chosen = measure or next(iter(engines[baseline]))
    ours = engines[baseline][chosen]
    report = {
        "name": name,
        "machine": machine(),
        "commit": commit(),
        "settings": {**settings, "ratio_of": chosen},
        "engines": {
            engine: {key: [_short(value) for value in values] for key, values in measures.items()}
            for engine, measures in engines.items()
        },
        "ratios": {
            f"{baseline}/{engine}": ratio(ours, measures[chosen])
            for engine, measures in engines.items()
            if engine != baseline and chosen in measures
        },
    }
    print(json.dumps(report, ensure_ascii=False), flush=True)


def skip(name: str, reason: str) -> None:
    """Print why nothing was measured, in the place where the report would be."""
    print(json.dumps({"name": name, "machine": machine(), "commit": commit(), "skipped": reason}), flush=True)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> dict[str, float]:
    """Of two series of rounds: median, smallest and largest quotient."""
    quotients = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return {
        "median": _short(statistics.median(quotients)),
        "min": _short(min(quotients)),
        "max": _short(max(quotients)),
    }


def bench_data() -> Path:
    """Folder of the data sets: BRAID_BENCH_DATA, or `shared/data` beside the repository."""
    return Path(os.environ.get("BRAID_BENCH_DATA", ROOT.parent / "shared" / "data"))


def machine() -> dict[str, object]:
    """What decides the figures."""
    fields = _cpuinfo()
    flags = set(str(fields.get("flags", "")).split())
    return {
        "cpu": fields.get("model name", platform.processor() or platform.machine()),
        "n_cores": os.cpu_count(),
        "flags": [flag for flag in NOTABLE_FLAGS if flag in flags],
        "memory_gib": _short(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)),
        "load_1min": _short(os.getloadavg()[0]),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def commit() -> str:
    """The commit measured, `+changes` when the tree differs from it; `unknown` outside a repository."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+changes" if _git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text(errors="replace").partition("\n\n")[0]
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}


def _short(value: float) -> float:
    return float(f"{value:.4g}")
