"""Sentiment weights are learnt from labelled texts, and nothing of a held-out group gets into its own reading."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn (extra `train`) is not installed")

from streams.errors import UsageError
from streams.meaning.sentiment import SentimentModel
from streams.meaning.sentiment_clauses import clauses_of
from streams.meaning.sentiment_files import save_weights
from streams.meaning.sentiment_ngrams import characters_of, han_grams
from streams.training.labelled_texts import LabelledText, of_language, read_labelled_texts, training_files
from streams.training.neutral_band import chosen_band, macro_f1
from streams.training.seed_words import read_seed_words
from streams.training.sentiment import train
from streams.training.sentiment_fitting import NEUTRAL, RECIPES, Trainer, calibration_error, evened, fit_logistic
from streams.training.sentiment_layer import fit_layer

GROUPS = ("茶", "灯", "书")


def made_texts() -> list[LabelledText]:
    kind, sour = ("很好，喜欢", "不错，推荐", "满意，好用"), ("太差，失望", "难用，退货", "垃圾，后悔")
    return [
        LabelledText(f"{group}{said}{number}", label, group)
        for group in GROUPS
        for number in range(4)
        for label, texts in ((1, kind), (0, sour))
        for said in texts
    ]


def group_numbers(texts: list[LabelledText]) -> np.ndarray:
    return np.array([GROUPS.index(text.group) for text in texts])


def test_the_same_texts_give_the_same_weights() -> None:
    rows = np.arange(len(made_texts()))
    one, two = (Trainer(RECIPES["zh"], made_texts()).fit(rows).grams.weights() for _ in range(2))
    assert (one.levels == two.levels).all()
    assert (one.tops, one.intercept) == (two.tops, two.intercept)


def test_weights_in_bytes_say_nearly_what_was_learnt() -> None:
    texts = made_texts()
    trainer = Trainer(RECIPES["zh"], texts)
    learnt = trainer.fit(np.arange(len(texts))).grams
    exact = learnt.margins(trainer.matrix)
    weights = learnt.weights()
    rough, known = weights.margins(han_grams(characters_of([text.text for text in texts]), weights.bits), len(texts))
    assert np.abs(rough - exact).max() < 0.02 * np.abs(exact).max()
    assert (known > 0.5).all()


def test_clauses_are_read_in_training_as_they_are_read_afterwards() -> None:
    texts = [LabelledText("很好，太差，喜欢", 1, "茶"), LabelledText("失望", 0, "茶"), *made_texts()]
    trainer = Trainer(RECIPES["zh"], texts)
    fitted = trainer.fit(np.arange(len(texts)))
    weights = fitted.grams.weights()
    clauses = clauses_of(characters_of([texts[0].text])).characters
    rough, _ = weights.margins(han_grams(clauses, weights.bits), clauses.n_texts)
    uncut, cut = trainer.margins(fitted, np.array([1, 0]))
    assert len(rough) == 3
    assert cut[1] == pytest.approx(rough.mean(), abs=0.02)
    assert cut[1] != cut[0]
    assert uncut[1] == uncut[0]


def test_an_inflected_word_is_read_by_its_stem() -> None:
    taught = {1: ("delighted", "enchants", "marvels"), 0: ("disappoints", "frustrated", "irritates")}
    texts = [
        LabelledText(f"{word} {thing}", label, thing)
        for label, words in taught.items()
        for word in words
        for thing in ("kettle", "novel", "lamp")
    ]
    new = [LabelledText("enchanting", 1, "new"), LabelledText("disappointment", 0, "new")]
    trainer = Trainer(RECIPES["en"], [*texts, *new])
    kind, sour = trainer.margins(trainer.fit(np.arange(len(texts))), np.array([len(texts), len(texts) + 1]))[:, 0]
    assert kind > 0 > sour


def test_a_layer_learns_what_no_single_direction_can_tell() -> None:
    corners = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]], dtype=np.float32) / np.sqrt(np.float32(2))
    vectors, labels = np.tile(corners, (200, 1)), np.tile([1, 1, 0, 0], 200)
    layer = fit_layer(vectors, labels)
    assert ((layer.margins(corners) > 0) == [True, True, False, False]).all()
    assert (fit_layer(vectors, labels).inward == layer.inward).all()


def test_a_held_out_group_is_read_without_its_own_labels() -> None:
    texts = made_texts()
    groups = group_numbers(texts)
    told = Trainer(RECIPES["zh"], texts).held_out_margins(groups)
    lied = [LabelledText(t.text, 1 - t.label if t.group == GROUPS[0] else t.label, t.group) for t in texts]
    untold = Trainer(RECIPES["zh"], lied).held_out_margins(groups)
    assert (told[groups == 0] == untold[groups == 0]).all()
    assert (told[groups != 0] != untold[groups != 0]).any()


def test_the_zero_of_a_machine_is_kept_when_its_margins_become_logits() -> None:
    margins = np.tile([-1.0, -0.5, 0.5, 1.0], 6)[:, None]
    (slope,) = fit_logistic(margins + 0.2, np.tile([0, 1, 0, 1], 6))
    assert slope > 0


def test_neutral_texts_teach_nothing() -> None:
    texts = made_texts()
    beside = [*texts, *(LabelledText("茶一般，凑合", None, "茶") for _ in range(20))]
    one = Trainer(RECIPES["zh"], texts).fit(np.arange(len(texts))).grams
    two = Trainer(RECIPES["zh"], beside).fit(np.arange(len(beside))).grams
    assert (one.pulls == two.pulls).all()


def test_a_one_sided_group_is_thinned_and_neutral_texts_stay() -> None:
    texts = [LabelledText("a", 1, "x")] * 9 + [LabelledText("b", 0, "x")] * 2 + [LabelledText("c", None, "x")] * 3
    rows = evened(texts, seed=1)
    assert [sum(texts[row].label == label for row in rows) for label in (1, 0, None)] == [4, 2, 3]
    assert rows.tolist() == evened(texts, seed=1).tolist()


def test_texts_are_sorted_by_the_language_of_their_group() -> None:
    texts = [LabelledText("ok", 1, "手机"), LabelledText("很好用", 1, "手机"), LabelledText("works fine", 1, "phones")]
    assert [text.group for text in of_language(texts, "zh")] == ["手机", "手机"]
    assert [text.group for text in of_language(texts, "en")] == ["phones"]


class Sides:
    """An encoder that knows one word."""

    name = "sides"

    def vectors(self, texts):
        return np.array([[1.0, 0.0] if "love" in text else [0.0, 1.0] for text in texts], dtype=np.float32)


ENCODERS = {"zh": Sides(), "en": Sides()}


def english_texts() -> list[LabelledText]:
    words = ((1, "I love it, works well"), (0, "I hate it, it broke"), (None, "it is a thing"))
    return [
        LabelledText(f"{said}, {group} {number}", label, group)
        for group in ("lamps", "tea")
        for number in range(6)
        for label, said in words
    ]


def test_what_was_trained_can_be_saved_loaded_and_read_with(tmp_path) -> None:
    weights, metrics = train([*made_texts(), *english_texts()], ENCODERS, lambda _: None)
    save_weights(tmp_path, weights)
    model = SentimentModel.load(tmp_path)
    assert model.encoders == ("sides", "sides")
    assert metrics["en"]["held_out_accuracy"] == {"lamps": 1.0, "tea": 1.0}
    kind, sour = model.read(["I love it, works well", "I hate it, it broke"])
    assert kind > 0 > sour
    assert model.read(["很好，喜欢"])[0] > 0 > model.read(["太差，失望"])[0]


def test_a_language_without_two_groups_cannot_be_trained() -> None:
    with pytest.raises(UsageError, match="two groups"):
        train(english_texts(), ENCODERS, lambda _: None)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_seed_word_both_praises_and_blames(language) -> None:
    words = read_seed_words(language)
    assert len({word.text for word in words}) == len(words) > 100
    assert {word.label for word in words} == {0, 1}


def test_stars_and_labels_are_read(tmp_path) -> None:
    file = tmp_path / "set" / "reviews.jsonl.gz"
    file.parent.mkdir()
    lines = [
        {"text": "a", "label": 1, "category": "tea"}, {"text": "b", "rating": 2.0, "domain": "lamps"},
        {"text": "c", "value": 3}, {"text": " ", "label": 0}, {"text": None, "label": 0},
    ]  # fmt: skip
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(line) + "\n" for line in lines)
    assert read_labelled_texts(file) == [
        LabelledText("a", 1, "tea"), LabelledText("b", 0, "lamps"), LabelledText("c", None, "set")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[]", ":2: not a JSON object"),
        ("{", ":2: not a JSON object"),
        ('{"text": 5, "label": 1}', ":2: text: 5"),
        ('{"text": "a", "label": 2}', ":2: label: 2"),
        ('{"text": "a", "rating": 9}', ":2: rating: 9"),
        ('{"text": "a"}', ":2: label: None"),
    ],
)
def test_what_is_no_labelled_text_is_named_by_file_and_line(tmp_path, line, message) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text(f'{{"text": "a", "label": 1}}\n{line}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        read_labelled_texts(file)


def test_files_for_measuring_are_not_learnt_from(tmp_path) -> None:
    for name in ("train.jsonl", "dev.jsonl", "test.jsonl"):
        (tmp_path / name).write_text('{"text": "a", "label": 1}\n', encoding="utf-8")
    (tmp_path / "items.jsonl").write_text('{"title": "a"}\n', encoding="utf-8")
    assert [file.name for file in training_files(tmp_path)] == ["train.jsonl"]
    with pytest.raises(UsageError, match="no file of labelled texts"):
        training_files(tmp_path / "absent")


def test_the_neutral_band_parts_the_classes() -> None:
    scores, classes = np.array([-0.9, -0.6, -0.2, 0.1, 0.3, 0.7, 0.9]), np.array([-1, -1, 0, 0, 0, 1, 1])
    assert 0.3 <= chosen_band(scores, classes) < 0.6
    assert macro_f1(np.array([1, 1, 0]), np.array([1, 0, 0])) == pytest.approx((2 / 3 + 2 / 3) / 2)


def test_calibration_error_is_the_distance_between_promise_and_share() -> None:
    assert calibration_error(np.array([0.6, 0.6, 0.6, 0.6]), np.array([1, 1, 0, 0])) == pytest.approx(0.3)
    assert NEUTRAL not in {0, 1}
