"""What each protocol asks, on folders small enough to work out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.errors import UsageError
from streams.evaluation.csv_folders import read_csv_folder
from streams.evaluation.datasets import recognise, table_plans
from streams.evaluation.evaluating import sampled
from streams.evaluation.protocols import Plan, Split, stream
from tests.support.small_logs import DAY_S, NEW_YEAR_S, a_folder, logs, write_csv, write_objects

ITEMS = [{"item_id": f"i{row}", "platform": "food" if row < 6 else "kitchen", "title": ""} for row in range(12)]


def on(day: int) -> int:
    return int(NEW_YEAR_S + day * DAY_S)


EVENTS = [
    f"ann,food,i0,{on(-2)},0", f"ann,food,i1,{on(-1)},1", f"ann,kitchen,i7,{on(1)},2", f"ann,food,i2,{on(1)},3",
    f"ben,food,i3,{on(-1)},0", f"ben,kitchen,i8,{on(2)},1",
]  # fmt: skip
LIGHT = [f"cyd,food,i4,{on(-3)},0", f"cyd,kitchen,i9,{on(0)},1", f"cyd,food,i5,{on(3)},2"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_folder(
        tmp_path / "data",
        EVENTS,
        ITEMS,
        targets=[f"ann,test,food,i2,{on(1)},2", f"ann,valid,food,i1,{on(-1)},1", f"ben,test,kitchen,i8,{on(2)},1"],
        targets_coldstart=[f"ben,kitchen,i8,{on(2)},1"],
        light_events=LIGHT,
        light_targets=[f"cyd,test,food,i5,{on(3)},1"],
        light_targets_coldstart=[f"cyd,kitchen,i9,{on(0)},1", f"cyd,food,i5,{on(3)},2"],
    )


def plan_of(path: Path, protocol: str, split: Split = "test", seed: int = 0) -> Plan:
    return next(iter(table_plans(path, [protocol], split, seed)))


def asked(plan: Plan) -> list[tuple[str, str]]:
    names, keys = plan.log.user_names, plan.log.catalogue.keys
    return [(names[user], keys[item]) for user, item in zip(plan.targets.users, plan.targets.items, strict=True)]


def keys(plan: Plan, rows: Sequence[int]) -> list[str]:
    return [plan.log.catalogue.keys[row] for row in rows]


def test_p1_asks_about_the_last_day_and_bars_what_else_happened_on_it(folder):
    plan = plan_of(folder, "P1")
    assert asked(plan) == [("ann", "i2"), ("ben", "i8")]
    assert keys(plan, plan.targets.seen[0]) == ["i0", "i1"]
    assert keys(plan, plan.targets.barred[0]) == ["i7"]
    assert asked(plan_of(folder, "P1", "valid")) == [("ann", "i1")]


def test_p1_to_p3_stream_the_main_users_alone_and_light_everybody(folder):
    assert {len(plan_of(folder, name).log) for name in ("P1", "P2", "P3")} == {len(EVENTS)}
    assert len(plan_of(folder, "light").log) == len(EVENTS) + len(LIGHT)


def test_p2_draws_one_event_of_each_person_and_day_from_2014_on(folder):
    draws = {tuple(asked(plan_of(folder, "P2", seed=seed))) for seed in range(20)}
    assert draws == {(("ann", "i7"), ("ben", "i8")), (("ann", "i2"), ("ben", "i8"))}
    assert asked(plan_of(folder, "P2", "valid")) == [("ann", "i1")]


def test_p3_knows_the_other_platform_only(folder):
    plan = plan_of(folder, "P3")
    assert asked(plan) == [("ben", "i8")]
    assert keys(plan, plan.targets.seen[0]) == ["i3"]


def test_extra_platforms_are_read_only_when_they_are_asked_about(folder):
    write_csv(folder / "extra_events.csv.gz", "user_id,platform,item_id,timestamp,seq", [f"ann,beauty,b0,{on(4)},0"])
    write_objects(folder / "extra_items.jsonl.gz", [{"item_id": "b0", "platform": "beauty", "title": "soap"}])
    assert asked(plan_of(folder, "extra")) == [("ann", "b0")]
    assert "beauty" not in plan_of(folder, "P1").log.catalogue.platforms


def test_the_valid_split_of_p3_asks_light_users_but_not_about_their_test_targets(folder):
    assert asked(plan_of(folder, "P3", "valid")) == [("cyd", "i9")]


def test_without_names_a_folder_gives_the_protocols_that_its_files_allow(folder):
    assert [plan.protocol for plan in table_plans(folder, [], "test", 0)] == ["P1", "P2", "P3", "light"]
    (folder / "targets.csv.gz").unlink()
    assert [plan.protocol for plan in table_plans(folder, [], "test", 0)] == ["P2", "P3", "light"]


def test_a_folder_without_targets_and_without_2014_is_streamed(tmp_path):
    events = [f"u{row % 3},food,i{row // 3},{row * DAY_S},{row}" for row in range(18)]
    plans = list(table_plans(a_folder(tmp_path / "old", events, ITEMS), [], "test", 0))
    assert [plan.protocol for plan in plans] == ["stream"]


@pytest.fixture
def clockless(tmp_path: Path) -> Path:
    path = tmp_path / "beauty"
    path.mkdir()
    day = int(DAY_S)
    rows = ["1,beauty,i0,0,0,", f"1,beauty,i1,{day},1,", f"1,beauty,i2,{2 * day},2,", f"1,beauty,i3,{2 * day},3,",
            "2,beauty,i1,0,0,", f"2,beauty,i2,{day},1,", f"2,beauty,i0,{3 * day},2,"]  # fmt: skip
    write_csv(path / "events.csv.gz", "user_id,platform,item_id,seconds_since_first,seq,value", rows)
    items = [{"item_id": f"i{row}", "platform": "beauty", "title": None, "attributes": ["Acme"]} for row in range(5)]
    write_objects(path / "items.jsonl.gz", items)
    return path


def test_beauty_leaves_the_last_event_out_and_tells_whether_it_was_tied(clockless):
    plan = plan_of(clockless, "beauty")
    assert asked(plan) == [("1", "i3"), ("2", "i0")]
    assert keys(plan, plan.targets.seen[0]) == ["i0", "i1", "i2"]
    assert plan.targets.is_tied is not None
    assert plan.targets.is_tied.tolist() == [True, False]
    assert plan.learnt is not None
    assert plan.learnt.tolist() == [True, True, True, False, True, True, False]


def test_valid_of_beauty_never_learns_the_test_target(clockless):
    plan = plan_of(clockless, "beauty", "valid")
    assert asked(plan) == [("1", "i2"), ("2", "i2")]
    assert plan.learnt is not None
    assert plan.learnt.tolist() == [True, True, False, False, True, False, False]


def test_strict_beauty_knows_earlier_days_only(clockless):
    plans = [plan_of(clockless, "beauty_strict", seed=seed) for seed in range(20)]
    assert {tuple(asked(plan)) for plan in plans} == {(("1", "i2"), ("2", "i0")), (("1", "i3"), ("2", "i0"))}
    for plan in plans:
        other = "i3" if asked(plan)[0][1] == "i2" else "i2"
        assert keys(plan, plan.targets.seen[0]) == ["i0", "i1"]
        assert keys(plan, plan.targets.barred[0]) == [other]


def test_attributes_of_items_are_read(clockless):
    assert read_csv_folder(clockless).log.catalogue.attributes[0] == ("Acme",)


@given(log=logs(), split=st.sampled_from(["test", "valid"]))
def test_a_stream_asks_about_new_items_of_people_with_a_history(log, split):
    targets = stream(log, split, 0).targets
    for user, item, seen in zip(targets.users, targets.items, targets.seen, strict=True):
        assert len(seen)
        assert item not in seen
        assert item in log.items[log.users == user]


@given(log=logs(), seed=st.integers(0, 5))
def test_valid_of_a_stream_ends_before_test_begins(log, seed):
    valid, test = stream(log, "valid", seed).targets, stream(log, "test", seed).targets
    if len(valid) and len(test):
        assert valid.times_s.max() < test.times_s.min()


def test_a_sample_is_the_same_for_the_same_seed(folder):
    plan = plan_of(folder, "P2")
    assert asked(sampled(plan, 1, 3)) == asked(sampled(plan, 1, 3))
    assert len(sampled(plan, 1, 3).targets) == 1
    assert sampled(plan, 9, 3) is plan


@pytest.mark.parametrize(
    ("file", "rows", "message"),
    [
        ("events.csv.gz", ["user_id,item_id,timestamp", "ann,i0,5"], "events.csv.gz:1: no column 'seq'"),
        ("events.csv.gz", ["user_id,item_id,timestamp,seq", "ann,i0,soon,0"], "events.csv.gz:2: timestamp: 'soon'"),
        ("events.csv.gz", ["user_id,item_id,timestamp,seq", "ann,i0,5"], "events.csv.gz:2: 3 cells"),
        ("events.csv.gz", ["user_id,item_id,timestamp,seq", "ann,i99,5,0"], "item_id: 'i99' is in no line of items"),
        ("events.csv.gz", ["user_id,item_id,timestamp,seq", ",i0,5,0"], "events.csv.gz:2: user_id: empty"),
        ("targets.csv.gz", ["user_id,split,item_id,timestamp", "zoe,test,i0,5"], "user_id: 'zoe' is in no line of"),
        ("items.jsonl.gz", ["[1]"], "items.jsonl.gz:1: not a JSON object"),
        ("items.jsonl.gz", ['{"item_id": 5}'], "items.jsonl.gz:1: item_id and platform must be texts"),
    ],
)  # fmt: skip
def test_a_fault_in_a_table_is_said_with_file_and_line(folder, file, rows, message):
    write_csv(folder / file, rows[0], rows[1:])
    with pytest.raises(UsageError, match=message.replace("(", "\\(")):
        plan_of(folder, "P1")


def test_a_folder_without_events_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no events in events.csv.gz"):
        read_csv_folder(a_folder(tmp_path / "empty", [], ITEMS))


def test_a_file_that_is_not_packed_is_a_fault_of_the_file(folder):
    (folder / "events.csv.gz").write_bytes(b"user_id")
    with pytest.raises(UsageError, match=r"events.csv.gz: cannot be read"):
        plan_of(folder, "P1")


def test_a_protocol_without_its_file_names_the_file(folder):
    (folder / "targets_coldstart.csv.gz").unlink()
    with pytest.raises(UsageError, match=r"no targets_coldstart.csv.gz"):
        plan_of(folder, "P3")


def test_a_path_that_holds_nothing_known_is_refused(tmp_path):
    with pytest.raises(UsageError, match="neither events"):
        recognise(tmp_path)
    with pytest.raises(UsageError, match="no such file"):
        recognise(tmp_path / "absent")
