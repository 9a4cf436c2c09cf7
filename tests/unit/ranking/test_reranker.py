from __future__ import annotations

import numpy as np
import pytest
import torch

from streams.errors import UsageError
from streams.ranking import reranker_files
from streams.ranking.features import FEATURES, N_FEATURES
from streams.ranking.learning import Learner, LearningRules
from streams.ranking.reranker import CLIPPED_AT, Reranker

NAMES = tuple(f"feature_{at}" for at in range(6))


def learnt(seed: int = 0, n_passes: int = 3) -> tuple[Learner, np.ndarray]:
    examples = np.random.default_rng(seed).normal(size=(64, 9, len(NAMES))).astype(np.float32)
    learner = Learner(NAMES, LearningRules(), seed)
    learner.fit_scales(examples)
    learner.fit(examples, n_passes)
    return learner, examples


def as_torch(reranker: Reranker, rows: np.ndarray) -> torch.Tensor:
    standardised = torch.clamp((torch.tensor(rows) - torch.tensor(reranker.mean)) * torch.tensor(reranker.scale), -6, 6)
    layers: list[torch.nn.Module] = []
    for weights, biases in zip(reranker.weights, reranker.biases, strict=True):
        linear = torch.nn.Linear(*weights.shape)
        linear.weight.data, linear.bias.data = torch.tensor(weights.T), torch.tensor(biases)
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])(standardised)[:, 0]


def test_scores_are_those_of_torch() -> None:
    learner, examples = learnt()
    reranker = learner.reranker()
    assert CLIPPED_AT == 6.0
    expected = as_torch(reranker, examples[0]).detach().numpy()
    np.testing.assert_allclose(reranker.score(examples[0]), expected, rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_torch() -> None:
    learner, examples = learnt()
    loss, gradients = learner.gradients(examples)
    parameters = [torch.tensor(layer, requires_grad=True) for layer in learner._layers]
    known = Reranker(NAMES, learner._mean, learner._scale, (), ()).standardised(examples)
    active = torch.tensor(known)
    n = len(parameters) // 2
    for at in range(n):
        active = active @ parameters[at] + parameters[n + at]
        active = torch.relu(active) if at < n - 1 else active
    expected = torch.nn.functional.cross_entropy(active[..., 0], torch.zeros(len(examples), dtype=torch.long))
    expected.backward()
    assert loss == pytest.approx(float(expected.detach()), rel=1e-5)
    for ours, theirs in zip(gradients, parameters, strict=True):
        assert theirs.grad is not None
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-3, atol=1e-6)


def test_learning_finds_what_no_straight_line_can() -> None:
    # What was taken is where two features agree in sign: the sum of both says nothing.
    random = np.random.default_rng(0)
    examples = random.normal(size=(2_000, 8, len(NAMES))).astype(np.float32)
    agreeing = np.argmax(examples[:, :, 0] * examples[:, :, 1], axis=1)
    rows = np.arange(len(examples))
    examples[rows, 0], examples[rows, agreeing] = examples[rows, agreeing].copy(), examples[rows, 0].copy()
    learner = Learner(NAMES, LearningRules(), seed=0)
    learner.fit_scales(examples)
    learner.fit(examples[:1_500], 15)
    scores = learner.reranker().score(examples[1_500:].reshape(-1, len(NAMES))).reshape(500, 8)
    assert np.mean(scores.argmax(axis=1) == 0) > 0.6


def test_the_same_seed_learns_the_same() -> None:
    one, other = learnt(3)[0].reranker(), learnt(3)[0].reranker()
    for there, here in zip(one.weights, other.weights, strict=True):
        np.testing.assert_array_equal(there, here)


def test_a_learner_goes_on_from_a_finished_one() -> None:
    learner, examples = learnt()
    known = learner.reranker()
    again = Learner.continued(known, LearningRules())
    np.testing.assert_array_equal(again.reranker().score(examples[0]), known.score(examples[0]))
    before, _ = again.gradients(examples)
    again.fit(examples, 20)
    assert again.gradients(examples)[0] < before


def test_a_finished_reranker_stays_as_it_is_while_learning_goes_on() -> None:
    learner, examples = learnt()
    finished = learner.reranker()
    before = finished.score(examples[0])
    learner.fit(examples, 2)
    np.testing.assert_array_equal(finished.score(examples[0]), before)


def test_an_unknown_feature_counts_as_usual() -> None:
    reranker = learnt()[0].reranker()
    row = np.random.default_rng(1).normal(size=(1, len(NAMES))).astype(np.float32)
    usual, unknown = row.copy(), row.copy()
    usual[0, 2], unknown[0, 2] = reranker.mean[2], np.nan
    np.testing.assert_allclose(reranker.score(unknown), reranker.score(usual), rtol=1e-6)


def test_a_feature_that_never_varied_says_nothing() -> None:
    learner, examples = Learner(NAMES, LearningRules()), learnt()[1]
    examples[:, :, 4] = 3.0
    learner.fit_scales(examples)
    learner.fit(examples, 2)
    odd = examples[0].copy()
    odd[:, 4] = -50.0
    np.testing.assert_array_equal(learner.reranker().score(odd), learner.reranker().score(examples[0]))


@pytest.mark.requirement("H10")
def test_contributions_are_what_is_lost_without_a_group() -> None:
    learner, examples = learnt()
    reranker = learner.reranker()
    without = examples[0].copy()
    without[:, [1, 3]] = reranker.mean[[1, 3]]
    parts = reranker.contributions(examples[0], [np.array([1, 3]), np.array([], np.intp)])
    np.testing.assert_allclose(parts[:, 0], reranker.score(examples[0]) - reranker.score(without), atol=1e-5)
    assert not parts[:, 1].any()


def test_a_file_gives_back_what_was_written() -> None:
    learner = Learner(FEATURES, LearningRules())
    known = (learner.reranker(), learner.reranker())
    again = reranker_files.from_bytes(reranker_files.to_bytes(known), "file")
    assert len(again) == 2
    row = np.ones((1, N_FEATURES), np.float32)
    np.testing.assert_array_equal(again[1].score(row), known[1].score(row))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 half"])
def test_what_is_no_reranker_is_refused_with_the_remedy(content) -> None:
    with pytest.raises(UsageError, match="braid train"):
        reranker_files.from_bytes(content, "file")


def test_a_reranker_of_other_features_is_refused() -> None:
    content = reranker_files.to_bytes([learnt()[0].reranker()])
    with pytest.raises(UsageError, match="other features"):
        reranker_files.from_bytes(content, "file")


def test_the_packaged_reranker_reads_our_features_and_is_small() -> None:
    known = reranker_files.packaged()
    assert known
    assert all(reranker.features == FEATURES for reranker in known)
    assert len(reranker_files.to_bytes(known)) < 200_000
