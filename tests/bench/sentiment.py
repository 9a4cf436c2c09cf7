"""What reading sentiment costs a text, one thread, beside an encoder: `make bench NAME=sentiment`.

Texts are the shared labelled sets (BRAID_BENCH_DATA); CPU time, for batches as the profile stage has them and for one text.
`with_vector` reads the short English ones beside vectors, made at random: their numbers do not change the cost.
"""

from __future__ import annotations

import argparse
import time

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
WITH_VECTOR = "en_short_with_vector"
DIMENSIONS = 384
BATCHES = (1, 32, 512)


def us_per_text(model: SentimentModel, texts: list[str], vectors: NDArray[np.float32] | None, size: int) -> float:
    start_s = time.process_time()
    for first in range(0, len(texts), size):
        part = slice(first, first + size)
        model.read(texts[part], None if vectors is None else vectors[part])
    return (time.process_time() - start_s) / len(texts) * 1e6


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
    texts[WITH_VECTOR] = texts["en_short"]
    vectors = np.random.default_rng(0).normal(size=(len(texts[WITH_VECTOR]), DIMENSIONS)).astype(np.float32)
    start_s = time.process_time()
    model = SentimentModel.load()
    load_s = time.process_time() - start_s
    measures: dict[str, list[float]] = {f"{name}_batch_{size}_us": [] for name in texts for size in BATCHES}
    for _ in range(options.rounds):
        for name, own in texts.items():
            for size in BATCHES:
                measures[f"{name}_batch_{size}_us"].append(us_per_text(model, own, vectors if name == WITH_VECTOR else None, size))
    settings = {
        "rounds": options.rounds, "texts": {name: len(own) for name, own in texts.items()}, "load_s": load_s,
        "mean_chars": {name: sum(map(len, own)) / len(own) for name, own in texts.items()},
        "mean_words": {name: sum(len(text.split()) for text in own) / len(own) for name, own in texts.items()},
    }  # fmt: skip
    emit("sentiment", settings, {"braid": measures}, measure="en_batch_512_us")


if __name__ == "__main__":
    main()
