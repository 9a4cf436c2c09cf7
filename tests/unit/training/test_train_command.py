"""`braid train`: a versioned folder with the model and its metrics, and a remedy for wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.errors import UsageError
from streams.ranking.reranker_files import load
from tests.support.small_logs import DAY_S, NEW_YEAR_S, a_folder

ITEMS = [{"item_id": f"i{row}", "platform": "food", "title": f"tea {row}"} for row in range(30)]


def a_log_folder(path: Path, n_events: int) -> Path:
    random = np.random.default_rng(0)
    seen: set[tuple[int, int]] = set()
    events = []
    while len(events) < n_events:
        user, item = int(random.integers(0, 60)), int(random.integers(0, 30))
        if (user, item) not in seen:
            seen.add((user, item))
            events.append(f"u{user},food,i{item},{int(NEW_YEAR_S + len(events) // 4 * DAY_S)},{len(events)}")
    return a_folder(path, events, ITEMS)


@pytest.mark.requirement("K9")
def test_a_model_is_written_with_its_metrics_under_a_name_of_its_content(tmp_path) -> None:
    data = a_log_folder(tmp_path / "data", 800)
    for _ in range(2):
        arguments = ["train", str(data), "--out", str(tmp_path / "models"), "--networks", "1"]
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0, done.output
    # The same log and seed gave the same model: one folder.
    [model] = (tmp_path / "models").iterdir()
    assert len(load(model / "reranker.npz")) == 1
    metrics = json.loads((model / "metrics.json").read_text())
    assert metrics["data"] == "data"
    assert metrics["n_held_out"] == int(0.15 * metrics["n_examples"])
    assert 0.0 <= metrics["hits"] <= 1.0


def test_a_short_log_is_refused_with_the_remedy(tmp_path) -> None:
    data = a_log_folder(tmp_path / "data", 100)
    with pytest.raises(UsageError, match="longer log"):
        CliRunner().invoke(app, ["train", str(data), "--out", str(tmp_path)], catch_exceptions=False)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
