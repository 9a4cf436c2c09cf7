from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.snapshots import save
from streams.domain.profiles import Change, encode_profile
from streams.telemetry.metrics import REGISTRY
from tests.support.serving import (
    NOON_S,
    Did,
    Town,
    _encode_item,
    a_batch,
    an_item,
    an_item_record,
    messages_of,
    opened,
    subject_items,
)


def n_stale() -> float:
    return REGISTRY.get_sample_value("braid_stale_records_total", {"view": "profiles"}) or 0.0


def test_a_revision_that_is_not_newer_is_dropped_and_counted(town: Town) -> None:
    first = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    second = town.live(Did("shop.wishlist.added", "shop:cooking-1"))
    before = n_stale()
    town.publish_profile(first)
    town.publish_profile(second)
    assert n_stale() == before + 2
    assert town.profiles.profile_of(first.profile_id) == second


@given(st.permutations(range(5)), st.integers(1, 5))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_newest_revision_wins_in_any_order_and_any_cut(town: Town, order: list[int], size: int) -> None:
    town._states.clear()
    revisions = [town.profile_after(Did("shop.wishlist.added", f"shop:cooking-{n % 3}")) for n in range(5)]
    town.forget(revisions[0].profile_id)
    for start in range(0, 5, size):
        mixed = [revisions[at] for at in order[start : start + size]]
        town.feed_profiles([(profile.profile_id, encode_profile(profile)) for profile in mixed])
    assert town.profiles.profile_of(revisions[0].profile_id) == revisions[-1]


def test_a_deletion_and_a_new_life_inside_one_batch_apply_in_order(town: Town) -> None:
    profile = town.profile_after(Did("shop.wishlist.added", "shop:cooking-0"))
    raw = encode_profile(profile)
    town.feed_profiles([(profile.profile_id, raw), (profile.profile_id, None), (profile.profile_id, raw)])
    assert town.profiles.profile_of(profile.profile_id) == profile
    town.feed_profiles([(profile.profile_id, None)])
    assert town.profiles.profile_of(profile.profile_id) is None


@pytest.mark.requirement("A7")
def test_a_profile_that_cannot_be_read_is_passed_over_and_the_next_one_counts(town: Town) -> None:
    profile = town.profile_after(Did("shop.wishlist.added", "shop:cooking-0"))
    with structlog.testing.capture_logs() as logs:
        town.feed_profiles([("someone", b"\xc1\xc1"), (profile.profile_id, encode_profile(profile))])
    assert [line["event"] for line in logs] == ["unreadable_records"]
    assert town.profiles.profile_of("someone") is None
    assert town.profiles.profile_of(profile.profile_id) == profile


def test_an_event_makes_an_item_popular_once_however_often_its_profile_is_published(town: Town) -> None:
    first = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    once = town.popularity.weight("shop:cooking-0", NOON_S)
    assert once == pytest.approx(3.0)
    town.live(Did("shop.wishlist.added", "shop:cooking-1"))
    town.publish_profile(first)
    assert town.popularity.weight("shop:cooking-0", NOON_S) == once


def test_a_merge_or_a_split_makes_nothing_popular(town: Town) -> None:
    profile = town.profile_after(Did("shop.wishlist.added", "shop:cooking-0"))
    for kind in ("merge", "split", "reencode"):
        town.publish_profile(msgspec.structs.replace(profile, profile_id=kind, change=Change(kind, [])))
    assert town.popularity.entry("shop:cooking-0") is None


def test_disliked_items_are_not_popular(town: Town) -> None:
    town.live(Did("news.article.disliked", "news:cooking-0"))
    assert town.popularity.entry("news:cooking-0") is None


def test_a_restart_remembers_profiles_popularity_and_the_newest_items(tmp_path: Path) -> None:
    for town in opened(tmp_path):
        town.publish_items(subject_items())
        profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
        warm = town.popularity.entry("shop:cooking-0")
        newest = town.newest.top("shop", None, 5)
    for town in opened(tmp_path):
        assert town.profiles.profile_of(profile.profile_id) == profile
        assert town.popularity.entry("shop:cooking-0") == warm
        assert town.newest.top("shop", None, 5) == newest
        assert town.profiles.next_offsets() == {0: 1}


