"""What reading texts costs, in CPU microseconds a text on one thread, and how good it is. Prints one JSON line.

    python -m tests.bench.meaning [--rounds N] [--texts N] [--encoder hashed|minilm|none] [--quality]

Texts are real reviews cut to 100 words (en) or 100 characters (zh), from the data sets; sentiment is left out (a double
that knows nothing). `--quality` adds: mentions on the marked sentences of `tests/support`; brands of a catalogue in
the titles of other items; topics on the half of the labelled sets that no rule was chosen on. minilm encodes 5,000
texts for that, which takes minutes.
"""

from __future__ import annotations

import argparse
import gc
import gzip
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from encoders import EncoderSpec, build_encoder
from streams.domain.events import Item
from streams.meaning.catalogue_names import CatalogueNames, list_file
from streams.meaning.clauses import clauses_of
from streams.meaning.entities import EntityFinder
from streams.meaning.lexicons import load_lexicons
from streams.meaning.names import fold, units_of
from streams.meaning.reading import Reader
from streams.meaning.taxonomy import Taxonomy, load_taxonomy
from streams.meaning.topics import TopicFinder, Vectors
from tests.bench.report import bench_data, emit, skip
from tests.support.named_scores import by_confidence, scores
from tests.support.named_texts import HELD, TUNED

SIZE = 100
Labelled = list[tuple[str, str]]

#: What a label of a data set means in topics; written by hand.
ZH_TOPICS = {
    "平板": "tablets", "酒店": "hotels", "水果": "fruit_vegetables", "洗发水": "haircare", "衣服": "clothes",
    "计算机": "computers", "书籍": "books", "手机": "phones", "蒙牛": "dairy", "热水器": "home_appliances",
}  # fmt: skip
EN_TOPICS = {
    "kitchen": {"home", "home_appliances", "coffee_tea", "cooking"},
    "books": {"books"},
}
TITLE_TOPICS = {"food": {"food"}, "kitchen": {"home", "technology"}, "beauty": {"beauty"}}
#: First levels of the beauty store's categories: what stands before them in an item's attributes is its brand.
BEAUTY_HEADS = {"Makeup", "Skin Care", "Hair Care", "Tools & Accessories", "Bath & Body", "Fragrance"}


