"""`python -m streams.training.sentiment DATA_DIR --out FOLDER`: labelled texts to the weights that Braid ships.

Reads every file of labelled texts below the folder but those named dev, test or valid. Slopes from margin to logit are
fitted on groups (category, domain, set) that the model did not see, so that p holds on kinds of texts new to it.
The same data give the same bytes on the same machine and libraries. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError
from streams.meaning.sentiment import WEIGHTS
from streams.meaning.sentiment_files import save_weights
from streams.meaning.sentiment_weights import SentimentWeights, StackWeights, VectorWeights
from streams.training.labelled_texts import LabelledText, Language, of_language, read_labelled_texts, training_files
from streams.training.neutral_band import chosen_band, classes_of, macro_f1
from streams.training.sentiment_fitting import (
    NEUTRAL,
    RECIPES,
    SEED,
    Fitted,
    Trainer,
    calibration_error,
    evened,
    fit_logistic,
    group_numbers,
)  # fmt: skip
from streams.training.sentiment_linear import Labels, Margins

Vectors = NDArray[np.float32]
Say = Callable[[str], None]
Kind = TypeVar("Kind", VectorWeights, StackWeights)

METRICS_FILE: Final = "sentiment.json"
#: Of the texts of groups held out, this share may be taken for another language.
MAY_BE_REFUSED: Final = 0.01


class Encoder(Protocol):
    """What the layer on vectors is learnt on."""

    @property
    def name(self) -> str:
        """What the encoder is called."""

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Texts (N,) to float32 (N, D), unit rows."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """One language: the model of all texts; slopes without the vector and with it; what was measured."""

    fitted: Fitted
    slopes: tuple[float, ...]
    slopes_with_vector: tuple[float, ...]
    least_known: float
    neutral_band: float | None
    metrics: dict[str, Any]


def train(
    texts: Sequence[LabelledText], encoders: Mapping[Language, Encoder], say: Say
) -> tuple[SentimentWeights, dict[str, Any]]:
    """Weights of both languages and what was measured on the way. encoders: one that can read each language.

    Raises:
        UsageError: a language lacks texts of both labels in two groups, or nobody gave three stars.
    """
    han = _learn("zh", texts, encoders["zh"], say)
    words = _learn("en", texts, encoders["en"], say)
    if words.neutral_band is None:
        raise UsageError(
            "no English text has three stars, where neutral ends cannot be chosen; give a folder with ratings"
        )
    of_whole, of_clauses = han.slopes
    (of_stack,) = han.slopes_with_vector
    (of_words_alone,) = words.slopes
    of_words, of_vector = words.slopes_with_vector
    weights = SentimentWeights(
        han_grams=han.fitted.grams.weights(),
        han_vectors=_of_kind(StackWeights, han.fitted),
        han_vector_name=encoders["zh"].name,
        word_grams=words.fitted.grams.weights(),
        vectors=_of_kind(VectorWeights, words.fitted),
        vector_name=encoders["en"].name,
        han=(of_whole, of_clauses),
        han_and_vector=of_stack,
        words=of_words_alone,
        words_and_vector=(of_words, of_vector),
        least_known=(han.least_known, words.least_known),
        neutral_band=words.neutral_band,
    )
    return weights, {"zh": han.metrics, "en": words.metrics}


def _learn(language: Language, texts: Sequence[LabelledText], encoder: Encoder, say: Say) -> Learnt:
    own = of_language(texts, language)
    own = [own[row] for row in evened(own, SEED)]
    names, groups = group_numbers(own)
    if len(names) < 2 or {text.label for text in own} - {None} != {0, 1}:
        raise UsageError(
            f"language {language}: texts of both labels from two groups are needed; give a folder with more"
        )
    say(f"{language}: {len(own)} texts of {len(names)} groups")
    trainer = Trainer(RECIPES[language], own, encoder.vectors([text.text for text in own]))
    margins = trainer.held_out_margins(groups, lambda group: say(f"{language}: {names[group]} was held out and read"))
    judged = trainer.labels != NEUTRAL
    slopes = fit_logistic(margins[judged, : trainer.n_word_margins], trainer.labels[judged])
    slopes_with_vector = fit_logistic(margins[judged, trainer.with_vector], trainer.labels[judged])
    fitted = trainer.fit(np.arange(len(own)))
    say(f"{language}: fitted to all texts")
    alone = np.tanh(margins[:, : trainer.n_word_margins] @ np.array(slopes) / 2)
    scores = np.tanh(margins[:, trainer.with_vector] @ np.array(slopes_with_vector) / 2)
    band, of_band = _band(scores, trainer.labels, groups)

    def accuracies(of: Margins) -> dict[str, float]:
        return {
            name: _accuracy(of[rows], trainer.labels[rows])
            for number, name in enumerate(names)
            if (rows := judged & (groups == number)).any()
        }

    metrics = {
        "n": len(own),
        "encoder": encoder.name,
        "held_out_accuracy": accuracies(scores),
        "held_out_accuracy_by_words": accuracies(alone),
        "calibration_error": calibration_error(scores[judged], trainer.labels[judged]),
        "calibration_error_by_words": calibration_error(alone[judged], trainer.labels[judged]),
        **of_band,
    }
    return Learnt(fitted, slopes, slopes_with_vector, _least_known(trainer, fitted), band, metrics)


def _of_kind(kind: type[Kind], fitted: Fitted) -> Kind:
    if not isinstance(fitted.vectors, kind):
        raise TypeError(f"{kind.__name__} was to be learnt, not {type(fitted.vectors).__name__}")
    return fitted.vectors


def _band(scores: Margins, labels: Labels, groups: Labels) -> tuple[float | None, dict[str, Any]]:
    """The neutral band, chosen on every other text of the groups with neutral ones, and its macro F1 on the rest."""
    rows = np.flatnonzero(np.isin(groups, np.unique(groups[labels == NEUTRAL])))
    if not len(rows):
        return None, {}
    classes = np.where(labels == NEUTRAL, 0, np.where(labels == 1, 1, -1))
    choosing, judging = rows[::2], rows[1::2]
    band = chosen_band(scores[choosing], classes[choosing])
    found = macro_f1(classes_of(scores[judging], band), classes[judging])
    return band, {"neutral_band": band, "n_three_classes": len(judging), "macro_f1_three_classes": round(found, 4)}


def _least_known(trainer: Trainer, fitted: Fitted) -> float:
    """Half way between the share of n-grams that chance knows (full buckets) and what nearly all texts reach."""
    is_known = (fitted.grams.scales > 0).astype(np.float64)
    shares = trainer.matrix @ is_known / np.maximum(np.diff(trainer.matrix.indptr), 1)
    return float((is_known.mean() + np.quantile(shares, MAY_BE_REFUSED)) / 2)


def _accuracy(scores: Margins, labels: Labels) -> float:
    return round(float(((scores > 0) == labels).mean()), 4)


def _encoder(model: str) -> Encoder:
    """A model as Braid runs it; imported here, since only the command is a composition root."""
    from encoders import EncoderError, EncoderSpec, build_encoder  # noqa: PLC0415

    try:
        found = build_encoder(EncoderSpec(model, dtype="float32"))
    except EncoderError as error:
        raise UsageError(str(error)) from error

    class Built:
        name = found.name

        def vectors(self, texts: Sequence[str]) -> Vectors:
            parts = []
            for start in range(0, len(texts), _ENCODED_AT_ONCE):
                parts.append(found.encode(texts[start : start + _ENCODED_AT_ONCE]).vectors)
                _say(f"encoded {start + len(parts[-1])} of {len(texts)} texts")
            return np.concatenate(parts)

    return Built()


_ENCODED_AT_ONCE: Final = 512


def main() -> int:
    """Exit status 0; 1 or 2 with a message for what the person can mend."""
    parser = argparse.ArgumentParser(prog="python -m streams.training.sentiment", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of labelled texts, read with all folders in it")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the weights (default: the package's)")
    options = parser.parse_args()
    try:
        files = training_files(options.data)
        texts = [text for file in files for text in read_labelled_texts(file)]
        weights, metrics = train(texts, {"zh": _encoder("bge-small-zh"), "en": _encoder("minilm")}, _say)
    except UsageError as error:
        _say(f"error: {error}")
        return error.exit_code
    digests = {str(file.relative_to(options.data)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    metrics = {"files": digests, **metrics}
    file = save_weights(options.out, weights)
    (options.out / METRICS_FILE).write_text(json.dumps(metrics, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    _say(f"{file}: {file.stat().st_size:,} bytes")
    sys.stdout.write(json.dumps(metrics, ensure_ascii=False) + "\n")
    return 0


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
