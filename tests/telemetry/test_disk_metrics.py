from __future__ import annotations

import math
import shutil
from pathlib import Path

from prometheus_client import generate_latest

from streams.telemetry.disk_metrics import watch_disk
from streams.telemetry.metrics import REGISTRY


def test_the_disk_is_measured_when_metrics_are_read(tmp_path: Path) -> None:
    watch_disk(tmp_path)
    free, size = REGISTRY.get_sample_value("braid_disk_free_bytes"), REGISTRY.get_sample_value("braid_disk_bytes")
    assert free is not None
    assert size == shutil.disk_usage(tmp_path).total
    assert 0 <= free <= size


def test_a_folder_that_is_gone_takes_no_other_metric_with_it(tmp_path: Path) -> None:
    watch_disk(tmp_path / "gone")
    assert math.isnan(REGISTRY.get_sample_value("braid_disk_free_bytes") or 0.0)
    assert b"braid_records_total" in generate_latest(REGISTRY)
