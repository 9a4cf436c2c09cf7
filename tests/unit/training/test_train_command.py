"""`braid train`: a versioned folder with the model and its metrics, and a remedy for wrong use."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from streams.cli.commands import app
from streams.errors import UsageError
from streams.ranking.model_files import load_model
from tests.support.cloud_events import a_cloud_event
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


@pytest.fixture(autouse=True)
def an_encoder_without_weights(monkeypatch) -> None:
    monkeypatch.setenv("BRAID_ENCODER__MODEL", "hashed")


def trained(data: Path, out: Path, *options: str) -> str:
    arguments = ["train", str(data), "--out", str(out), "--networks", "1", *options]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def models_in(out: Path) -> list[Path]:
    return [folder for folder in out.iterdir() if folder.name != "current"]


@pytest.mark.requirement("K9")
def test_a_model_is_written_with_its_metrics_under_a_name_of_its_content(tmp_path) -> None:
    data, out = a_log_folder(tmp_path / "data", 800), tmp_path / "models"
    for _ in range(2):
        trained(data, out)
    # The same log and seed gave the same model: one folder.
    [folder] = models_in(out)
    model = load_model(out / "current", "hashed@1")
    assert (model.label, len(model.rerankers)) == (folder.name, 1)
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["data"] == "data"
    assert metrics["reranker"]["n_held_out"] == int(0.15 * metrics["reranker"]["n_examples"])
    assert 0.0 <= metrics["reranker"]["hits"] <= 1.0
    assert metrics["content"]["frozen"]["weight"] == model.content_weight


def test_an_adapter_that_gains_nothing_is_not_written_and_that_is_said(tmp_path) -> None:
    # Who takes what is drawn at random.
    words = trained(a_log_folder(tmp_path / "data", 1_000), tmp_path / "models")
    assert "the adapter gains nothing" in words
    [folder] = models_in(tmp_path / "models")
    assert not (folder / "adapter.npz").exists()
    assert json.loads((folder / "model.json").read_text())["adapter"] is None


@pytest.mark.requirement("D7")
def test_shorter_vectors_are_written_where_they_are_asked_for_with_what_they_lose(tmp_path) -> None:
    words = trained(a_log_folder(tmp_path / "data", 1_000), tmp_path / "models", "--dim", "12")
    assert "of the ten nearest neighbours stay" in words
    [folder] = models_in(tmp_path / "models")
    encoder = json.loads((folder / "model.json").read_text())["encoder"]
    adapter = load_model(folder, encoder).adapter
    assert adapter is not None
    assert adapter.dim == 12


def test_without_vectors_content_counts_as_with_the_packaged_model(tmp_path) -> None:
    words = trained(a_log_folder(tmp_path / "data", 800), tmp_path / "models", "--no-vectors", "--no-use")
    assert "content counts as with the packaged model" in words
    [folder] = models_in(tmp_path / "models")
    assert "content" not in json.loads((folder / "metrics.json").read_text())
    assert not (tmp_path / "models" / "current").exists()


@pytest.mark.requirement("N5")
def test_a_balanced_model_tells_how_it_did_before(tmp_path) -> None:
    trained(a_log_folder(tmp_path / "data", 800), tmp_path / "models", "--no-vectors", "--balance")
    [folder] = models_in(tmp_path / "models")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["reranker"]["is_balanced"]
    assert not metrics["reranker_unbalanced"]["is_balanced"]
    assert metrics["reranker"]["hits_by_history"].keys() == metrics["reranker_unbalanced"]["hits_by_history"].keys()


def test_nothing_after_the_day_that_is_named_is_learnt_from(tmp_path) -> None:
    trained(a_log_folder(tmp_path / "data", 1_000), tmp_path / "models", "--no-vectors", "--until", "2014-08-01")
    [folder] = models_in(tmp_path / "models")
    until_s = json.loads((folder / "model.json").read_text())["created_from"]["until_s"]
    assert NEW_YEAR_S < until_s < NEW_YEAR_S + 212 * DAY_S


@pytest.mark.requirement("K9", "N7")
def test_cloud_events_teach_too_but_not_those_of_people_who_refuse(tmp_path) -> None:
    random, events = np.random.default_rng(0), []
    for at in range(900):
        user = int(random.integers(0, 60))
        data = {"item": {"item_id": f"i{random.integers(0, 30)}", "title": f"tea {at % 30}"}}
        events.append(cloud_event(at, f"u{user}", "shop.wishlist.added", data))
    refusal = cloud_event(900, "u1", "shop.consent.changed", {"consents": {"train": False}})
    (tmp_path / "data").mkdir()
    lines = "".join(json.dumps(event) + "\n" for event in [*events, refusal])
    (tmp_path / "data" / "events.jsonl").write_text(lines)
    words = trained(tmp_path / "data", tmp_path / "models", "--no-vectors")
    n_left = sum(event["subject"] != "u1" for event in events)
    assert f"replaying {n_left} events of 59 people" in words


def cloud_event(at: int, subject: str, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    time = datetime.fromtimestamp(NEW_YEAR_S + at // 4 * DAY_S, UTC).isoformat()
    return a_cloud_event(id=f"e{at}", subject=subject, type=kind, time=time, data=data)


@pytest.mark.requirement("K9")
def test_models_are_listed_and_one_can_be_used_again(tmp_path) -> None:
    data, out = a_log_folder(tmp_path / "data", 800), tmp_path / "models"
    names = []
    for seed in ("0", "1"):
        trained(data, out, "--no-vectors", "--seed", seed)
        names.append((out / "current").readlink().name)
    listed = CliRunner().invoke(app, ["models", "list", str(out)], env={"COLUMNS": "160"}, catch_exceptions=False)
    assert all(name in listed.output for name in names)
    used = CliRunner().invoke(app, ["models", "use", str(out), names[0]], catch_exceptions=False)
    assert f"{names[0]} (before: {names[1]})" in used.output
    assert load_model(out / "current", "hashed@1").label == names[0]


def test_a_short_log_is_refused_with_the_remedy(tmp_path) -> None:
    data = a_log_folder(tmp_path / "data", 100)
    with pytest.raises(UsageError, match="longer log"):
        CliRunner().invoke(app, ["train", str(data), "--out", str(tmp_path)], catch_exceptions=False)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
