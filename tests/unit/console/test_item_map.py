"""The map of a catalogue: what is new moves nothing, a restart draws the same, everything can be found on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from streams.adapters.projection_file import NAME, ProjectionFile
from streams.domain.events import Item, ItemRecord
from streams.service import item_map as module
from streams.service.item_map import STEPS, ItemMap, MapItems
from tests.support.kept_projection import MemoryProjection
from tests.support.serving import MODEL, NOON_S, Town, an_item, an_item_record, subject_items

LABEL = "model@1"


class Shelf:
    """A catalogue in memory. Every change is a new offset."""

    def __init__(self) -> None:
        self.vectors: dict[str, np.ndarray] = {}
        self.categories: dict[str, str] = {}
        self.n_changes = 0

    def put(self, key: str, vector: Sequence[float], category: str = "") -> None:
        row = np.array(vector, np.float32)
        self.vectors[key] = row / (np.linalg.norm(row) or 1.0)
        self.categories[key] = category
        self.n_changes += 1

    def next_offsets(self) -> Mapping[int, int]:
        return {0: self.n_changes}

    def batches(self) -> Iterator[tuple[list[str], list[ItemRecord], np.ndarray]]:
        for key in sorted(self.vectors):
            platform, _, item_id = key.partition(":")
            item = Item(item_id, category=self.categories[key])
            yield [key], [ItemRecord(platform, item, LABEL, b"", False, NOON_S, 0)], self.vectors[key][None]

    def vectors_of(self, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        zero = np.zeros(4, np.float32)
        return np.stack([self.vectors.get(key, zero) for key in keys]), np.array([key in self.vectors for key in keys])


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REST", 0.0)


@pytest.fixture
def shelf() -> Shelf:
    shelf, rng = Shelf(), np.random.default_rng(5)
    for number in range(60):
        centre = np.eye(4)[number % 3] * 3
        shelf.put(f"{('shop', 'video')[number % 2]}:{number}", centre + rng.standard_normal(4) * 0.3, f"kind {number % 3}")
    return shelf


def a_map(shelf: MapItems, kept: MemoryProjection | None = None, label: str = LABEL) -> ItemMap:
    return ItemMap(shelf, label, kept or MemoryProjection())


def where(item_map: ItemMap, shelf: Shelf) -> dict[str, tuple[float, float]]:
    return item_map.places_of(sorted(shelf.vectors))


def test_a_new_item_moves_nothing_and_is_there(shelf: Shelf) -> None:
    item_map = a_map(shelf)
    before = where(item_map, shelf)
    assert item_map.picture().n_items == 60
    shelf.put("shop:new", [-5, 1, 2, 9], "stranger")
    after = where(item_map, shelf)
    assert {key: after[key] for key in before} == before
    assert "shop:new" in item_map.picture().keys


def test_a_restart_draws_the_same_picture_even_with_more_items(shelf: Shelf) -> None:
    kept = MemoryProjection()
    before = where(a_map(shelf, kept), shelf)
    for number in range(30):
        shelf.put(f"shop:more-{number}", [number, -7, 3, 1])
    after = where(a_map(shelf, kept), shelf)
    assert {key: after[key] for key in before} == before
    assert kept.n_written == 1


def test_another_model_is_fitted_anew(shelf: Shelf) -> None:
    kept = MemoryProjection()
    a_map(shelf, kept).picture()
    a_map(shelf, kept, "model@2").picture()
    assert kept.n_written == 2
    assert kept.projection is not None
    assert kept.projection.label == "model@2"


def test_what_was_fitted_to_a_handful_is_fitted_anew_when_there_are_many() -> None:
    shelf, kept, rng = Shelf(), MemoryProjection(), np.random.default_rng(1)
    item_map = a_map(shelf, kept)
    n_written = []
    for n_items in (0, 2, 19, 20, 21, 199):
        while len(shelf.vectors) < n_items:
            shelf.put(f"shop:{len(shelf.vectors)}", rng.standard_normal(4))
        item_map.picture()
        n_written.append(kept.n_written)
    assert n_written == [0, 1, 1, 2, 2, 2]


def test_an_empty_catalogue_has_an_empty_picture() -> None:
    item_map = a_map(Shelf())
    picture = item_map.picture()
    assert (picture.n_items, picture.categories, picture.nearest(0.5, 0.5)) == (0, (), None)
    assert item_map.places_of(["shop:1"]) == {}


def test_items_that_say_nothing_have_no_place_on_the_picture(shelf: Shelf) -> None:
    shelf.put("shop:silent", [0, 0, 0, 0])
    assert "shop:silent" not in a_map(shelf).picture().keys


def test_a_platform_has_its_own_items_at_the_same_places(shelf: Shelf) -> None:
    item_map = a_map(shelf)
    everything, shop = item_map.picture(), item_map.picture("shop")
    places = dict(zip(everything.keys, everything.places.tolist(), strict=True))
    assert shop.n_items == 30
    assert all(places[key] == place for key, place in zip(shop.keys, shop.places.tolist(), strict=True))
    assert item_map.picture("nowhere").n_items == 0


def test_the_points_of_a_page_are_the_places_in_whole_steps(shelf: Shelf) -> None:
    picture = a_map(shelf).picture()
    points = msgspec.json.decode(picture.points)
    assert set(points) == {"x", "y", "category"}
    np.testing.assert_allclose(np.array([points["x"], points["y"]]).T / STEPS, picture.places, atol=0.5 / STEPS + 1e-9)
    names = [picture.categories[code].name for code in points["category"]]
    assert [shelf.categories[key] for key in picture.keys] == names


def test_every_category_leads_to_an_item_that_is_drawn(shelf: Shelf) -> None:
    picture = a_map(shelf).picture()
    assert [(each.name, each.n_items) for each in picture.categories] == [("kind 0", 20), ("kind 1", 20), ("kind 2", 20)]
    for each in picture.categories:
        assert shelf.categories[each.centre] == each.name


def test_small_categories_share_one_colour() -> None:
    shelf = Shelf()
    for number in range(40):
        shelf.put(f"shop:{number}", [number, 1, number % 7, 2], f"kind {number % 15:02}")
    categories = a_map(shelf).picture().categories
    assert len(categories) == module.MAX_CATEGORIES + 1
    assert [each.name for each in categories] == [*(f"kind {number:02}" for number in range(10)), ""]
    assert sum(each.n_items for each in categories) == 40


def test_the_item_closest_to_a_place_is_found(shelf: Shelf) -> None:
    picture = a_map(shelf).picture()
    for key, (x, y) in zip(picture.keys, picture.places.tolist(), strict=True):
        assert picture.nearest(x, y) == key


def test_no_more_than_the_limit_is_drawn_and_every_item_still_has_a_place(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_DRAWN", 25)
    item_map = a_map(shelf)
    picture = item_map.picture()
    assert (len(picture.keys) <= 25, picture.n_items) == (True, 60)
    assert set(where(item_map, shelf)) == set(shelf.vectors)


def test_the_catalogue_of_serve_can_be_drawn(tmp_path: Path) -> None:
    town = Town(tmp_path)
    town.publish_items([*subject_items(), an_item_record("shop", an_item("strange", "A strange thing"), model="other@1")])
    item_map = ItemMap(town.items, MODEL.label, MemoryProjection())
    keys = set(item_map.picture().keys)
    town.close()
    assert "shop:cooking-0" in keys
    assert "shop:strange" not in keys


def test_the_file_keeps_a_projection_and_survives_damage(tmp_path: Path, shelf: Shelf) -> None:
    file = ProjectionFile(tmp_path)
    assert file.read() is None
    before = where(ItemMap(shelf, LABEL, file), shelf)
    assert where(ItemMap(shelf, LABEL, ProjectionFile(tmp_path)), shelf) == before
    (tmp_path / NAME).write_bytes(b"\x00damaged")
    assert file.read() is None
    assert where(ItemMap(shelf, LABEL, file), shelf) == before


def test_a_projection_that_cannot_be_kept_is_used_all_the_same(tmp_path: Path, shelf: Shelf) -> None:
    assert ItemMap(shelf, LABEL, ProjectionFile(tmp_path / "absent")).picture().n_items == 60
