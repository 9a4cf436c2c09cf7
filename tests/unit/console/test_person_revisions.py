"""What every revision changed, kept beside the view of profiles: bounded, and gone with the person."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streams.domain.profiles import Account, Change, Identity, ProfileRecord, Segment, encode_profile
from streams.domain.revision_notes import RevisionNote, TagChange, noted
from streams.serve import revisions
from streams.serve.revisions import KEPT
from tests.support.serving import NOON_S, Did, Town, opened, subject_items

replace = msgspec.structs.replace


def notes_of(town: Town, profile: ProfileRecord) -> list[RevisionNote]:
    return town.profiles.revisions.of(profile.profile_id)


def bytes_about(town: Town, profile_id: str) -> list[bytes]:
    return [key for key, _ in town.profile_view.side_items() if profile_id.encode() in key]


def changed(note: RevisionNote) -> dict[str, TagChange]:
    return {each.tag: each for each in note.tags}


def as_merged(gone: ProfileRecord, heir: ProfileRecord) -> ProfileRecord:
    return replace(
        gone,
        revision=gone.revision + 1,
        identity=Identity([], heir.profile_id),
        change=Change("merge", ["linked"]),
        platforms={},
        tags=[],
        recent=[],
    )


def with_accounts(profile: ProfileRecord, kind: str, accounts: list[Account]) -> ProfileRecord:
    return replace(
        profile, revision=profile.revision + 1, change=Change(kind, ["command"]), identity=Identity(accounts)
    )


def test_each_revision_names_its_triggers_and_what_it_changed(town: Town) -> None:
    town.live(Did("shop.wishlist.added", "shop:cooking-0", 2.0))
    profile = town.live(Did("video.video.liked", "video:football-0", 1.0))
    latest, first = notes_of(town, profile)
    assert (first.revision, first.after_revision, latest.after_revision) == (1, 0, 1)
    assert [(each.type, each.item) for each in latest.triggers] == [("video.video.liked", "video:football-0")]
    assert (changed(latest)["topic:football"].how, changed(latest)["topic:football"].by) == ("new", "events")
    assert [each.platform for each in latest.joined] == ["video"]
    assert {each.name for each in latest.shares} == {"shop", "video"}
    assert (latest.n_events_before, latest.n_events) == (1, 2)


def test_what_time_alone_takes_from_a_tag_is_laid_to_time(town: Town) -> None:
    town.live(Did("shop.wishlist.added", "shop:cooking-0", 60.0))
    profile = town.live(Did("shop.wishlist.added", "shop:football-0", 0.0))
    cooking = changed(notes_of(town, profile)[0])["topic:cooking"]
    assert (cooking.how, cooking.by) == ("down", "time")
    assert cooking.after == pytest.approx(cooking.before / 2.0, rel=1e-3)


def test_segments_that_were_entered_and_left_are_named(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    judged = replace(
        profile,
        revision=profile.revision + 1,
        change=Change("update", ["e"], entered=["cooks"], left=["runners"]),
        segments=[Segment("cooks", NOON_S)],
    )
    note = noted(profile, judged)
    assert (note.entered, note.left) == (["cooks"], ["runners"])


def test_a_revision_that_changes_nothing_says_so(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    note = noted(profile, replace(profile, revision=profile.revision + 1))
    empty = RevisionNote(0, "", 0.0)
    assert (note.tags, note.shares, note.sentiment, note.turned) == ([], [], [], [])
    assert (note.joined, note.parted, note.n_tags_gone) == (empty.joined, empty.parted, 0)


@given(
    st.lists(
        st.tuples(st.sampled_from(["cooking", "football", "gardening"]), st.floats(0.0, 90.0)), min_size=2, max_size=8
    )
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_changes_of_a_note_lead_from_the_tags_before_to_those_after(
    town: Town, deeds: list[tuple[str, float]]
) -> None:
    town._states.clear()
    before = after = None
    for subject, days_ago in deeds:
        before, after = after, town.profile_after(Did("shop.wishlist.added", f"shop:{subject}-0", days_ago))
    assert before is not None
    assert after is not None
    note = noted(before, after)
    scores = {f"{tag.kind}:{tag.tag}": tag.score for tag in before.tags}
    for change in note.tags:
        assert change.before == pytest.approx(scores.get(change.tag, 0.0))
        scores[change.tag] = change.after
    for tag in after.tags:  # what is not told is what time alone took, less than a hundredth
        assert scores.get(f"{tag.kind}:{tag.tag}", 0.0) == pytest.approx(tag.score, rel=0.011)


@given(st.lists(st.integers(1, 400), min_size=1, max_size=80, unique=True), st.integers(1, 20))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_latest_are_kept_whatever_was_missed_and_however_it_is_cut(town: Town, drawn: list[int], size: int) -> None:
    profile = town.profile_after(Did("shop.wishlist.added", "shop:cooking-0"))
    town.forget(profile.profile_id)
    revisions = sorted(drawn)
    records = [
        (profile.profile_id, encode_profile(replace(profile, revision=each, updated_at=NOON_S + each)))
        for each in revisions
    ]
    for start in range(0, len(records), size):
        town.feed_profiles(records[start : start + size])
    kept = [note.revision for note in notes_of(town, profile)]
    assert len(kept) <= KEPT
    assert set(kept) >= {each for each in revisions if each > revisions[-1] - KEPT}
    assert kept == sorted(kept, reverse=True)


def test_a_restart_remembers_the_notes_and_notes_nothing_twice(tmp_path: Path) -> None:
    for town in opened(tmp_path):
        town.publish_items(subject_items())
        profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"), Did("shop.wishlist.added", "shop:cooking-1"))
        notes = notes_of(town, profile)
    for town in opened(tmp_path):
        town.publish_profile(profile)
        assert notes_of(town, profile) == notes
        assert town.popularity.entry("shop:cooking-0") is not None


@pytest.mark.requirement("N8")
@pytest.mark.parametrize("kind", ["erase", "expire"])
def test_who_is_erased_or_expires_leaves_no_note(town: Town, kind: str) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    last = replace(profile, revision=2, change=Change(kind, ["e"]), identity=Identity([]), tags=[], platforms={})
    town.publish_profile(last)
    assert bytes_about(town, profile.profile_id) == []
    town.forget(profile.profile_id)
    assert bytes_about(town, profile.profile_id) == []


def test_a_deletion_alone_leaves_no_note_either(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"), Did("shop.wishlist.added", "shop:cooking-1"))
    assert len(bytes_about(town, profile.profile_id)) == 2
    town.forget(profile.profile_id)
    assert bytes_about(town, profile.profile_id) == []


def test_an_account_that_is_erased_alone_takes_all_earlier_notes_with_it(town: Town) -> None:
    profile = town.live(Did("shop.wishlist.added", "shop:cooking-0"), Did("video.video.liked", "video:football-0"))
    kept = [each for each in profile.identity.accounts if each.platform == "shop"]
    town.publish_profile(replace(with_accounts(profile, "erase", kept), tags=profile.tags[:1]))
    (note,) = notes_of(town, profile)
    assert note.kind == "erase"
    assert note.n_tags_gone > 0
    assert (note.tags, note.parted, note.turned, note.shares) == ([], [], [], [])


def test_the_notes_of_somebody_merged_away_go_on_with_the_profile_that_lives(town: Town) -> None:
    gone = town.live(Did("shop.wishlist.added", "shop:cooking-0", 3.0, person="bob"))
    heir = town.live(Did("video.video.liked", "video:football-0", 2.0))
    town.publish_profile(as_merged(gone, heir))
    town.forget(gone.profile_id)
    joined = [*heir.identity.accounts, *gone.identity.accounts]
    town.publish_profile(
        replace(with_accounts(heir, "merge", joined), tags=[*heir.tags, *gone.tags], updated_at=NOON_S)
    )
    notes = notes_of(town, heir)
    assert [(note.kind, note.of) for note in notes] == [("merge", ""), ("update", ""), ("update", gone.profile_id)]
    assert [each.account for each in notes[0].joined] == [each.account for each in gone.identity.accounts]
    assert {change.by for change in notes[0].tags} == {"accounts"}
    assert bytes_about(town, gone.profile_id) == []
    town.forget(heir.profile_id)
    assert not any(key.startswith(b"\xfe") for key, _ in town.profile_view.side_items())


def test_the_notes_of_somebody_merged_into_nobody_go(town: Town) -> None:
    gone = town.live(Did("shop.wishlist.added", "shop:cooking-0", person="bob"))
    stranger = replace(gone, profile_id="a" * 32)
    town.publish_profile(as_merged(gone, stranger))
    assert not any(key.startswith(b"\xfe") for key, _ in town.profile_view.side_items())


def test_notes_wait_for_the_profile_that_goes_on_where_the_last_record_is_read_first(town: Town) -> None:
    gone = town.live(Did("shop.wishlist.added", "shop:cooking-0", 3.0, person="bob"))
    heir = replace(gone, profile_id="a" * 32)
    town.publish_profile(as_merged(gone, heir))
    town.forget(gone.profile_id)
    assert notes_of(town, heir) == []
    town.publish_profile(with_accounts(heir, "merge", gone.identity.accounts))
    merge, before = notes_of(town, heir)
    assert (merge.kind, merge.of) == ("merge", "")
    assert (before.kind, before.of) == ("update", gone.profile_id)


@pytest.mark.requirement("N8")
def test_notes_that_wait_do_not_come_to_who_has_not_the_accounts(town: Town) -> None:
    """As where the profile that went on was erased, its deletion was read first, and its person came back since."""
    gone = town.live(Did("shop.wishlist.added", "shop:cooking-0", person="bob"))
    heir = replace(gone, profile_id="a" * 32)
    town.publish_profile(as_merged(gone, heir))
    town.forget(gone.profile_id)
    elsewhere = [replace(each, account="a" * 32) for each in gone.identity.accounts]
    town.publish_profile(with_accounts(heir, "update", elsewhere))
    assert [note.of for note in notes_of(town, heir)] == [""]


def test_notes_wait_for_so_many_profiles_and_no_more(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revisions, "MAX_AWAITED", 1)
    heirs = []
    for name in ("bob", "carol"):
        gone = town.live(Did("shop.wishlist.added", "shop:cooking-0", person=name))
        heirs.append(replace(gone, profile_id=name[0] * 32))
        town.publish_profile(as_merged(gone, heirs[-1]))
    for heir in heirs:
        town.publish_profile(with_accounts(heir, "merge", heir.identity.accounts))
    assert [len(notes_of(town, heir)) for heir in heirs] == [1, 2]


def test_a_split_tells_nothing_any_more_of_what_the_account_that_left_did(town: Town) -> None:
    town.live(Did("shop.wishlist.added", "shop:cooking-0", 3.0))
    profile = town.live(Did("video.video.liked", "video:football-0", 2.0))
    stays = [each for each in profile.identity.accounts if each.platform == "shop"]
    cooking = [tag for tag in profile.tags if tag.tag == "cooking"]
    town.publish_profile(replace(with_accounts(profile, "split", stays), tags=cooking, updated_at=NOON_S))
    split, joint, before = notes_of(town, profile)
    assert [each.platform for each in split.parted] == ["video"]
    assert split.n_tags_gone == len(profile.tags) - len(cooking)
    assert (joint.is_bare, joint.tags, joint.triggers, joint.n_triggers) == (True, [], [], 1)
    assert not before.is_bare
    written = [raw for key, raw in town.profile_view.side_items() if key.startswith(b"\xfe")]
    assert not any(b"football" in raw for raw in written)


def test_only_notes_begin_with_the_byte_that_text_never_has(town: Town) -> None:
    town.live(Did("shop.wishlist.added", "shop:cooking-0"))
    keys = [key for key, _ in town.profile_view.side_items()]
    assert keys == sorted(keys)
    assert [key for key in keys if key.startswith(b"\xfe")] == keys[-1:]
