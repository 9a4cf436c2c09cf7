"""What it takes to make vectors of texts."""

from __future__ import annotations

from deploy.boards.board import board, panel, row
from deploy.boards.queries import quantile, rate, share, worst

ENCODER = board(
    "braid-encoder",
    "Braid: encoder",
    "Texts that are encoded, how long it takes, what the cache saves, and what fails.",
    row(
        "Work",
        panel("Texts", "ops", rate("braid_encoded_texts_total", "stage")),
        panel("Tokens", "ops", rate("braid_encoded_tokens_total", "stage")),
        panel(
            "Padding", "percentunit",
            share("braid_padding_tokens_total", "braid_padding_tokens_total", "braid_encoded_tokens_total"),
        ),
        panel("Texts cut", "percentunit", share("braid_truncated_texts_total", "braid_encoded_texts_total")),
        panel(
            "Duration of a call", "s",
            quantile(0.5, "braid_encode_seconds", "stage"), quantile(0.99, "braid_encode_seconds", "stage"),
        ),
        panel(
            "Found in the cache", "percentunit",
            share(
                "braid_embedding_cache_hits_total",
                "braid_embedding_cache_hits_total",
                "braid_embedding_cache_misses_total",
            ),
        ),
    ),
    row(
        "Trouble",
        panel("Waiting for vectors", "s", worst("braid_encoder_waiting_seconds", "instance", "stage")),
        panel("Calls that failed", "ops", rate("braid_encoder_failures_total", "stage", "reason")),
        panel("Texts that cannot be encoded", "ops", rate("braid_unencodable_texts_total", "stage")),
    ),
)  # fmt: skip
