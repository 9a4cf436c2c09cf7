"""E1: the packaged weights on the shared labelled sets.

SST-2 dev is new to them. The other sets they have learnt from: the floors there only say that the weights are the right ones
and are read as they were trained (docs/meaning.md has what was measured on texts held out).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest

from streams.meaning.sentiment import WEIGHTS, packaged_sentiment
from streams.training.labelled_texts import read_labelled_texts

DATA = Path(os.environ.get("BRAID_BENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.requirement("E1"),
    pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is absent: set BRAID_BENCH_DATA to the shared sets"),
]


def judged(path: str) -> tuple[np.ndarray, np.ndarray]:
    texts = read_labelled_texts(DATA / path)
    scores = packaged_sentiment().read([text.text for text in texts])
    return scores, np.array([np.nan if text.label is None else text.label for text in texts])


def accuracy(path: str) -> float:
    scores, labels = judged(path)
    return float(((scores > 0) == labels)[~np.isnan(labels)].mean())


def test_sentences_about_films_that_were_never_seen_are_judged_by_words_alone() -> None:
    assert accuracy("sentiment_en_sst2/dev.jsonl.gz") >= 0.81


@pytest.mark.parametrize(
    ("path", "floor"),
    [("sentiment_zh_shopping/reviews.jsonl.gz", 0.95), ("sentiment_en_products/reviews.jsonl.gz", 0.93)],
)
def test_texts_that_were_learnt_are_read_as_they_were_learnt(path, floor) -> None:
    assert accuracy(path) >= floor


def test_hardly_any_labelled_text_is_taken_for_another_language() -> None:
    for path in ("sentiment_zh_shopping/reviews.jsonl.gz", "sentiment_en_products/reviews.jsonl.gz"):
        scores, _ = judged(path)
        assert (scores == 0).mean() < 0.01


def test_three_stars_lie_between_two_and_four() -> None:
    texts = read_labelled_texts(DATA / "amazon_musical_instruments/events.jsonl.gz")[:4_000]
    scores = packaged_sentiment().read([text.text for text in texts])
    means = [scores[[text.label == label for text in texts]].mean() for label in (0, None, 1)]
    assert means == sorted(means)


def test_the_metrics_beside_the_weights_are_those_of_groups_held_out() -> None:
    metrics = json.loads((WEIGHTS / "sentiment.json").read_text(encoding="utf-8"))
    assert np.mean(list(metrics["zh"]["held_out_accuracy"].values())) >= 0.87
    assert metrics["zh"]["calibration_error"] < 0.03
    assert metrics["en"]["calibration_error"] < 0.03
    assert "sentiment_en_sst2/dev.jsonl.gz" not in metrics["files"]
