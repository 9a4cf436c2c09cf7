"""N2: classification reports of sentiment, on splits that the product's own trainer learns."""

from __future__ import annotations

import json

import numpy as np
import pytest

from streams.errors import UsageError
from streams.evaluation.classification import interval_95, report_of
from streams.evaluation.sentiment import evaluate_sentiment

pytestmark = pytest.mark.requirement("N2")


def made_file(folder, name, categories=("tea", "lamps", "books")):
    kind = ("it works well, I love it", "great quality, recommended", "very happy with this")
    sour = ("it broke, I hate it", "poor quality, do not buy", "very unhappy with this")
    lines = [
        {"text": f"{said}, {category} number {number}", "label": label, "category": category}
        for category in categories
        for number in range(5)
        for label, texts in ((1, kind), (0, sour))
        for said in texts
    ]
    file = folder / name
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def test_the_report_counts_as_one_does_by_hand() -> None:
    report = report_of(np.array([1, 1, 1, 1, 0, 0]), np.array([1, 1, 1, 0, 0, 1]))
    assert report.n_taken == ((1, 1), (1, 3))
    assert report.accuracy == pytest.approx(4 / 6)
    assert (report.precision(1), report.recall(1), report.f1(1)) == pytest.approx((3 / 4, 3 / 4, 3 / 4))
    assert (report.precision(0), report.recall(0), report.f1(0)) == pytest.approx((1 / 2, 1 / 2, 1 / 2))
    row = report.row()
    assert row["precision"] == pytest.approx(5 / 8)
    assert row["confusion"] == [[1, 1], [1, 3]]


def test_an_answer_that_never_came_has_precision_nought() -> None:
    report = report_of(np.array([1, 0]), np.array([0, 0]))
    assert (report.precision(1), report.recall(1), report.f1(1)) == (0, 0, 0)


@pytest.mark.parametrize(("share", "n"), [(0.0, 5), (1.0, 5), (0.5, 1), (0.9, 1000), (0.3, 0)])
def test_the_interval_holds_its_share_and_stays_within_bounds(share, n) -> None:
    low, high = interval_95(share, n)
    assert 0 <= low <= share <= high <= 1 + 1e-12


class TestOfAFile:
    @pytest.fixture(autouse=True)
    def _needs_scikit_learn(self) -> None:
        pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")

    def test_every_split_is_measured_by_every_method(self, tmp_path) -> None:
        rows = evaluate_sentiment(made_file(tmp_path, "reviews.jsonl"))
        assert {row["protocol"] for row in rows} == {"sentiment"}
        assert {row["split"] for row in rows} == {
            *(f"held-back fifth {number}" for number in range(1, 6)), "mean of 5, held-back fifth",
            "left out: tea", "left out: lamps", "left out: books", "mean of 3, left out"
        }  # fmt: skip
        assert {row["method"] for row in rows} == {"naive bayes", "logistic regression", "braid", "shipped"}
        assert len(rows) == 10 * 4
        assert all(row["accuracy"] > 0.9 for row in rows if row["method"] in {"braid", "shipped"})

    def test_the_mean_is_that_of_the_categories(self, tmp_path) -> None:
        rows = [row for row in evaluate_sentiment(made_file(tmp_path, "reviews.jsonl")) if row["method"] == "braid"]
        own = [row["accuracy"] for row in rows if row["split"].startswith("left out")]
        (mean,) = [row for row in rows if row["split"] == "mean of 3, left out"]
        assert mean["accuracy"] == pytest.approx(np.mean(own))

    def test_shipped_weights_say_whether_they_have_seen_the_texts(self, tmp_path) -> None:
        rows = evaluate_sentiment(made_file(tmp_path, "reviews.jsonl"))
        assert {row["seen"] for row in rows if row["method"] == "shipped"} == {False}

    def test_a_file_for_measuring_is_judged_by_what_lies_beside_it(self, tmp_path) -> None:
        beside = made_file(tmp_path, "train.jsonl")
        rows = evaluate_sentiment(made_file(tmp_path, "dev.jsonl", categories=("shoes",)), beside=[beside])
        assert {row["split"] for row in rows} == {"dev"}
        assert {row["n"] for row in rows} == {30}

    def test_a_file_for_measuring_alone_is_refused(self, tmp_path) -> None:
        with pytest.raises(UsageError, match="no file to learn from"):
            evaluate_sentiment(made_file(tmp_path, "dev.jsonl"))

    def test_a_file_with_one_label_is_refused(self, tmp_path) -> None:
        (tmp_path / "one.jsonl").write_text('{"text": "a", "label": 1}\n', encoding="utf-8")
        with pytest.raises(UsageError, match="both labels"):
            evaluate_sentiment(tmp_path / "one.jsonl")

    def test_a_category_that_holds_all_the_blame_is_refused(self, tmp_path) -> None:
        file = tmp_path / "split.jsonl"
        lines = [{"text": f"good {i}", "label": 1, "category": "a"} for i in range(9)]
        lines += [{"text": f"bad {i}", "label": 0, "category": "b"} for i in range(9)]
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        with pytest.raises(UsageError, match="one label only"):
            evaluate_sentiment(file, methods=("naive bayes",))

    def test_vectors_are_measured_beside_the_words(self, tmp_path) -> None:
        class Sides:
            name = "sides"

            def vectors(self, texts):
                sides = np.array([1.0 if "love" in text or "great" in text else -1.0 for text in texts])
                return np.stack([sides, np.ones(len(texts))], axis=1).astype(np.float32) / np.float32(np.sqrt(2))

        rows = evaluate_sentiment(made_file(tmp_path, "reviews.jsonl"), encoder=Sides(), methods=("braid+vector",))
        assert all(row["accuracy"] > 0.9 for row in rows)
