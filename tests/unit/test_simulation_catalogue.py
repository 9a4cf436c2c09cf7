from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from encoders.errors import ModelUnavailable
from encoders.factory import EncoderSpec, build_encoder
from streams.domain.platforms import BUILT_IN
from streams.simulation import Simulation
from streams.simulation.topics import LANGUAGES, load_common, load_topics

NOW_S = 1_700_000_000.0


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return Simulation(seed=7, now_s=NOW_S)


def test_the_catalogue_has_items_of_every_topic_on_every_platform(simulation: Simulation) -> None:
    shelves = Counter((item.platform, item.topic) for item in simulation.catalogue.items)
    assert len(simulation.catalogue.items) == 2_100
    assert {platform for platform, _ in shelves} == set(BUILT_IN)
    assert len({topic for _, topic in shelves}) >= 20
    assert min(shelves.values()) >= 12


def test_more_than_a_third_of_the_items_are_chinese(simulation: Simulation) -> None:
    chinese = [item for item in simulation.catalogue.items if item.language == "zh"]
    assert 0.34 <= len(chinese) / 2_100 <= 0.42
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in item.item.title) for item in chinese)


def test_no_title_and_no_id_occurs_twice(simulation: Simulation) -> None:
    titles = Counter(item.item.title for item in simulation.catalogue.items)
    ids = Counter(item.item.item_id for item in simulation.catalogue.items)
    assert max(titles.values()) == max(ids.values()) == 1


def test_every_template_is_filled(simulation: Simulation) -> None:
    for entry in simulation.catalogue.items:
        for text in (entry.item.title, entry.item.description):
            assert text.strip() == text != ""
            assert "{" not in text
            assert "  " not in text


def test_goods_have_a_brand_and_a_price_and_media_a_length(simulation: Simulation) -> None:
    for entry in simulation.catalogue.items:
        item = entry.item
        if entry.platform in ("shop", "ads"):
            assert item.brand
            assert item.price
            assert item.currency == {"en": "USD", "zh": "CNY"}[entry.language]
        if entry.platform in ("video", "music"):
            assert item.author
            assert item.duration_s
            assert item.duration_s > 60


def test_other_seeds_make_other_items_and_the_same_seed_the_same() -> None:
    def titles(seed: int) -> list[str]:
        return [entry.item.title for entry in Simulation(seed, NOW_S, n_items=400).catalogue.items]

    assert titles(7) == titles(7)
    assert titles(7) != titles(8)


def test_asking_for_more_items_than_the_words_allow_is_an_error_that_says_how_many() -> None:
    with pytest.raises(ValueError, match=r"n_items = 50000: the words last for \d+ items"):
        _ = Simulation(7, NOW_S, n_items=50_000).catalogue


def test_people_write_few_enough_distinct_texts_for_a_cpu_to_encode() -> None:
    texts = {
        text for topic in load_topics() for words in topic.words.values() for kind in words.texts.values() for text in kind
    }
    shared = {
        text for common in load_common().values() for name, kind in common.lists.items()
        if name.startswith(("comment", "stay", "danmu")) for text in kind
    }  # fmt: skip
    assert 500 <= len(texts | shared) <= 700


def test_every_topic_speaks_both_languages_and_no_text_belongs_to_two() -> None:
    owners: dict[str, str] = {}
    for topic in load_topics():
        assert set(topic.words) == set(LANGUAGES)
        for words in topic.words.values():
            for texts in words.texts.values():
                for text in texts:
                    assert owners.setdefault(text, topic.key) == topic.key


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "language", "share"),
    [("hashed", "en", 0.7), ("hashed", "zh", 0.6), ("minilm", "en", 0.85), ("minilm", "zh", 0.7)],
)
def test_the_nearest_item_of_another_platform_is_mostly_of_the_same_topic(
    simulation: Simulation, model: str, language: str, share: float
) -> None:
    """By title and description alone: an encoder has to see from the words what an item is about."""
    try:
        encoder = build_encoder(EncoderSpec(model, device="cpu", n_threads=1))
    except ModelUnavailable as error:
        pytest.skip(str(error))
    shelf = [entry for entry in simulation.catalogue.items if entry.language == language]
    goods = [entry for entry in shelf if entry.platform == "shop"][::2]
    clips = [entry for entry in shelf if entry.platform == "video"][::2]
    goods_vectors, clip_vectors = (
        encoder.encode([f"{entry.item.title}. {entry.item.description}" for entry in entries]).vectors
        for entries in (goods, clips)
    )
    nearness = goods_vectors @ clip_vectors.T
    same = np.array([[good.topic == clip.topic for clip in clips] for good in goods])
    assert nearness[same].mean() > nearness[~same].mean() + 0.1
    hits = same[np.arange(len(goods)), nearness.argmax(axis=1)]
    assert hits.mean() >= share
