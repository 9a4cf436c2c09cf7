"""How far vectors are from those of the processor in float32, and whether the same texts stay nearest to each other.

    python -m tests.bench.encoder_distance --places cuda:float32 cuda:bfloat16 cpu:bfloat16

`same_first` is the share of texts whose nearest text is the same, `same_ten` the mean share of their ten nearest that are,
`pairs_found` the share of the related texts whose nearest is the related one, `exact_pairs_found` that of the reference.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import torch
from numpy.typing import NDArray

from encoders.devices import choose_placement
from encoders.encoding import Vectors
from encoders.model_files import find_model
from encoders.transformer import TransformerEncoder, TransformerOptions
from tests.bench.report import commit, machine
from tests.bench.texts import varied
from tests.support.related_texts import CHINESE, ENGLISH

NAME = "encoder_distance"
RELATED = [text for pair in (*ENGLISH, *CHINESE) for text in pair]
ODD = ["", " ", "a", "無線", "👍" * 50, "x" * 3000, "[SEP] [CLS]", "\ud800", "\0", "guitar strings " * 200]


def main() -> None:
    """Read the options, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    on_a_card = ["cuda:float32", "cuda:bfloat16"] if torch.cuda.is_available() else []
    parser.add_argument("--places", nargs="+", default=[*on_a_card, "cpu:bfloat16"], help="device:format")
    parser.add_argument("--texts", type=int, default=1000, help="made-up ones beside the related and the odd")
    options = parser.parse_args()
    texts = [*RELATED, *ODD, *varied(options.texts)]
    exact = vectors_of("cpu:float32", texts)
    report: dict[str, object] = {"name": NAME, "machine": machine(), "commit": commit(), "torch": torch.__version__}
    if torch.cuda.is_available():
        report["card"] = torch.cuda.get_device_name()
    rows = [{"place": place, **distances(vectors_of(place, texts), exact)} for place in options.places]
    print(json.dumps({**report, "texts": len(texts), "exact_pairs_found": pairs_found(exact), "rows": rows}), flush=True)


def vectors_of(place: str, texts: list[str]) -> Vectors:
    """place: device:format. The packaged model without its lexical channel, which no device computes."""
    device, _, dtype = place.rpartition(":")
    placement = choose_placement(device, "bfloat16" if dtype == "bfloat16" else "float32")
    return TransformerEncoder(find_model("minilm"), "minilm", placement, TransformerOptions()).encode(texts).vectors


def distances(vectors: Vectors, exact: Vectors) -> dict[str, float]:
    """Both (n, D). Texts without content are left out of the cosines."""
    filled = np.linalg.norm(exact, axis=1) > 0
    far = 1 - np.einsum("bd,bd->b", vectors.astype(float), exact.astype(float))[filled]
    ours, theirs = nearest(vectors, 10), nearest(exact, 10)
    shared = [len(set(own) & set(other)) / 10 for own, other in zip(ours.tolist(), theirs.tolist(), strict=True)]
    return {
        "cosine_distance_max": float(far.max()),
        "cosine_distance_p99": float(np.quantile(far, 0.99)),
        "number_difference_max": float(np.abs(vectors - exact).max()),
        "same_first": float((ours[:, 0] == theirs[:, 0]).mean()),
        "same_ten": float(np.mean(shared)),
        "pairs_found": pairs_found(vectors),
    }


def pairs_found(vectors: Vectors) -> float:
    """Of the related texts, which are the first rows, pair by pair."""
    rows = np.arange(len(RELATED))
    return float((nearest(vectors[: len(RELATED)], 1)[:, 0] == rows ^ 1).mean())


def nearest(vectors: Vectors, k: int) -> NDArray[np.intp]:
    """(n, D) -> (n, k), nearest first, never the text itself."""
    closeness = vectors @ vectors.T
    np.fill_diagonal(closeness, -2)
    return np.argsort(-closeness, axis=1, kind="stable")[:, :k]


if __name__ == "__main__":
    main()
