"""Small logs, made up by hand or at random, and folders of tables to read them from."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from streams.evaluation.catalogue import Catalogue
from streams.evaluation.csv_folders import catalogue_of
from streams.evaluation.logs import Log
from streams.evaluation.methods.port import Requests, Setting, Step

DAY_S = 86_400.0
#: 2014-01-01 UTC.
NEW_YEAR_S = 1_388_534_400.0


def a_catalogue(platforms: Sequence[str], titles: Sequence[str] = ()) -> Catalogue:
    """Items i0, i1, … of the platforms named, one each."""
    said = titles or [""] * len(platforms)
    return catalogue_of(
        [
            {"item_id": f"i{row}", "platform": platform, "title": title}
            for row, (platform, title) in enumerate(zip(platforms, said, strict=True))
        ]
    )


def a_log(events: Sequence[tuple[int, int, float]], catalogue: Catalogue, *, shared_clock: bool = True) -> Log:
    """Events (user row, item row, day), ordered as a log is."""
    order = sorted(range(len(events)), key=lambda row: events[row][2] if shared_clock else events[row][0])
    users, items, days = (np.array([events[row][field] for row in order]) for field in range(3))
    n_users = int(users.max()) + 1 if len(events) else 0
    names = tuple(f"u{row}" for row in range(n_users))
    return Log(
        catalogue, names, users.astype(np.intp), items.astype(np.intp), days * DAY_S, np.ones(len(events)), shared_clock
    )


def a_step(*events: tuple[int, int], day: float = 0.0) -> Step:
    """Events (user row, item row) of one day."""
    users, items = np.array(events, dtype=np.intp).reshape(-1, 2).T
    return Step(users, items, np.full(len(events), day * DAY_S), np.ones(len(events)))


def a_request(user: int = 0, platform: int = 0, day: float = 0.0) -> Requests:
    """One question."""
    return Requests(np.array([user]), np.array([platform]), np.array([day * DAY_S]), [np.zeros(0, dtype=np.intp)])


def a_setting(catalogue: Catalogue, n_users: int = 4, *, shared_clock: bool = True) -> Setting:
    """What methods are made from."""
    return Setting(catalogue, n_users, shared_clock)


@st.composite
def logs(draw: st.DrawFn, *, shared_clock: bool = True) -> Log:
    """Up to 40 events of up to 5 people, 8 items on 2 platforms and 6 days; no item twice for a person."""
    event = st.tuples(st.integers(0, 4), st.integers(0, 7), st.integers(0, 5))
    events = draw(st.lists(event, min_size=1, max_size=40, unique_by=lambda each: each[:2]))
    if not shared_clock:
        events = sorted(events, key=lambda each: (each[0], each[2]))
    return a_log([(user, item, float(day)) for user, item, day in events], a_catalogue(["food", "kitchen"] * 4),
                 shared_clock=shared_clock)  # fmt: skip


def write_csv(file: Path, header: str, rows: Sequence[str]) -> None:
    """A packed table."""
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.write("\n".join([header, *rows]) + "\n")


def write_objects(file: Path, objects: Sequence[dict[str, Any]]) -> None:
    """Packed JSON lines."""
    with gzip.open(file, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(each) + "\n" for each in objects)


def a_folder(path: Path, events: Sequence[str], items: Sequence[dict[str, Any]], **files: Sequence[str]) -> Path:
    """A folder of tables. events: `user,platform,item,timestamp,seq`; files: rows of further tables by name."""
    headers = {
        "targets": "user_id,split,platform,item_id,timestamp,basket_size",
        "targets_coldstart": "user_id,platform,item_id,timestamp,n_other_platform_history",
        "light_events": "user_id,platform,item_id,timestamp,seq",
        "light_targets": "user_id,split,platform,item_id,timestamp,basket_size",
        "light_targets_coldstart": "user_id,platform,item_id,timestamp,n_other_platform_history",
    }
    path.mkdir(exist_ok=True)
    write_csv(path / "events.csv.gz", "user_id,platform,item_id,timestamp,seq", events)
    write_objects(path / "items.jsonl.gz", items)
    for name, rows in files.items():
        write_csv(path / f"{name}.csv.gz", headers[name], rows)
    return path
