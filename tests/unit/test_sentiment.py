"""E1: how texts feel, Chinese and English, by the packaged weights."""

from __future__ import annotations

import shutil
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import Unavailable
from streams.meaning.sentiment import WEIGHTS, SentimentModel, packaged_sentiment
from streams.meaning.sentiment_files import DIGEST_FILE, FILE, load_weights, save_weights
from streams.meaning.sentiment_weights import VectorWeights

pytestmark = pytest.mark.requirement("E1")

PIECES = st.sampled_from(
    ["good", "not ", "n't", "never", "好", "不", "差评", "推荐", "!", "?", ".", "，", " ", ":(", ":)", "666", "👍", "Ａ", "é",
     "хорошо", "とても", "\x02", "\x03", "\ue000", "\ud800", "\u200d", "𠮷", "aaaa", "5/5", "ﷺ"]
)  # fmt: skip
texts = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=25).map("".join))


@pytest.fixture(scope="module")
def model() -> SentimentModel:
    return packaged_sentiment()


def score(text: str) -> float:
    return float(packaged_sentiment().read([text])[0])


@given(st.lists(texts, max_size=8))
def test_every_text_gets_a_score_between_minus_one_and_one(batch) -> None:
    scores = packaged_sentiment().read(batch)
    assert scores.shape == (len(batch),)
    assert ((scores >= -1) & (scores <= 1)).all()


@given(st.lists(texts, max_size=8))
def test_a_batch_is_its_texts_one_by_one(batch) -> None:
    assert packaged_sentiment().read(batch).tolist() == [score(text) for text in batch]


def test_a_batch_of_many_chunks_is_its_texts_one_by_one(model) -> None:
    batch = ["not a good phone at all. " * 90, "很好用，推荐" * 60, ""] * 20
    assert model.read(batch).tolist() == [score(text) for text in batch]


@pytest.mark.parametrize(
    "text", ["", "   ", "\u200b", "Очень хороший телефон", "とても良いカメラです", "정말 좋은 책", "هاتف رائع"]
)
def test_a_text_in_no_language_that_was_taught_says_nothing(text) -> None:
    assert score(text) == 0


@pytest.mark.parametrize(
    ("kind", "sour"),
    [
        ("I love this phone, it works perfectly", "I hate this phone, it stopped working"),
        ("a wonderful, moving film", "a dull and tedious mess"),
        ("great quality, highly recommended", "poor quality, do not buy"),
        ("works well, I am happy with it", "doesn't work, I'm not happy with it"),
        ("很好用，下次还会再买", "质量太差了，再也不会买"),
        ("房间干净，服务热情", "房间很脏，服务态度恶劣"),
        ("物流很快，包装很好", "物流太慢，包装破损"),
        ("这本书很精彩，爱不释手", "这本书很无聊，浪费时间"),
    ],
)
def test_praise_is_positive_and_blame_is_negative(kind, sour) -> None:
    assert score(kind) > 0.3
    assert score(sour) < -0.3


@pytest.mark.parametrize(
    ("said", "denied"),
    [
        ("this is good", "this is not good"),
        ("i would recommend it", "i would not recommend it"),
        ("it works", "it doesn't work"),
        ("好用", "不好用"),
        ("值得购买", "不值得购买"),
        ("满意", "不满意"),
        ("喜欢", "不喜欢"),
    ],
)
def test_a_negation_turns_praise_round(said, denied) -> None:
    assert score(said) > 0 > score(denied)


def test_both_spellings_of_a_negation_read_alike() -> None:
    assert score("it does n't work") == score("it doesn't work") == score("it doesn’t work")


@pytest.mark.parametrize(
    "text", ["666", "6666666", "哈哈哈哈哈", "👍👍👍", "好听哭了", "太强了", ":)", "😍", "yyds", "233333"]
)
def test_danmu_that_cheer_are_positive(text) -> None:
    assert score(text) > 0


@pytest.mark.parametrize("text", ["👎", "😡😡😡", "垃圾", "什么玩意", "太尬了", ":(", "辣眼睛", "[怒]"])
def test_danmu_that_jeer_are_negative(text) -> None:
    assert score(text) < 0


def test_a_text_in_two_languages_is_read_by_both() -> None:
    assert score("这个手机 is terrible, 太差了 do not buy") < 0 < score("这个手机 is great, 很好用 love it")


def test_the_same_letter_again_and_again_says_no_more_than_three() -> None:
    assert score("sooo good!!!") == score("soooooooo good!!!!!!!!!!")


