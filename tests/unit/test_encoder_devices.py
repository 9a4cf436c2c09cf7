"""The number format follows what the hardware computes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from encoders.devices import Placement, choose_placement, is_lost, read_cpu_flags
from encoders.errors import UnsupportedModel
from encoders.transformer import TransformerOptions, batch_tokens


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16"])
def test_a_processor_with_bfloat16_instructions_gets_bfloat16(flag: str) -> None:
    placement = choose_placement("cpu", "auto", ["avx2", flag])
    assert placement.dtype is torch.bfloat16
    assert flag in placement.reason


def test_a_processor_without_them_gets_float32() -> None:
    placement = choose_placement("cpu", "auto", ["avx2", "avx512f"])
    assert placement.dtype is torch.float32
    assert "avx512_bf16" in placement.reason


def test_an_explicit_number_format_wins_over_the_hardware() -> None:
    assert choose_placement("cpu", "float32", ["amx_bf16"]).dtype is torch.float32
    assert choose_placement("cpu", "bfloat16", []).dtype is torch.bfloat16


@pytest.mark.parametrize("device", ["tpu9", "meta", "cuda:99"])
def test_a_device_that_is_not_there_is_named_with_the_remedy(device: str) -> None:
    with pytest.raises(UnsupportedModel, match=rf"device = '{device}'.*use auto"):
        choose_placement(device)


def test_the_flags_are_those_of_the_first_processor(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nflags\t\t: fpu avx512_bf16\nprocessor\t: 1\nflags\t\t: fpu\n")
    assert read_cpu_flags(cpuinfo) == {"fpu", "avx512_bf16"}


def test_a_system_without_cpuinfo_has_no_flags(tmp_path: Path) -> None:
    assert read_cpu_flags(tmp_path / "absent") == frozenset()


def refuses(error: RuntimeError) -> Callable[[torch.device], object]:
    def touch(_: torch.device) -> object:
        raise error

    return touch


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (RuntimeError("CUDA error: device-side assert triggered"), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 MiB"), False),
        (RuntimeError("CUDA error: out of memory"), False),
    ],
)
def test_a_card_that_refuses_the_least_is_lost_unless_its_memory_is_short(error: RuntimeError, lost: bool) -> None:
    assert is_lost(torch.device("cuda"), refuses(error)) is lost


def test_a_card_that_answers_and_a_processor_are_not_lost() -> None:
    assert not is_lost(torch.device("cuda"), lambda _: 0.0)
    assert not is_lost(torch.device("cpu"), refuses(RuntimeError("CUDA error: device-side assert triggered")))


@pytest.mark.parametrize(("device", "n_tokens"), [("cpu", 4_096), ("cuda", 16_384), ("cuda:1", 16_384)])
def test_a_gpu_gets_larger_batches_than_a_processor_unless_somebody_says(device: str, n_tokens: int) -> None:
    placement = Placement(torch.device(device), torch.float32, "as asked")
    assert batch_tokens(TransformerOptions(), placement) == n_tokens
    assert batch_tokens(TransformerOptions(max_batch_tokens=512), placement) == 512
