"""What reading sentiment costs a text, one thread, beside an encoder: `make bench NAME=sentiment`.

Texts are the shared labelled sets (BRAID_BENCH_DATA); CPU time, for batches as the profile stage has them and for one text.
`with_vector` reads Chinese and the short English ones beside vectors, made at random: their numbers do not change the cost.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.meaning.sentiment import SentimentModel
from streams.training.labelled_texts import read_labelled_texts
from tests.bench.report import bench_data, emit, skip

SETS = {
    "zh": "sentiment_zh_shopping/reviews.jsonl.gz",
    "en": "sentiment_en_products/reviews.jsonl.gz",
    "en_short": "sentiment_en_sst2/dev.jsonl.gz",
}
#: Which of the texts are read with vectors, too; of the encoder with this place in `SentimentModel.encoders`, how long.
WITH_VECTOR = {"zh": (0, 512), "en_short": (1, 384)}
BATCHES = (1, 32, 512)


@dataclass(frozen=True)
class Case:
    texts: list[str]
    vectors: NDArray[np.float32] | None = None
    encoder: str = ""


def us_per_text(model: SentimentModel, case: Case, size: int) -> float:
    start_s = time.process_time()
    for first in range(0, len(case.texts), size):
        part = slice(first, first + size)
        model.read(case.texts[part], None if case.vectors is None else case.vectors[part], case.encoder)
    return (time.process_time() - start_s) / len(case.texts) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=2_000)
    options = parser.parse_args()
    files = {name: bench_data() / path for name, path in SETS.items()}
    absent = [str(file) for file in files.values() if not file.is_file()]
    if absent:
        skip("sentiment", f"{absent[0]} is absent: set BRAID_BENCH_DATA")
        return
    texts = {name: [text.text for text in read_labelled_texts(file)[: options.texts]] for name, file in files.items()}
    start_s = time.process_time()
    model = SentimentModel.load()
    load_s = time.process_time() - start_s
    cases = {name: Case(own) for name, own in texts.items()}
    for name, (place, dimensions) in WITH_VECTOR.items():
        vectors = np.random.default_rng(0).normal(size=(len(texts[name]), dimensions)).astype(np.float32)
        cases[f"{name}_with_vector"] = Case(texts[name], vectors, model.encoders[place])
    measures: dict[str, list[float]] = {f"{name}_batch_{size}_us": [] for name in cases for size in BATCHES}
    for _ in range(options.rounds):
        for name, case in cases.items():
            for size in BATCHES:
                measures[f"{name}_batch_{size}_us"].append(us_per_text(model, case, size))
    settings = {
        "rounds": options.rounds, "texts": {name: len(own) for name, own in texts.items()}, "load_s": load_s,
        "mean_chars": {name: sum(map(len, own)) / len(own) for name, own in texts.items()},
        "mean_words": {name: sum(len(text.split()) for text in own) / len(own) for name, own in texts.items()},
    }  # fmt: skip
    emit("sentiment", settings, {"braid": measures}, measure="en_batch_512_us")


if __name__ == "__main__":
    main()
