"""What a device is worth to the encoder: texts per second and the time of one call, on the processor and on a GPU.

    python -m tests.bench.encoder_devices --devices cuda cpu --seconds 0.5

A row of `calls` is one call of n texts of one length, as a micro-batch is; a row of `bulk` one call of many made-up texts
of unequal length. The clock is the wall's, and the tokenizer belongs to what is measured: `tokenizing` is its share.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch

from encoders.devices import choose_placement
from encoders.model_files import find_model
from encoders.transformer import BATCH_TOKENS, TransformerEncoder, TransformerOptions
from tests.bench.report import commit, machine
from tests.bench.texts import of_length, varied

NAME = "encoder_devices"
CALL_TEXTS = (1, 8, 32, 128)
CALL_WORDS = (6, 28, 120)  # of this list a word is about one token, and a text has two more
BUDGETS = {"cuda": (4096, 16384, 65536, 262144), "cpu": (4096,)}
BULK_TEXTS = {"cuda": 8192, "cpu": 512}
ROUNDS = 3
MIB = 1 << 20

Row = dict[str, object]


def main() -> None:
    """Read the options, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", nargs="+", default=["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"])
    parser.add_argument("--dtypes", nargs="+", default=["bfloat16", "float32"])
    parser.add_argument("--seconds", type=float, default=0.5, help="at most, for one row of calls")
    options = parser.parse_args()
    report: dict[str, object] = {"name": NAME, "machine": machine(), "commit": commit(), "torch": torch.__version__}
    if torch.cuda.is_available():
        report["card"] = torch.cuda.get_device_name()
    bulk, calls = [], []
    for device, dtype in product(options.devices, options.dtypes):
        calls += call_rows(device, dtype, options.seconds, packed=True)
        bulk += [bulk_row(device, dtype, budget, packed=True) for budget in BUDGETS[device]]
        bulk.append(bulk_row(device, dtype, BATCH_TOKENS[device], packed=False))
        if (device, dtype) == (options.devices[0], options.dtypes[0]):
            calls += call_rows(device, dtype, options.seconds, packed=False)
    print(json.dumps({**report, "bulk": bulk, "calls": calls}), flush=True)


def call_rows(device: str, dtype: str, seconds: float, *, packed: bool) -> list[Row]:
    """Every size and length of a call."""
    encoder = built(device, dtype, BATCH_TOKENS[device], packed=packed)
    about: Row = {"device": device, "dtype": dtype, "packed": packed}
    rows: list[Row] = []
    for n_texts, n_words in product(CALL_TEXTS, CALL_WORDS):
        texts = of_length(n_texts, n_words)
        encoder.encode(texts)
        times_ms = [took_ms(encoder, texts)]
        while len(times_ms) < 1000 and sum(times_ms) < seconds * 1000:
            times_ms.append(took_ms(encoder, texts))
        p50, p99 = np.quantile(times_ms, [0.5, 0.99])
        tokens = tokens_per_text(encoder, texts)
        figures: Row = {"p50_ms": short(p50), "p99_ms": short(p99), "n_calls": len(times_ms)}
        rows.append({**about, "n_texts": n_texts, "tokens_per_text": tokens, **figures})
        say(rows[-1])
    return rows


def bulk_row(device: str, dtype: str, max_batch_tokens: int, *, packed: bool) -> Row:
    """Many texts at once; peak_mib is what the weights and this call take of the card."""
    encoder = built(device, dtype, max_batch_tokens, packed=packed)
    texts = varied(BULK_TEXTS[device])
    encoder.encode(texts)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    whole_s = statistics.median(took_ms(encoder, texts) for _ in range(ROUNDS)) / 1000
    row: Row = {
        "device": device,
        "dtype": dtype,
        "packed": packed,
        "max_batch_tokens": max_batch_tokens,
        "n_texts": len(texts),
        "tokens_per_text": tokens_per_text(encoder, texts),
        "texts_per_s": short(len(texts) / whole_s),
        "tokenizing": short(tokenizing_s(encoder, texts) / whole_s),
    }
    if device == "cuda":
        row["peak_mib"] = short(torch.cuda.max_memory_allocated() / MIB)
    say(row)
    return row


def built(device: str, dtype: str, max_batch_tokens: int, *, packed: bool) -> TransformerEncoder:
    """The packaged model without its lexical channel, which no device computes."""
    options = TransformerOptions(max_batch_tokens=max_batch_tokens, packed=packed)
    return TransformerEncoder(find_model("minilm"), "minilm", choose_placement(device, dtype), options)


def took_ms(encoder: TransformerEncoder, texts: Sequence[str]) -> float:
    """A call ends with its vectors in main memory: nothing is left on the device to wait for."""
    started_s = time.perf_counter()
    encoder.encode(texts)
    return 1000 * (time.perf_counter() - started_s)


def tokenizing_s(encoder: TransformerEncoder, texts: Sequence[str]) -> float:
    """Median of the rounds."""
    times_s = []
    for _ in range(ROUNDS):
        started_s = time.perf_counter()
        encoder.tokenizer.read(texts, "passage")
        times_s.append(time.perf_counter() - started_s)
    return statistics.median(times_s)


def tokens_per_text(encoder: TransformerEncoder, texts: Sequence[str]) -> float:
    """With the special ones, after cutting."""
    return short(float(np.mean([len(ids) for ids in encoder.tokenizer.read(texts, "passage").ids])))


def short(value: float) -> float:
    """Four digits."""
    return float(f"{value:.4g}")


def say(row: Row) -> None:
    """A run that is cut off has shown what it had."""
    print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
