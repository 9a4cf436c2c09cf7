"""Texts per second of the packed encoder beside sentence-transformers: same weights, texts, threads; rounds interleaved.

    python -m tests.bench.encoder --texts 256 --rounds 5 --threads 1
    python -m tests.bench.encoder --device cuda --made-up --texts 4096 --peer-batch 256

Ratios are of texts per second of processor time, which a busy neighbour disturbs least; with `--device cuda` of texts per
second. `--peer-batch` is how many texts sentence-transformers takes at once, 32 by its default. `gemm_share` is the arithmetic of the real tokens over the rate at which torch multiplies matrices of the model's shape
in the same round and number format: what is left to gain. `cosine_min` is the worst agreement with
sentence-transformers in float32.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from encoders import EncoderSpec, build_encoder
from encoders.model_files import find_model, quiet_loading
from tests.bench.report import bench_data, emit, skip
from tests.bench.texts import varied

NAME = "encoder"
MAX_TOKENS = 128
GEMM_SHAPE = (4096, 384, 1536)  # rows, in, out: the widest layer over a full batch
N_LAYERS, DIM = 6, 384

Encode = Callable[[list[str]], NDArray[np.float32]]


def main() -> None:
    """Read the options, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--made-up", action="store_true", help="made-up texts of as many words, where no data set is")
    parser.add_argument("--peer-batch", type=int, default=32)
    options = parser.parse_args()
    data = bench_data() / "amazon_musical_instruments" / "events.jsonl.gz"
    if not options.made_up and not data.is_file():
        skip(NAME, f"{data} is absent: set BRAID_BENCH_DATA to the folder of the data sets")
        return
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    texts = varied(options.texts) if options.made_up else read_texts(data, options.texts)
    engines = build_engines(options.device, options.peer_batch)
    if engines is None:
        skip(NAME, "sentence-transformers is not installed: install the dependency group `bench`")
        return
    reference = engines["sentence-transformers"](texts)
    n_operations = operations(texts)
    measured: dict[str, dict[str, list[float]]] = {name: {} for name in engines}
    on_cpu = options.device == "cpu"
    for encode in engines.values():
        encode(texts[:32] if on_cpu else texts)
    for round_number in range(options.rounds):
        rates = {dtype: gemm_rate(dtype, options.device) for dtype in (torch.float32, torch.bfloat16)}
        for name, encode in rotated(engines, round_number):
            started_s, started_cpu_s = time.perf_counter(), time.process_time()
            vectors = encode(texts)
            seconds, cpu_seconds = time.perf_counter() - started_s, time.process_time() - started_cpu_s
            rate = rates[torch.float32 if name in FLOAT32 else DEFAULT_DTYPE[0]]
            row = {
                "texts_per_cpu_s": len(texts) / cpu_seconds,
                "texts_per_s": len(texts) / seconds,
                "gemm_share": n_operations / (cpu_seconds if on_cpu else seconds) / rate,
                "cosine_min": float(np.einsum("bd,bd->b", vectors, reference).min()),
            }
            for measure, value in row.items():
                measured[name].setdefault(measure, []).append(value)
    settings = {
        "n_texts": len(texts),
        "max_tokens": MAX_TOKENS,
        "threads": options.threads,
        "dtype": str(DEFAULT_DTYPE[0]),
        "device": options.device if on_cpu else torch.cuda.get_device_name(),
        "made_up": options.made_up,
        "peer_batch": options.peer_batch,
    }
    emit(NAME, settings, measured, measure=None if on_cpu else "texts_per_s")


FLOAT32 = frozenset({"braid-fp32", "sentence-transformers"})
DEFAULT_DTYPE = [torch.float32]


def build_engines(device: str, peer_batch: int) -> dict[str, Encode] | None:
    """Ours as it would run here and in float32; theirs by its defaults and in our number format."""
    try:
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - a group of its own
    except ImportError:
        return None
    folder = str(find_model("minilm"))
    ours = build_encoder(EncoderSpec("minilm", lexical="off", device=device, max_text_tokens=MAX_TOKENS))
    exact = build_encoder(
        EncoderSpec("minilm", lexical="off", device=device, dtype="float32", max_text_tokens=MAX_TOKENS)
    )
    DEFAULT_DTYPE[0] = ours.placement.dtype

    def theirs(dtype: torch.dtype) -> Encode:
        with quiet_loading():
            model = SentenceTransformer(folder, device=device, local_files_only=True, model_kwargs={"dtype": dtype})
        model.max_seq_length = MAX_TOKENS
        fixed = {"normalize_embeddings": True, "show_progress_bar": False, "convert_to_tensor": True}
        return lambda texts: model.encode(texts, batch_size=peer_batch, **fixed).float().cpu().numpy()

    engines: dict[str, Encode] = {
        "braid": lambda texts: ours.encode(texts).vectors,
        "braid-fp32": lambda texts: exact.encode(texts).vectors,
        "sentence-transformers": theirs(torch.float32),
    }
    if DEFAULT_DTYPE[0] is not torch.float32:
        engines["sentence-transformers-bf16"] = theirs(DEFAULT_DTYPE[0])
    return engines


def read_texts(path: Path, n_texts: int) -> list[str]:
    """The first reviews that have a text, in the order of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        found = (json.loads(line).get("text") for line in lines)
        return list(islice((text for text in found if isinstance(text, str) and text), n_texts))


def operations(texts: list[str]) -> float:
    """Multiplications and additions of the real tokens: linear layers 24 D² a token and layer, attention 4 D L²."""
    from transformers import AutoTokenizer  # noqa: PLC0415

    tokenizer = AutoTokenizer.from_pretrained(find_model("minilm"), local_files_only=True)
    lengths = np.array(
        [len(ids) for ids in tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]], float
    )
    return float(N_LAYERS * (24 * DIM**2 * lengths.sum() + 4 * DIM * (lengths**2).sum()))


def gemm_rate(dtype: torch.dtype, device: str) -> float:
    """Operations per second of torch's matrix product, of processor time on a processor; the best of six."""
    rows, inner, outer = GEMM_SHAPE
    left, right = torch.randn(rows, inner).to(device, dtype), torch.randn(outer, inner).to(device, dtype)
    clock = time.process_time if device == "cpu" else _after_the_card
    best = float("inf")
    for _ in range(6):
        started_s = clock()
        torch.nn.functional.linear(left, right)
        best = min(best, clock() - started_s)
    return 2 * rows * inner * outer / best


def _after_the_card() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def rotated(engines: dict[str, Encode], by: int) -> list[tuple[str, Encode]]:
    """Another engine begins each round."""
    items = list(engines.items())
    return items[by % len(items) :] + items[: by % len(items)]


if __name__ == "__main__":
    main()