@pytest.mark.requirement("H12")
def test_a_restart_restores_the_index_from_its_snapshot_and_goes_on_from_its_offsets(tmp_path: Path) -> None:
    records = subject_items()
    for town in opened(tmp_path):
        town.publish_items(records)
    for town in opened(tmp_path):
        assert len(town.index) == len(records)
        assert town.item_feed.next_offsets() == {0: len(records)}


def test_what_came_after_the_snapshot_is_read_again_into_the_index_only(tmp_path: Path) -> None:
    records = subject_items()
    keyed = [(f"{record.platform}:{record.item.item_id}", _encode_item(record)) for record in records]
    town = Town(tmp_path)
    town.item_feed.apply(a_batch(messages_of(keyed[:10], 0)))
    town.item_feed.save_snapshot()
    town.item_feed.apply(a_batch(messages_of(keyed[10:], 10)))
    # The process ends here, without a last snapshot.
    town.items.close()
    town.profiles.close()
    for again in opened(tmp_path):
        assert again.items.next_offsets() == {0: len(keyed)}
        assert again.item_feed.next_offsets() == {0: 10}
        assert len(again.index) == 10
        again.item_feed.apply(a_batch(messages_of(keyed[10:], 10)))
        assert len(again.index) == len(keyed)


@pytest.mark.parametrize("damage", ["cut", "foreign"])
def test_a_snapshot_that_cannot_be_trusted_means_reading_from_the_start_and_says_why(
    tmp_path: Path, damage: str
) -> None:
    for town in opened(tmp_path):
        town.publish_items(subject_items())
    (snapshot,) = (tmp_path / "index").glob("snapshot-*")
    if damage == "cut":
        vectors = snapshot / "vectors.npy"
        vectors.write_bytes(vectors.read_bytes()[:-100])
    else:
        save(town.index, tmp_path / "index", {"model": "other@1", "next_offsets": {"0": 5}})
    with structlog.testing.capture_logs() as logs:
        for again in opened(tmp_path):
            assert len(again.index) == 0
            assert again.item_feed.next_offsets() == {}
    told = ["snapshot_refused"] if damage == "cut" else []  # another model's is whole
    assert [line["event"] for line in logs if line["log_level"] == "warning"] == [*told, "index_rebuilt_from_topic"]


def test_a_snapshot_is_written_only_when_something_changed(tmp_path: Path) -> None:
    for town in opened(tmp_path):
        town.publish_items(subject_items())
        town.item_feed.save_snapshot()
        town.item_feed.save_snapshot()
    assert len(list((tmp_path / "index").glob("snapshot-*"))) == 1


@pytest.mark.requirement("D11")
def test_an_item_of_another_model_is_found_by_the_vector_that_it_had_here_and_counted(town: Town) -> None:
    _, before = town.index.vectors_of(["shop:cooking-0"])
    foreign = an_item_record("shop", an_item("cooking-0", "garden hose"), model="other@1")
    with structlog.testing.capture_logs() as logs:
        town.publish_items([foreign])
        town.publish_items([foreign])
    np.testing.assert_array_equal(town.index.vectors_of(["shop:cooking-0"])[1], before)
    assert (town.item_feed.n_other_model, town.item_feed.n_waiting) == (2, 0)
    assert [line["event"] for line in logs] == ["items_of_another_model"]


@pytest.mark.requirement("D11")
def test_an_item_that_was_never_encoded_by_this_model_waits_until_it_is(town: Town) -> None:
    town.publish_items([an_item_record("shop", an_item("new", "pan"), model="other@1")])
    assert "shop:new" not in town.index
    assert town.item_feed.n_waiting == 1
    town.publish_items([an_item_record("shop", an_item("new", "pan"))])
    assert "shop:new" in town.index
    assert town.item_feed.n_waiting == 0


@pytest.mark.requirement("A7")
def test_an_item_that_cannot_be_read_does_not_hold_up_the_next_one(town: Town) -> None:
    good = _encode_item(an_item_record("shop", an_item("good", "umbrella")))
    town._feed_items([("shop:bad", b"\xc1"), ("shop:good", good)])
    assert "shop:good" in town.index
    assert "shop:bad" not in town.index


def test_a_topic_made_anew_empties_catalogue_index_and_newest(town: Town) -> None:
    town.item_feed.clear()
    assert len(town.index) == 0
    assert town.items.entries_of(["shop:cooking-0"]) == [None]
    assert town.newest.top(None, None, 5) == []
    assert town.item_feed.next_offsets() == {}