def rows(file: str) -> list[dict[str, str]]:
    with gzip.open(bench_data() / file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def us_per_text(work: Callable[[], object], n: int) -> float:
    """CPU time, since a neighbour's work is none of ours."""
    start_s = time.process_time()
    work()
    return (time.process_time() - start_s) / n * 1e6


def reviews(n: int) -> dict[str, list[str]]:
    draw = random.Random(3)
    en = [
        " ".join(row["text"].split()[:SIZE])
        for row in rows("sentiment_en_products/reviews.jsonl.gz")
        if len(row["text"].split()) >= SIZE
    ]
    zh = [row["text"][:SIZE] for row in rows("sentiment_zh_shopping/reviews.jsonl.gz") if len(row["text"]) >= SIZE]
    return {"en": draw.sample(en, n), "zh": draw.sample(zh, n)}


def labelled() -> dict[str, Labelled]:
    """Seeded draws; the second half of each is the one that is reported."""
    draw = random.Random(5)
    by_category: dict[str, list[str]] = {}
    for row in rows("sentiment_zh_shopping/reviews.jsonl.gz"):
        by_category.setdefault(row["category"], []).append(row["text"])
    zh: Labelled = []
    for category, texts in by_category.items():
        draw.shuffle(texts)
        zh += [(text, category) for text in texts[:450]]
    en = rows("sentiment_en_products/reviews.jsonl.gz")
    draw.shuffle(en)
    items = [row for row in rows("amazon_food_kitchen/items.jsonl.gz") if row["title"]]
    draw.shuffle(items)
    extra = [row for row in rows("amazon_food_kitchen/extra_items.jsonl.gz") if row["title"]]
    draw.shuffle(extra)
    titles: Labelled = []
    for platform, drawn in (("food", items), ("kitchen", items), ("beauty", extra)):
        titles += [(row["title"], platform) for row in drawn if row["platform"] == platform][:1200]
    sets = {
        "zh": zh,
        "en": [(f"{row['summary']}. {row['text']}", row["domain"]) for row in en[:1600]],
        "titles": titles,
    }
    for each in sets.values():
        draw.shuffle(each)
    return {name: each[1::2] for name, each in sets.items()}


def is_right(name: str, label: str, line: Sequence[str]) -> bool:
    """line: the topic and its parents."""
    if name == "zh":
        return line[0] == ZH_TOPICS[label]
    return not (EN_TOPICS if name == "en" else TITLE_TOPICS)[label].isdisjoint(line)


def topic_quality(
    taxonomy: Taxonomy, finder: TopicFinder, encode: Callable[[Sequence[str]], Vectors] | None
) -> dict[str, float]:
    """recall: texts with a topic of their label; precision: topics that are of it; of any other, a text has one label."""
    quality: dict[str, float] = {}
    for name, texts in labelled().items():
        vectors = None if encode is None else encode([text for text, _ in texts])
        hits = finder.find([fold(text) for text, _ in texts], vectors)
        right = [
            [is_right(name, label, taxonomy.line(hit.topic)) for hit in found]
            for (_, label), found in zip(texts, hits, strict=True)
        ]
        n_made = sum(map(len, right))
        quality[f"topics_{name}_recall"] = sum(map(any, right)) / len(texts)
        quality[f"topics_{name}_precision"] = sum(map(sum, right)) / max(1, n_made)
        quality[f"topics_{name}_per_text"] = n_made / len(texts)
    return quality


def mention_quality() -> dict[str, float]:
    finder = EntityFinder(load_lexicons())
    quality: dict[str, float] = {}
    for name, texts in (("tuned", TUNED), ("held", HELD)):
        for kind, score in scores(finder, texts).items():
            quality[f"{name}_{kind}_precision"] = score.precision
            quality[f"{name}_{kind}_recall"] = score.recall
            quality[f"{name}_{kind}_f1"] = score.f1
        for confidence, (n_found, n_right) in by_confidence(finder, texts).items():
            quality[f"{name}_at_{confidence}"] = n_right / n_found
    return quality


def catalogue_quality() -> dict[str, float]:
    """Brands that half of the beauty items taught, in the titles of the other half, against those items' own brands."""
    names = CatalogueNames()
    branded = [(row, row["attributes"][0]) for row in rows("amazon_beauty/items.jsonl.gz") if has_brand(row)]
    random.Random(7).shuffle(branded)
    half = len(branded) // 2
    for row, brand in branded[:half]:
        names.put(f"beauty:{row['item_id']}", Item(row["item_id"], brand=brand))
    with tempfile.TemporaryDirectory() as folder:
        for kind, listed in names.lists().items():
            (Path(folder) / f"{kind}.toml").write_text(list_file(kind, listed), "utf-8")
        finder = EntityFinder(load_lexicons(folder))
    known = {fold(brand) for _, brand in branded[:half]}
    counts = Counter[str]()
    for row, brand in branded[half:]:
        title = row["title"]
        found = {fold(title[each.start : each.end]) for each in finder.find(title) if each.kind == "brand"}
        is_there = fold(brand) in known and fold(brand) in fold(title)
        counts["there"] += is_there
        counts["right"] += fold(brand) in found
        counts["found"] += bool(found)
    return {
        "catalogue_brands_recall": counts["right"] / counts["there"],
        "catalogue_brands_precision": counts["right"] / counts["found"],
    }


def has_brand(row: Mapping[str, object]) -> bool:
    attributes = row["attributes"]
    return (
        bool(row["title"])
        and isinstance(attributes, list)
        and len(attributes) > 1
        and attributes[0] not in BEAUTY_HEADS
        and attributes[1] in BEAUTY_HEADS
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--texts", type=int, default=500)
    parser.add_argument("--encoder", choices=("hashed", "minilm", "none"), default="hashed")
    parser.add_argument("--quality", action="store_true")
    options = parser.parse_args()
    if not Path(bench_data() / "sentiment_zh_shopping").is_dir():
        skip("meaning", f"no data sets in {bench_data()}; set BRAID_BENCH_DATA")
        return
    encoder = None if options.encoder == "none" else build_encoder(EncoderSpec(options.encoder, n_threads=1))
    encode = (
        None
        if encoder is None
        else lambda texts: np.concatenate(
            [encoder.encode(texts[at : at + 64]).vectors for at in range(0, len(texts), 64)]
        )
    )
    taxonomy = load_taxonomy()
    entities, topics = EntityFinder(load_lexicons()), TopicFinder(taxonomy, encode)
    reader = Reader(entities, topics, lambda texts, _: np.zeros(len(texts), np.float32))
    gc.freeze()  # as a worker does after its start
    gc.set_threshold(200_000, 20, 100)
    measured: dict[str, list[float]] = {}
    drawn = reviews(options.texts)
    for _ in range(options.rounds):
        for language, texts in drawn.items():
            vectors = None if encode is None else encode(texts)
            folded = [fold(text) for text in texts]
            units = [units_of(text) for text in folded]
            mentions = [entities.find(text) for text in texts]
            works: dict[str, Callable[[], object]] = {
                "read": lambda texts=texts, vectors=vectors: reader.read(texts, None, vectors),
                "words": lambda folded=folded: [units_of(text) for text in folded],
                "entities": lambda texts=texts, units=units: [entities.find(text, None, known) for text, known in zip(texts, units, strict=True)],
                "topics": lambda folded=folded, vectors=vectors, units=units: topics.find(folded, vectors, units),
                "clauses": lambda texts=texts, mentions=mentions: [clauses_of(text, named) for text, named in zip(texts, mentions, strict=True)],
            }  # fmt: skip
            for name, work in works.items():
                measured.setdefault(f"{language}_{name}_us", []).append(us_per_text(work, len(texts)))
            measured.setdefault(f"{language}_mentions", []).append(sum(map(len, mentions)) / len(texts))
    if options.quality:
        quality = {**mention_quality(), **catalogue_quality(), **topic_quality(taxonomy, topics, encode)}
        measured |= {name: [value] for name, value in quality.items()}
    settings = {"rounds": options.rounds, "texts": options.texts, "encoder": options.encoder, "trust": topics.trust}
    emit("meaning", settings, {"braid": measured})


if __name__ == "__main__":
    main()
