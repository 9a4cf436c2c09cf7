"""Texts of logged data to vectors, with the encoder that the settings name: loaded with the first of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from streams.ports import Encoder
from streams.settings import Settings
from streams.wiring import encoder_of

#: Texts that an encoder is given at once.
AT_ONCE: Final = 512


class ConfiguredEncoder:
    """The encoder that the settings name. Its first use raises Unavailable where it cannot be had."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _encoder(self) -> Encoder:
        return encoder_of(self._settings)

    @property
    def name(self) -> str:
        """Of the encoder."""
        return self._encoder.name

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 (N, D) of N texts, at least one; a bar on stderr, on a terminal."""
        starts = range(0, len(texts), AT_ONCE)
        parts = track(starts, "encoding", console=Console(stderr=True), disable=not sys.stderr.isatty())
        return np.concatenate([self._encoder.encode(texts[start : start + AT_ONCE]).vectors for start in parts])
