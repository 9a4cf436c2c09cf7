"""Where a model runs and in which number format, with the reason in words for the log.

bfloat16 halves the bytes and, where the hardware multiplies in it, doubles the speed at cosine .9999 to float32.
Where the hardware only emulates it, it is slower than float32: so "auto" looks at the hardware first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from encoders.errors import UnsupportedModel

Dtype = Literal["auto", "float32", "bfloat16"]

BF16_CPU_FLAGS = frozenset({"avx512_bf16", "amx_bf16"})
BF16_CUDA_CAPABILITY = (8, 0)  # Ampere; earlier cards emulate it


@dataclass(frozen=True, slots=True)
class Placement:
    """A device, a number format, and why."""

    device: torch.device
    dtype: torch.dtype
    reason: str


def read_cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Instruction sets of the first processor; empty where the system does not say."""
    try:
        with cpuinfo.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith("flags"):
                    return frozenset(line.partition(":")[2].split())
    except OSError:
        pass
    return frozenset()


def choose_placement(device: str = "auto", dtype: Dtype = "auto", cpu_flags: Iterable[str] | None = None) -> Placement:
    """Resolve "auto". cpu_flags: as `read_cpu_flags` gives them (default).

    Raises:
        UnsupportedModel: the device is unknown or absent.
    """
    chosen, why_device = _choose_device(device)
    if dtype == "auto":
        number, why_dtype = _choose_dtype(chosen, frozenset(read_cpu_flags() if cpu_flags is None else cpu_flags))
    else:
        number, why_dtype = getattr(torch, dtype), f"{dtype} as asked"
    return Placement(chosen, number, f"{why_device}; {why_dtype}")


def is_lost(device: torch.device, touch: Callable[[torch.device], object] | None = None) -> bool:
    """Whether a device that has just failed is dead to this process: after some faults CUDA refuses all that follows.

    Memory that is short is no loss: it may be there again. touch: asks the least of the device; raises RuntimeError.
    """
    if device.type != "cuda":
        return False
    try:
        (touch or _touch)(device)
    except RuntimeError as error:
        # What is short beside torch's own memory comes as any other error of CUDA.
        return not isinstance(error, torch.OutOfMemoryError) and "out of memory" not in str(error)
    return False


def _touch(device: torch.device) -> object:
    return torch.zeros(1, device=device).item()


def _choose_device(name: str) -> tuple[torch.device, str]:
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda"), f"cuda ({torch.cuda.get_device_name()}) because there is one"
        return torch.device("cpu"), "cpu because there is no CUDA device"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UnsupportedModel(f"device = {name!r} is unknown: use auto, cpu, cuda or cuda:<number>") from error
    if device.type not in ("cpu", "cuda"):
        raise UnsupportedModel(f"device = {name!r} is not supported: use auto, cpu, cuda or cuda:<number>")
    n_cards = torch.cuda.device_count() if device.type == "cuda" else 0
    if device.type == "cuda" and (device.index or 0) >= n_cards:
        raise UnsupportedModel(f"device = {name!r}, but {n_cards} CUDA devices are visible: use auto or cpu")
    return device, f"{name} as asked"


def _choose_dtype(device: torch.device, cpu_flags: frozenset[str]) -> tuple[torch.dtype, str]:
    if device.type == "cuda":
        if torch.cuda.get_device_capability(device) >= BF16_CUDA_CAPABILITY:
            return torch.bfloat16, "bfloat16 because the card computes in it"
        return torch.float32, "float32 because the card only emulates bfloat16"
    found = sorted(BF16_CPU_FLAGS & cpu_flags)
    if found:
        return torch.bfloat16, f"bfloat16 because the processor has {' and '.join(found)}"
    return torch.float32, "float32 because the processor has neither avx512_bf16 nor amx_bf16"
