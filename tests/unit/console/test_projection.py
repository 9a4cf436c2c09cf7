"""Laws of the map's projection: what is added moves nothing, the same vectors give the same picture."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.domain.projection import GRID, Projection, drawn, fit

seeds = st.integers(0, 2**32 - 1)


def some_vectors(seed: int, n: int, dim: int = 8) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def names(n: int) -> list[str]:
    return [f"shop:{number}" for number in range(n)]


@given(seeds, st.integers(1, 40), st.integers(1, 40))
def test_a_place_does_not_depend_on_what_is_placed_beside_it(seed, n, n_more):
    vectors = some_vectors(seed, n + n_more)
    projection = fit(vectors[:n], "model@1")
    alone, beside = projection.place(vectors[:n]), projection.place(vectors)[:n]
    np.testing.assert_allclose(alone, beside, atol=1e-9)


@given(seeds, st.integers(2, 60))
def test_the_same_sample_gives_the_same_projection_after_being_kept_and_read(seed, n):
    vectors = some_vectors(seed, n)
    projection = fit(vectors, "model@1")
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(projection), type=Projection)
    assert read == projection == fit(vectors.copy(), "model@1")


@given(seeds, st.integers(3, 60))
def test_the_order_of_the_sample_does_not_matter(seed, n):
    rng = np.random.default_rng(seed)
    vectors = some_vectors(seed, n) * np.array([4, 2, 1, 1, 1, 1, 1, 1], np.float32)
    there, back = fit(vectors, "m"), fit(vectors[rng.permutation(n)], "m")
    assert abs(there.explained - back.explained) < 1e-9
    assert all(abs(a - b) < 1e-6 for a, b in zip(there.low + there.high, back.low + back.high, strict=True))


@given(seeds, st.integers(1, 60))
def test_every_place_is_on_the_unit_square(seed, n):
    places = fit(some_vectors(seed, n), "m").place(some_vectors(seed + 1, 50) * 3)
    assert places.shape == (50, 2)
    assert (places >= 0.0).all()
    assert (places <= 1.0).all()


def test_the_first_axis_is_the_one_with_the_most_spread():
    rng = np.random.default_rng(3)
    vectors = (rng.standard_normal((500, 5)) * np.array([0.1, 5.0, 0.1, 1.0, 0.1])).astype(np.float32)
    axes = np.frombuffer(fit(vectors, "m").axes).reshape(2, 5)
    assert np.abs(axes).argmax(axis=1).tolist() == [1, 3]
    assert (axes[[0, 1], [1, 3]] > 0.9).all()


def test_equal_vectors_do_not_divide_by_nothing():
    projection = fit(np.ones((4, 3), np.float32), "m")
    assert np.isfinite(projection.place(np.ones((2, 3), np.float32))).all()
    assert projection.explained == 0.0


@given(seeds, st.integers(0, 400), st.integers(1, 400))
def test_at_most_as_many_are_drawn_as_are_allowed_and_none_twice(seed, n, limit):
    places = np.random.default_rng(seed).random((n, 2)) ** 3
    chosen = drawn(places, names(n), limit)
    assert len(set(chosen.tolist())) == len(chosen) <= limit
    if n <= limit:
        assert sorted(chosen.tolist()) == list(range(n))


@given(seeds, st.integers(1, 300))
def test_what_is_drawn_does_not_depend_on_the_order_of_the_points(seed, n):
    rng = np.random.default_rng(seed)
    places, keys = rng.random((n, 2)), names(n)
    order = rng.permutation(n)
    once = [keys[at] for at in drawn(places, keys, n // 2 + 1)]
    again = [keys[order[at]] for at in drawn(places[order], [keys[at] for at in order], n // 2 + 1)]
    assert once == again


@given(seeds)
def test_loners_stay_and_crowds_are_thinned(seed):
    rng = np.random.default_rng(seed)
    crowd = 0.5 + rng.random((900, 2)) / GRID / 2
    loners = np.stack([np.arange(20) / 64 + 0.005, np.zeros(20)], axis=1)
    chosen = drawn(np.vstack([crowd, loners]), names(920), 100)
    assert set(range(900, 920)) <= set(chosen.tolist())
    assert 20 < len(chosen) <= 100


@given(seeds, st.integers(50, 300))
def test_a_new_point_takes_the_place_of_others_in_its_own_cell_or_thins_all_cells_by_one(seed, n):
    """So a picture hardly changes when an item comes."""
    rng = np.random.default_rng(seed)
    places, keys = rng.random((n + 1, 2)) / 8, names(n + 1)
    before = {keys[at] for at in drawn(places[:n], keys[:n], 40)}
    after = {keys[at] for at in drawn(places, keys, 40)}
    n_cells = len({tuple(cell) for cell in (places * GRID).astype(int).tolist()})
    assert len(before - after) <= n_cells
