"""The words that praise or blame wherever they stand, as short texts with labels: `seed_words.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from streams.training.labelled_texts import LabelledText, Language

FILE: Final = Path(__file__).with_name("seed_words.toml")
GROUP: Final = "seed words"


def read_seed_words(language: Language, file: Path = FILE) -> list[LabelledText]:
    """Each word once, in the order of the file; a sign alone also thrice, as people send it.

    A line with commas is parted there, another one at spaces.
    """
    polarities = tomllib.loads(file.read_text(encoding="utf-8"))[language]
    texts = {}
    for label, polarity in ((1, "positive"), (0, "negative")):
        for line in polarities[polarity].strip().splitlines():
            for word in line.split(",") if "," in line else line.split():
                for spelling in _spellings(word.strip()):
                    texts[spelling] = LabelledText(spelling, label, GROUP)
    return list(texts.values())


def _spellings(word: str) -> tuple[str, ...]:
    if len(word) == 1 and not word.isalpha():
        return word, word * 3
    return (word,) if word else ()
