"""Texts per second of the hashed encoder, of processor time, on the short pairs of texts written for the tests.

    python -m tests.bench.hashed [--texts N] [--batch N] [--rounds N]
"""

from __future__ import annotations

import argparse
import time
from itertools import cycle, islice

from encoders.hashed import HashedEncoder
from tests.bench.rounds import Rounds
from tests.support.related_texts import CHINESE, ENGLISH


def main() -> None:
    """Read the options, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    encoder, rounds = HashedEncoder(), Rounds()
    languages = {"en": ENGLISH, "zh": CHINESE}
    for _ in range(options.rounds):
        for language, pairs in languages.items():
            texts = list(islice(cycle(text for pair in pairs for text in pair), options.texts))
            started_s = time.process_time()
            for start in range(0, len(texts), options.batch):
                encoder.encode(texts[start : start + options.batch])
            rounds.add(language, {"texts_per_cpu_s": len(texts) / (time.process_time() - started_s)})
    rounds.report("hashed", vars(options), "en", "texts_per_cpu_s")


if __name__ == "__main__":
    main()
