"""Sentiment measured: a file of labelled texts, split, learnt by the product's own trainer, and what ships beside it.

Two kinds of splits: each of five random fifths held back, and each category (or domain) left out in turn, which says
what happens with texts about things that nobody labelled. A file whose name says that it is for measuring (dev, test,
valid) is one test by itself: what is learnt from are the files beside it. Needs the extra `train`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.errors import Unavailable, UsageError
from streams.evaluation.classification import NORMAL_95, report_of
from streams.meaning.sentiment import WEIGHTS

if TYPE_CHECKING:
    from streams.evaluation.sentiment_methods import Encoder
    from streams.training.labelled_texts import LabelledText

Rows = NDArray[np.intp]
Row = dict[str, Any]
Say = Callable[[str], None]

SHIPPED: Final = "shipped"
SEED: Final = 0
N_PARTS: Final = 5
PART: Final = "held-back fifth"
LEFT_OUT: Final = "left out"


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers to learn from and to be tested on."""

    name: str
    train: Rows
    test: Rows


def evaluate_sentiment(
    path: Path,
    beside: Sequence[Path] = (),
    encoder: Encoder | None = None,
    say: Say = lambda _: None,
    methods: Sequence[str] = (),
) -> list[Row]:
    """One row per split and method, the fields as in `classification.Report.row`, with protocol, set, split and method.

    protocol: "sentiment". precision, recall, f1: means over the two labels. The split `mean of N left out` is the mean
    over the categories. The method `shipped` is the packaged weights; `seen` there says that they learnt from this very
    file, so that its accuracy is no measurement.

    path: JSON lines (`.jsonl`, `.jsonl.gz`) of `text`, `label` (1 positive, 0 negative), optionally `category` or
    `domain`. beside: more files to learn from, never tested on. encoder: for the methods `braid+vector` and
    `shipped+vector`; one that can read the texts. say: told of every row. methods: only these.

    Raises:
        UsageError: a file or one of its lines is not that, or nothing is there to learn from; names file and remedy.
        Unavailable: scikit-learn (extra `train`) or the packaged weights are not installed.
    """
    try:
        from streams.evaluation.sentiment_methods import Methods, is_for_measuring, read_beside, read_judged  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise Unavailable(f"{error.name} is not installed: install Braid with the extra `train`") from error
    texts = read_judged(path)
    others = read_beside(beside)
    splits = list(_splits(path, texts, len(others), is_for_measuring=is_for_measuring(path)))
    judges = Methods(texts + others, encoder)
    rows: list[Row] = []
    for split in splits:
        if len(np.unique(judges.labels[split.train])) < 2:
            raise UsageError(
                f"{path}: {split.name}: one label only is left to learn from; give more texts of the other"
            )
        for name in methods or judges.names:
            answers = judges.answers(name, split.train, split.test)
            rows.append(_row(path, split.name, name, report_of(judges.labels[split.test], answers).row()))
            say(f"{path.parent.name}, {split.name}: {name} {rows[-1]['accuracy']:.4f}")
    rows += _means(rows)
    seen = _was_learnt(path)
    return [{**row, "seen": seen} if row["method"].startswith(SHIPPED) else row for row in rows]


def _splits(path: Path, texts: Sequence[LabelledText], n_others: int, *, is_for_measuring: bool) -> Iterator[Split]:
    rows, others = np.arange(len(texts)), np.arange(len(texts), len(texts) + n_others)
    if is_for_measuring:
        if not n_others:
            raise UsageError(f"{path}: is for measuring, and no file to learn from was named beside it")
        yield Split(path.name.partition(".")[0], others, rows)
        return
    fifths = np.array_split(np.random.default_rng(SEED).permutation(len(texts)), N_PARTS)
    for number, fifth in enumerate(fifths, start=1):
        yield Split(f"{PART} {number}", np.concatenate([np.setdiff1d(rows, fifth), others]), np.sort(fifth))
    groups = np.array([text.group for text in texts])
    names = np.unique(groups).tolist()
    for name in names if len(names) > 1 else []:
        yield Split(f"{LEFT_OUT}: {name}", np.concatenate([rows[groups != name], others]), rows[groups == name])


def _row(path: Path, split: str, method: str, measured: Row) -> Row:
    return {"protocol": "sentiment", "set": path.parent.name, "split": split, "method": method, **measured}


def _means(rows: Sequence[Row]) -> Iterator[Row]:
    """Of each method, the plain mean over the parts, and over the categories left out; intervals from those of each."""
    for kind in (PART, LEFT_OUT):
        for method in dict.fromkeys(row["method"] for row in rows):
            own = [row for row in rows if row["method"] == method and row["split"].startswith(kind)]
            if own:
                yield _mean(own, f"mean of {len(own)}, {kind}")


def _mean(rows: Sequence[Row], split: str) -> Row:
    means = {name: float(np.mean([row[name] for row in rows])) for name in ("accuracy", "precision", "recall", "f1")}
    reach = NORMAL_95 / len(rows) * sqrt(sum(row["accuracy"] * (1 - row["accuracy"]) / row["n"] for row in rows))
    return {
        **rows[0],
        "split": split,
        "n": sum(row["n"] for row in rows),
        **means,
        "ci95": (means["accuracy"] - reach, means["accuracy"] + reach),
        "by_label": None,
        "confusion": None,
    }


def _was_learnt(path: Path) -> bool:
    """Whether the shipped weights learnt from a file of these very bytes."""
    metrics = json.loads((WEIGHTS / "sentiment.json").read_text(encoding="utf-8"))
    return hashlib.sha256(path.read_bytes()).hexdigest() in metrics["files"].values()
