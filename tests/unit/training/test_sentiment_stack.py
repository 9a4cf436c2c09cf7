"""A layer that hears what words say beside a text's vector."""

from __future__ import annotations

import numpy as np
import pytest

from streams.meaning.sentiment_clauses import what_clauses_say
from streams.meaning.sentiment_weights import StackWeights, VectorWeights, said_of
from streams.training.sentiment_stack import fit_stack

N = 600


def made_texts(seed: int):
    """Words are right about one kind of text and wrong about the other; the vector tells the kind and nothing else."""
    random = np.random.default_rng(seed)
    labels, kinds = random.integers(2, size=N), random.integers(2, size=N)
    of_words = np.where(kinds == 1, 1.0, -1.0) * (2.0 * labels - 1) + random.normal(0, 0.2, N)
    vectors = np.stack([kinds, 1 - kinds, random.normal(0, 0.1, N)], axis=1).astype(np.float32)
    nothing_cut = what_clauses_say(np.zeros(0, np.int64), np.zeros(0), of_words)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors, said_of(of_words, nothing_cut, np.full(N, 40)), labels


@pytest.mark.filterwarnings("error")
def test_words_are_trusted_where_the_vector_says_that_they_can_be() -> None:
    vectors, said, labels = made_texts(0)
    stack = fit_stack(vectors, said, 2, labels)
    new_vectors, new_said, wanted = made_texts(1)
    right = (stack.margins(new_vectors, new_said) > 0) == wanted
    assert right.mean() > 0.95
    # No share of the two for all texts gets there: the words are right about half of them, the vector says nothing.
    assert ((new_said[:, 0] > 0) == wanted).mean() < 0.6


def test_the_same_texts_teach_the_same_stack() -> None:
    one, other = (fit_stack(*made_texts(0)[:2], 2, made_texts(0)[2]) for _ in range(2))
    assert one.direct == other.direct
    np.testing.assert_array_equal(one.layer.inward, other.layer.inward)


def test_a_stack_is_its_layer_on_all_inputs_and_the_margins_as_they_are() -> None:
    random = np.random.default_rng(2)
    layer = VectorWeights(
        inward=random.normal(size=(5, 7)).astype(np.float32),
        thresholds=random.normal(size=5).astype(np.float32),
        outward=random.normal(size=5).astype(np.float32),
        intercept=0.25,
    )
    vectors, said = random.normal(size=(6, 4)).astype(np.float32), random.normal(size=(6, 3)) + np.array([0, 0, 9])
    units = np.maximum(np.concatenate([vectors, said], axis=1) @ layer.inward.T + layer.thresholds, 0)
    wanted = units @ layer.outward + 0.25 + 2.0 * said[:, 0] - 0.5 * said[:, 1]
    stack = StackWeights(layer=layer, direct=(2.0, -0.5))
    np.testing.assert_allclose(stack.margins(vectors, said), wanted, rtol=1e-4)
    said[:, 2] = np.log1p(9)  # as short as "泪目", which a review is not
    np.testing.assert_allclose(stack.margins(vectors, said), 2.0 * said[:, 0] - 0.5 * said[:, 1])
