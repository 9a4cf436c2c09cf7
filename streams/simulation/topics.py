"""The hobbies of the demo and the words for them in English and Chinese; hand-written, in `material`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Literal

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")
_COLOURS: Final = "colours"


@dataclass(frozen=True, slots=True)
class Product:
    """Something a shop sells. price: in the currency of the language. has_colours: it comes in several colours."""

    name: str
    feature: str
    price: float
    has_colours: bool


@dataclass(frozen=True, slots=True)
class Words:
    """One hobby in one language. texts: what people write, by kind (`review_good`, `talk`, `query`, ...)."""

    name: str
    people: str
    brands: tuple[str, ...]
    creators: tuple[str, ...]
    products: tuple[Product, ...]
    skills: tuple[str, ...]
    scenes: tuple[str, ...]
    places: tuple[str, ...]
    headlines: tuple[str, ...]
    tags: tuple[str, ...]
    texts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Topic:
    """One hobby. category: how platforms file it, in English whatever the language of the item."""

    key: str
    category: str
    genres: tuple[str, ...]
    words: Mapping[Language, Words]


@dataclass(frozen=True, slots=True)
class Common:
    """What no single hobby owns. templates, descriptions: by platform, with the fields of `catalogue`."""

    lists: Mapping[str, tuple[str, ...]]
    templates: Mapping[str, tuple[str, ...]]
    descriptions: Mapping[str, str]


def load_topics() -> tuple[Topic, ...]:
    """Every hobby, ordered by key."""
    folder = files("streams.simulation") / "material" / "topics"
    sources = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(_topic(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8"))) for file in sources)


def load_common() -> dict[Language, Common]:
    """The shared words of both languages."""
    raw = tomllib.loads((files("streams.simulation") / "material" / "common.toml").read_text("utf-8"))
    return {language: _common(raw[language]) for language in LANGUAGES}


def _topic(key: str, raw: Mapping[str, Any]) -> Topic:
    words = {language: _words(raw, language) for language in LANGUAGES}
    return Topic(key=key, category=raw["name_en"], genres=tuple(raw["genres"]), words=words)


def _words(raw: Mapping[str, Any], language: Language) -> Words:
    def listed(field: str) -> tuple[str, ...]:
        return tuple(raw[f"{field}_{language}"])

    return Words(
        name=raw[f"name_{language}"],
        people=raw[f"people_{language}"],
        brands=listed("brands"),
        creators=listed("creators"),
        products=tuple(_product(line) for line in listed("products")),
        skills=listed("skills"),
        scenes=listed("scenes"),
        places=listed("places"),
        headlines=listed("headlines"),
        tags=listed("tags"),
        texts={kind: tuple(texts) for kind, texts in raw[f"texts_{language}"].items()},
    )


def _product(line: str) -> Product:
    name, feature, price, *rest = (part.strip() for part in line.split("|"))
    return Product(name, feature, float(price), _COLOURS in rest)


def _common(raw: Mapping[str, Any]) -> Common:
    return Common(
        lists={name: tuple(value) for name, value in raw.items() if isinstance(value, list)},
        templates={platform: tuple(titles) for platform, titles in raw["templates"].items()},
        descriptions=raw["descriptions"],
    )
