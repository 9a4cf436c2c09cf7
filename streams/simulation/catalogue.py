"""Items of seven platforms: the words of a hobby put into the sentences of a platform, each title once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeVar

import msgspec

from streams.domain.events import Item
from streams.domain.platforms import BUILT_IN
from streams.simulation.randomness import generator
from streams.simulation.topics import Common, Language, Product, Topic, Words

T = TypeVar("T")

ID_PREFIX: Final = {
    "shop": "sku", "video": "vid", "social": "post", "news": "art", "music": "trk", "travel": "lst", "ads": "ad",
}  # fmt: skip
#: Out of eight items, those in Chinese: 3 of 8.
_CHINESE_SLOTS: Final = frozenset({1, 4, 6})
_SLOTS: Final = 8
_CURRENCY: Final[dict[Language, str]] = {"en": "USD", "zh": "CNY"}
_STAY_PRICE: Final[dict[Language, float]] = {"en": 640.0, "zh": 1880.0}
_VIDEO_S: Final = (180, 1500)
_TRACK_S: Final = (140, 380)
#: Above 1, the first items of a shelf are met more often than the last ones.
_POPULARITY: Final = 1.6


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One item, what it is about and the time since which it has been on offer, UTC seconds."""

    platform: str
    topic: str
    language: Language
    item: Item
    listed_at_s: float

    def as_reference(self) -> dict[str, Any]:
        """What an event says about the item: all but the description, which only the catalogue has."""
        said: dict[str, Any] = msgspec.to_builtins(self.item)
        said.pop("description", None)
        return said


class Catalogue:
    """All items, and shelves of them by platform, topic and language."""

    def __init__(self, items: Sequence[CatalogueItem]) -> None:
        self.items = tuple(items)
        self._shelves: dict[tuple[str, str, Language | None], list[CatalogueItem]] = defaultdict(list)
        for item in self.items:
            for language in (item.language, None):
                self._shelves[item.platform, item.topic, language].append(item)

    def pick(self, random: Random, platform: str, topic: str, language: Language) -> CatalogueItem | None:
        """An item of a shelf, popular ones more often; in another language when there is none in this one."""
        shelf = self._shelves.get((platform, topic, language)) or self._shelves.get((platform, topic, None))
        return shelf[int(len(shelf) * random.random() ** _POPULARITY)] if shelf else None


def build_catalogue(
    seed: int, now_s: float, n_items: int, topics: Sequence[Topic], common: dict[Language, Common]
) -> Catalogue:
    """n_items items, spread evenly over topics and platforms. Raises ValueError when the words are used up."""
    titles: set[str] = set()
    drafts: dict[tuple[str, str, Language], Iterator[Item]] = {}
    items = []
    for number in range(n_items):
        topic = topics[number % len(topics)]
        layer, platform_index = divmod(number // len(topics), len(BUILT_IN))
        platform = BUILT_IN[platform_index]
        language: Language = "zh" if layer % _SLOTS in _CHINESE_SLOTS else "en"
        shelf = (platform, topic.key, language)
        if shelf not in drafts:
            drafts[shelf] = _Shelf(seed, platform, topic, language, common[language]).drafts()
        item = next((item for item in drafts[shelf] if item.title not in titles), None)
        if item is None:
            raise ValueError(f"n_items = {n_items}: the words last for {number} items; ask for fewer or write more")
        titles.add(item.title)
        item = msgspec.structs.replace(item, item_id=f"{ID_PREFIX[platform]}-{10_000 + number}")
        age_s = generator(seed, "age", number).uniform(1, 60) * 86_400
        items.append(CatalogueItem(platform, topic.key, language, item, now_s - age_s))
    return Catalogue(items)


class _Shelf:
    """Drafts of one platform, topic and language: every template meets every word, in an order of its own."""

    def __init__(self, seed: int, platform: str, topic: Topic, language: Language, common: Common) -> None:
        self._random = generator(seed, "shelf", platform, topic.key, language)
        self._platform = platform
        self._topic = topic
        self._language = language
        self._common = common

    def drafts(self) -> Iterator[Item]:
        """Items without an id. Titles may repeat; the words are used up after so many rounds."""
        words, templates = self._topic.words[self._language], self._common.templates[self._platform]
        start = self._random.randrange(len(words.products))
        rounds = len(words.products) * len(words.brands) * len(templates)
        for number in range(rounds):
            turn, slot = divmod(number, len(words.products))
            # Brands turn once when the templates have turned fully, so that each brand meets each template.
            brand = _at(words.brands, slot + turn // len(templates))
            product = _at(words.products, start + slot)
            fields = self._fields(words, product, start + slot, turn) | {"brand": brand}
            yield self._item(_at(templates, slot + turn), fields, product)

    def _fields(self, words: Words, product: Product, number: int, turn: int) -> dict[str, str]:
        color = self._random.choice(self._common.lists["colors"]) if product.has_colours else ""
        gap = ", " if self._language == "en" else " "
        return {
            "name": words.name,
            "people": words.people,
            "product": product.name,
            "feature": product.feature,
            "color": color,
            "variant": gap + color if color else "",
            "skill": _at(words.skills, number),
            "scene": _at(words.scenes, number),
            "place": _at(words.places, number + turn),
            "headline": _at(words.headlines, number),
            "talk": _at(words.texts["talk"], number + turn),
            "tag": _at(words.tags, number).replace(" ", ""),
            "genre": _at(self._topic.genres, number),
        }

    def _item(self, template: str, fields: dict[str, str], product: Product) -> Item:
        words = self._topic.words[self._language]
        # In descriptions, features and scenes stand at the beginning of a sentence.
        opening = fields | {name: _sentence(fields[name]) for name in ("feature", "scene")}
        basic = Item(
            item_id="",
            title=_sentence(template.format_map(fields)),
            description=self._common.descriptions[self._platform].format_map(opening),
            category=self._topic.category,
            tags=tuple(dict.fromkeys((words.name, *self._random.sample(words.tags, 2)))),
            language=self._language,
        )
        return msgspec.structs.replace(basic, **self._extras(fields, product))

    def _extras(self, fields: dict[str, str], product: Product) -> dict[str, Any]:
        random, lists, currency = self._random, self._common.lists, _CURRENCY[self._language]
        creators = self._topic.words[self._language].creators
        if self._platform in ("shop", "ads"):
            price = round(product.price * random.uniform(0.85, 1.15), 2)
            extras = {"brand": fields["brand"], "price": price, "currency": currency}
            return extras | ({"color": fields["color"]} if fields["color"] else {})
        if self._platform == "travel":
            return {"price": round(_STAY_PRICE[self._language] * random.uniform(0.5, 2)), "currency": currency}
        if self._platform == "music":
            return {"author": random.choice(lists["artists"]), "genre": self._topic.genres,
                    "duration_s": float(random.randint(*_TRACK_S))}  # fmt: skip
        if self._platform == "video":
            return {"author": random.choice(creators), "duration_s": float(random.randint(*_VIDEO_S))}
        return {"author": random.choice(lists["outlets"] if self._platform == "news" else creators)}


def _at(values: Sequence[T], number: int) -> T:
    return values[number % len(values)]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
