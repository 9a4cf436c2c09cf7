"""What masking personal data costs, in CPU microseconds per text, and how well it finds. Prints one JSON line.

    python -m tests.bench.masking [--rounds N] [--repeats N]

Engines: `mask` as `normalise` meets it, after cleaning; `clean` is `clean_text` alone and `clean_and_mask` both, on the
same texts. `clean` texts hold nothing that is looked for, `numbers` wake the finders but hold nothing either, `hit`
texts hold one secret. Precision and recall are over the texts of `tests/support`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from streams.domain.cleaning import clean_text
from streams.domain.masking import clean_and_mask, mask
from tests.bench.report import emit
from tests.support.harmless_texts import HARMLESS
from tests.support.masking_scores import scores
from tests.support.personal_texts import PERSONAL

MAX_CHARS = 4_000
ENGLISH = "Breathable mesh upper, low drop and a grippy outsole for wet rock and mud. We wore it on three trips"
CHINESE = "轻便透气越野跑鞋，落差不大，防滑大底，适合雨后山路和泥地，穿了三次，一直很舒服，客服态度也好。" * 2
TEXTS = {
    "clean_en": f"{ENGLISH}, good value.",
    "clean_zh": f"{CHINESE}推荐购买",
    "numbers_en": f"{ENGLISH}, $129.99 on 2024-05-01.",
    "numbers_zh": f"{CHINESE}2024年5月1日129.99元",
    "hit_en": f"{ENGLISH}, call 415-555-2671.",
    "hit_zh": f"{CHINESE}电话13800138000",
}


def us_per_text(work: Callable[[str], object], text: str, n: int) -> float:
    """CPU time, since a neighbour's work is none of ours."""
    start_s = time.process_time()
    for _ in range(n):
        work(text)
    return (time.process_time() - start_s) / n * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--repeats", type=int, default=1_000)
    options = parser.parse_args()
    works: dict[str, Callable[[str], object]] = {
        "mask": mask,
        "clean": lambda text: clean_text(text, MAX_CHARS),
        "clean_and_mask": lambda text: clean_and_mask(text, MAX_CHARS),
    }
    cleaned = {name: clean_text(text, MAX_CHARS) for name, text in TEXTS.items()}
    engines: dict[str, dict[str, list[float]]] = {name: {f"{t}_us": [] for t in TEXTS} for name in works}
    for _ in range(options.rounds):
        for text_name, text in cleaned.items():
            for name, work in works.items():
                engines[name][f"{text_name}_us"].append(us_per_text(work, text, options.repeats))
    for kind, score in scores().items():
        engines["mask"][f"{kind}_precision"] = [score.precision]
        engines["mask"][f"{kind}_recall"] = [score.recall]
    settings = {
        "rounds": options.rounds, "repeats": options.repeats, "max_chars": MAX_CHARS,
        "chars": {name: len(text) for name, text in cleaned.items()},
        "n_personal_texts": len(PERSONAL), "n_harmless_texts": len(HARMLESS),
        "n_secrets": {kind: score.n_secrets for kind, score in scores().items()},
    }  # fmt: skip
    emit("masking", settings, engines, baseline="mask", measure="clean_en_us")


if __name__ == "__main__":
    main()