@given(st.text(alphabet="abcdefgh 好差不很", max_size=30))
def test_width_and_case_do_not_matter(text) -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) if letter.isascii() and letter.isalpha() else letter for letter in text)
    assert score(wide) == score(text) == score(text.upper())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_vector_refines_the_language_that_its_encoder_reads_and_its_absence_changes_nothing(model, language) -> None:
    batch = ["it is a phone", "这是手机", ""] if language == "en" else ["这是昨天买的一部手机", "it is a phone", ""]
    weights = load_weights(WEIGHTS)
    layer, dimensions = (weights.vectors, 384) if language == "en" else (weights.han_vectors.layer, 512)
    encoder = dict(zip(("zh", "en"), model.encoders, strict=True))[language]
    towards = layer.outward @ layer.inward[:, :dimensions]
    towards = np.stack([towards / np.linalg.norm(towards)] * 3).astype(np.float32)
    alone, absent = model.read(batch), model.read(batch, np.zeros_like(towards), encoder)
    kind, sour = model.read(batch, towards, encoder), model.read(batch, -towards, encoder)
    assert absent.tolist() == alone.tolist()
    assert sour[0] < kind[0]
    assert kind[1:].tolist() == alone[1:].tolist()
    assert model.read(batch, towards, "another encoder").tolist() == alone.tolist()


@given(st.integers(1, 40), st.integers(0, 2**32 - 1), st.sampled_from([("good film", 1, 384), ("昨天看的一部好电影", 0, 512)]))
def test_a_batch_with_vectors_is_its_texts_one_by_one(n_texts, seed, kind) -> None:
    said, which, dimensions = kind  # as long as those of the encoder
    encoder = packaged_sentiment().encoders[which]
    vectors = np.random.default_rng(seed).normal(size=(n_texts, dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"{said} {number}" for number in range(n_texts)]
    one_by_one = [float(packaged_sentiment().read([texts[n]], vectors[n : n + 1], encoder)[0]) for n in range(n_texts)]
    assert packaged_sentiment().read(texts, vectors, encoder).tolist() == one_by_one


def test_a_layer_of_units_is_what_its_formula_says() -> None:
    layer = VectorWeights(
        inward=np.array([[1, 0], [0, 2]], dtype=np.float32), thresholds=np.array([-0.5, 0.25], dtype=np.float32),
        outward=np.array([2, -3], dtype=np.float32), intercept=0.125,
    )  # fmt: skip
    vectors = np.array([[1, 0], [0, 1], [0, -1]], dtype=np.float32)
    assert layer.margins(vectors).tolist() == [2 * 0.5 - 3 * 0.25 + 0.125, -3 * 2.25 + 0.125, 0.125]


def test_labels_follow_the_neutral_band(model) -> None:
    beyond = model.neutral_band + 0.01
    assert model.labels(np.array([-beyond, -model.neutral_band, 0.0, beyond])) == [
        "negative", "neutral", "neutral", "positive"
    ]  # fmt: skip


def test_the_packaged_weights_are_small() -> None:
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) <= 10_000_000


def test_damaged_weights_are_refused_by_name(tmp_path) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "weights")
    damaged = bytearray((folder / FILE).read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (folder / FILE).write_bytes(damaged)
    with pytest.raises(Unavailable, match=rf"{FILE}: damaged"):
        SentimentModel.load(folder)


@pytest.mark.parametrize("missing", [FILE, DIGEST_FILE])
def test_missing_weights_are_refused(tmp_path, missing) -> None:
    folder = shutil.copytree(WEIGHTS, tmp_path / "weights")
    (folder / missing).unlink()
    with pytest.raises(Unavailable, match="cannot be read"):
        SentimentModel.load(folder)


def test_weights_of_other_ngrams_are_refused(tmp_path, monkeypatch) -> None:
    weights = load_weights(WEIGHTS)
    monkeypatch.setattr("streams.meaning.sentiment_files.SCHEME", 0)
    save_weights(tmp_path, weights)
    monkeypatch.undo()
    with pytest.raises(Unavailable, match="another version"):
        SentimentModel.load(tmp_path)


def test_saved_weights_come_back_as_they_were(tmp_path) -> None:
    weights = replace(load_weights(WEIGHTS), neutral_band=0.25)
    first = save_weights(tmp_path / "one", weights).read_bytes()
    again = load_weights(tmp_path / "one")
    assert again.neutral_band == 0.25
    assert save_weights(tmp_path / "two", again).read_bytes() == first
