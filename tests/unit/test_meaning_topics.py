"""E4: topics of texts, several at once, from phrases and words of a taxonomy that operators edit."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders import EncoderSpec, build_encoder
from streams.domain.readings import TopicHit
from streams.domain.sensitive import DEFAULT_TERMS, SensitiveTags
from streams.errors import UsageError
from streams.meaning.names import fold
from streams.meaning.taxonomy import Taxonomy, TopicSpec, faults_of, load_taxonomy
from streams.meaning.topics import MAX_TOPICS, TopicFinder, Vectors

pytestmark = pytest.mark.requirement("E4")
ENCODER = build_encoder(EncoderSpec("hashed"))
COFFEE = TopicSpec(
    "coffee", "coffee", "咖啡", like_en=("a cup of coffee", "espresso"), like_zh=("手冲咖啡", "拿铁"), words=("coffee",)
)
TENNIS = TopicSpec(
    "tennis", "tennis", "网球", like_en=("a tennis match", "racket"), like_zh=("网球比赛", "球拍"), words=("tennis",)
)


def encode(texts: Sequence[str]) -> Vectors:
    return ENCODER.encode(texts).vectors


@cache
def finder() -> TopicFinder:
    return TopicFinder(load_taxonomy(), encode)


def topics(text: str) -> list[str]:
    return [hit.topic for hit in finder().find([fold(text)], encode([text]))[0]]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("这个酒店的前台很热情，房间干净", "hotels"), ("洗发水去屑效果不错，头皮不痒了", "haircare"), ("苹果又脆又甜，个头也大", "fruit_vegetables"),
        ("装系统以后笔记本散热好多了", "computers"), ("the author writes a gripping novel", "books"), ("dark roast coffee beans", "coffee_tea"),
        ("nba playoffs game seven", "basketball"), ("cheap flights and a delayed airline", "transport"), ("nail polish and mascara", "makeup"),
        ("陶瓷茶壶泡普洱", "coffee_tea"), ("a python course for programming beginners", "software"), ("新专辑的歌曲很好听", "music"),
    ],
)  # fmt: skip
def test_texts_are_about_what_they_speak_of(text: str, topic: str) -> None:
    assert topic in topics(text)


def test_a_text_may_be_about_several_things() -> None:
    assert {"film", "music"} <= set(topics("the album of the movie has great songs, the film itself has bad actors"))
    assert len(topics("咖啡机和平底锅，酒店的火锅，机票和足球")) == MAX_TOPICS


@pytest.mark.parametrize("text", ["", "差评", "ok thanks", "???"])
def test_a_text_without_content_is_about_nothing(text: str) -> None:
    assert topics(text) == []


@given(st.lists(st.sampled_from(["手机信号不好", "coffee beans", "", "hotel room", "xyz", "书的内容"]), max_size=5))
def test_a_batch_gives_what_its_texts_give_one_by_one(texts: list[str]) -> None:
    folded = [fold(text) for text in texts]
    together = finder().find(folded, encode(texts)) if texts else []
    alone = [finder().find([text], encode([text]))[0] for text in folded]
    assert [[hit.topic for hit in hits] for hits in together] == [[hit.topic for hit in hits] for hits in alone]
    assert all(0 < hit.score <= 1 for hits in together for hit in hits)


def test_without_vectors_words_alone_decide() -> None:
    plain = TopicFinder(Taxonomy((COFFEE, TENNIS)))
    assert [hit.topic for hit in plain.find(["tennis"])[0]] == ["tennis"]
    assert plain.find(["racket"]) == [()]
    assert plain.trust == {}


def test_closeness_counts_as_far_as_the_encoder_tells_topics_apart() -> None:
    def knowing(texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), 3), np.float32)
        for row, text in enumerate(texts):
            rows[row, 0 if text in (*COFFEE.like_en, *COFFEE.like_zh) else 1] = 1.0
        return rows

    def ignorant(texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 3), np.float32)

    taxonomy = Taxonomy((COFFEE, TENNIS))
    wise, dull = TopicFinder(taxonomy, knowing), TopicFinder(taxonomy, ignorant)
    assert wise.trust == {"en": 1.0, "zh": 1.0}
    assert max(dull.trust.values()) < 0.5
    on_coffee = np.array([[1.0, 0.0, 0.0]], np.float32)
    assert wise.find(["something hot"], on_coffee)[0][0].topic == "coffee"
    assert dull.find(["something hot"], np.ones((1, 3), np.float32)) == [()]
    assert wise.find(["something hot"], np.zeros((1, 3), np.float32)) == [()]


def test_an_encoder_that_loses_phrases_is_refused() -> None:
    with pytest.raises(ValueError, match="phrases"):
        TopicFinder(load_taxonomy(), lambda texts: encode(texts[1:]))


def test_no_topic_of_the_package_is_sensitive_and_none_is_ever_found() -> None:
    taxonomy = load_taxonomy(sensitive=SensitiveTags(DEFAULT_TERMS))
    assert len(taxonomy.found()) >= 40
    guarded = TopicFinder(Taxonomy((COFFEE, TENNIS)), sensitive=SensitiveTags(["咖啡"]))
    assert guarded.find(["coffee and tennis"]) == [(TopicHit("tennis", pytest.approx(0.54, abs=0.1)),)]


def test_a_topic_knows_what_it_belongs_to() -> None:
    taxonomy = load_taxonomy()
    assert taxonomy.line("phones") == ("phones", "technology")
    with pytest.raises(KeyError):
        taxonomy.line("nothing")


def spec(name: str, **other: object) -> TopicSpec:
    told = {"like_en": ("a", "b"), "like_zh": ("c", "d"), "words": ("word",)}
    return TopicSpec(name, "name", "名", **{**told, **other})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("specs", "said"),
    [
        ([], "no topic"),
        ([spec("a"), spec("a")], "there 2 times"),
        ([spec("a", parent="b")], "unknown parent 'b'"),
        ([spec("a", parent="b"), spec("b", parent="a")], "its own ancestor"),
        ([spec("A b")], "a letter first"),
        ([TopicSpec("a", "name", "名")], "empty"),
        ([TopicSpec("a", " ", "名", like_en=("a", "b"), like_zh=("c", "d"))], "a name in en and zh"),
        ([spec("a", like_en=("only",))], "like_en has 1 phrases"),
        ([spec("a", words=("书",))], "too short"),
        ([TopicSpec("a", "gay pride", "名", like_en=("a", "b"), like_zh=("c", "d"))], "sensitive"),
    ],
)  # fmt: skip
def test_a_faulty_taxonomy_says_what_is_wrong(specs: list[TopicSpec], said: str) -> None:
    assert any(said in fault for fault in faults_of(specs, SensitiveTags(DEFAULT_TERMS)))


def test_an_operators_file_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    file = tmp_path / "topics.toml"
    file.write_text(
        '[[topic]]\nid = "x"\nen = "x"\nzh = "某"\nlike_en = ["a", "b"]\nlike_zh = ["c", "d"]\n', encoding="utf-8"
    )
    assert [topic.id for topic in load_taxonomy(file).topics] == ["x"]
    file.write_text("[[topic]]\nid = 7\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"topics\.toml"):
        load_taxonomy(file)
    with pytest.raises(UsageError, match="compare it"):
        load_taxonomy(tmp_path / "nowhere.toml")
    file.write_text('[[topic]]\nid = "x"\nen = "x"\nzh = "某"\nparent = "y"\n', encoding="utf-8")
    with pytest.raises(UsageError, match="unknown parent 'y'"):
        load_taxonomy(file)
