"""What is asked, when, and what was known by then: the protocols, each as a plan of what to learn and what to foretell.

| protocol | a target is | known before it |
|---|---|---|
| `P1` | one event of a person's last active day (`targets.csv.gz`) | every event of a strictly earlier day |
| `P2` | one event, drawn, of each person and active day from 2014 on | the same |
| `P3` | a person's first event on a platform (`targets_coldstart.csv.gz`) | the same |
| `light` | P1 of people with short histories (`light_targets.csv.gz`) | the same, main users' events too |
| `extra` | P2 on the further platforms of some people (`extra_*`) | the same, all platforms |
| `beauty` | a person's last event in the order of the source, as published | everybody's events but their last |
| `beauty_strict` | one event, drawn, of a person's last day | everybody's events before their last day |
| `stream` | P2 in the last fifth of any log with a shared clock, of items new to the person | all strictly earlier |

The split `valid` asks the same of earlier events, so that parameters can be chosen without a look at `test`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from streams.errors import UsageError
from streams.evaluation.csv_folders import EXTRA, LIGHT, MAIN, CsvFolder
from streams.evaluation.logs import Log, Targets, targets_of
from streams.evaluation.methods.port import Rows

Split = Literal["test", "valid"]
Mask = NDArray[np.bool_]

DAY_S: Final = 86_400.0
#: 2014-01-01 and half a year before it, UTC.
P2_FROM_S: Final = 1_388_534_400.0
P2_VALID_FROM_S: Final = 1_372_636_800.0
#: Of the events of a log that has no targets of its own: the share before the first target of `valid` and of `test`.
STREAM_FROM: Final[Mapping[Split, float]] = MappingProxyType({"valid": 0.6, "test": 0.8})


@dataclass(frozen=True)
class Plan:
    """A protocol over a log. learnt: (E,) the events a method may ever be told; None: all, each in its time.

    With a shared clock the replay goes by time. Without one everything learnt is told at once, and then asked.
    """

    protocol: str
    log: Log
    targets: Targets
    learnt: Mask | None = None


def p1(folder: CsvFolder, split: Split, seed: int) -> Plan:  # noqa: ARG001 - nothing is drawn
    """Leave the last active day out."""
    return _listed("P1", folder, MAIN, "targets.csv", split)


def p3(folder: CsvFolder, split: Split, seed: int) -> Plan:  # noqa: ARG001 - nothing is drawn
    """A new platform. The file has no split: `valid` asks the light users, their test targets left out."""
    if split == "test":
        return _listed("P3", folder, MAIN, "targets_coldstart.csv", None)
    plan = _listed("P3", folder, LIGHT, "light_targets_coldstart.csv", None)
    tested = set(zip(*(part.tolist() for part in folder.targets("light_targets.csv", "test")[::2]), strict=True))
    asked = zip(plan.targets.users.tolist(), plan.targets.times_s.tolist(), strict=True)
    keep = np.array([each not in tested for each in asked], dtype=np.bool_)
    return Plan(plan.protocol, plan.log, plan.targets.at(np.flatnonzero(keep)))


def light(folder: CsvFolder, split: Split, seed: int) -> Plan:  # noqa: ARG001 - nothing is drawn
    """P1 of the light users, with everybody streamed."""
    return _listed("light", folder, LIGHT, "light_targets.csv", split)


def p2(folder: CsvFolder, split: Split, seed: int) -> Plan:
    """Streaming 2014, or the half year before it."""
    log = folder.log.only(folder.parts == MAIN)
    return Plan("P2", log, _drawn(log, _in_p2(log, split), seed))


def extra(folder: CsvFolder, split: Split, seed: int) -> Plan:
    """Streaming 2014 on the platforms of `extra_*`, with everything of the main users known."""
    keep = folder.parts != LIGHT
    log = folder.log.only(keep)
    return Plan("extra", log, _drawn(log, _in_p2(log, split) & (folder.parts[keep] == EXTRA), seed))


def stream(log: Log, split: Split, seed: int) -> Plan:
    """P2 of any log with a shared clock: the last fifth of its events, or the fifth before."""
    if not len(log):
        raise UsageError("stream: the data hold no event with an item; give more")
    after = {"valid": STREAM_FROM["test"], "test": 1.0}[split]
    from_s, to_s = np.quantile(log.times_s, (STREAM_FROM[split], after))
    within = (log.times_s >= from_s) & ((log.times_s < to_s) if split == "valid" else True)
    return Plan("stream", log, _drawn(log, within & (log.weights > 0) & _is_new(log), seed))


def beauty(folder: CsvFolder, split: Split, seed: int) -> Plan:  # noqa: ARG001 - nothing is drawn
    """Leave one out in the order of the source."""
    log = folder.log
    from_end = _from_end(log)
    target = 0 if split == "test" else 1
    rows = np.flatnonzero((from_end == target) & (_from_start(log) > 0))
    days = np.floor_divide(log.times_s, DAY_S)
    targets = _own_clock_targets(log, rows, rows, rows + 1, is_tied=days[rows] == days[rows - 1])
    return Plan("beauty", log, targets, from_end > target)


def beauty_strict(folder: CsvFolder, split: Split, seed: int) -> Plan:
    """One event of the last day (or of the one before), strictly earlier days known."""
    log = folder.log
    day_from_end = _days_from_end(log)
    target = 0 if split == "test" else 1
    rows, firsts, afters = [], [], []
    rng = np.random.default_rng(seed)
    for user in range(len(log.user_names)):
        events = log.events_of(user)
        of_day = events[day_from_end[events] == target]
        if len(of_day) and of_day[0] > events[0]:
            rows.append(rng.choice(of_day))
            firsts.append(of_day[0])
            afters.append(of_day[-1] + 1)
    asked = _own_clock_targets(log, np.array(rows, np.intp), np.array(firsts, np.intp), np.array(afters, np.intp))
    return Plan("beauty_strict", log, asked, day_from_end > target)


MakePlan = Callable[[CsvFolder, Split, int], Plan]

SHARED_CLOCK: Final[Mapping[str, MakePlan]] = MappingProxyType(
    {"P1": p1, "P2": p2, "P3": p3, "light": light, "extra": extra}
)
OWN_CLOCK: Final[Mapping[str, MakePlan]] = MappingProxyType({"beauty": beauty, "beauty_strict": beauty_strict})


def _listed(protocol: str, folder: CsvFolder, part: int, file: str, split: Split | None) -> Plan:
    users, items, times_s = folder.targets(file, split)
    log = folder.log.only(folder.parts <= part)
    return Plan(protocol, log, targets_of(log, users, items, times_s))


def _in_p2(log: Log, split: Split) -> Mask:
    if split == "test":
        return log.times_s >= P2_FROM_S
    return (log.times_s >= P2_VALID_FROM_S) & (log.times_s < P2_FROM_S)


def _drawn(log: Log, eligible: Mask, seed: int) -> Targets:
    """One of the eligible events of each person and day, of those who did something strictly earlier."""
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero(eligible)
    days = np.floor_divide(log.times_s[rows], DAY_S)
    order = np.lexsort((rng.random(len(rows)), log.users[rows], days))
    users, days = log.users[rows][order], days[order]
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (users[1:] != users[:-1]) | (days[1:] != days[:-1])
    chosen = rows[order][first]
    targets = targets_of(log, log.users[chosen], log.items[chosen], log.times_s[chosen])
    return targets.at(np.flatnonzero(targets.n_before > 0))


def _is_new(log: Log) -> Mask:
    """(E,): whether the event is its person's first with its item."""
    pairs = log.users * len(log.catalogue) + log.items
    new = np.zeros(len(log), dtype=np.bool_)
    new[np.unique(pairs, return_index=True)[1]] = True
    return new


def _own_clock_targets(log: Log, rows: Rows, firsts: Rows, afters: Rows, is_tied: Mask | None = None) -> Targets:
    """Targets (event rows) whose history ends before `firsts` and whose time ends before `afters` (event rows)."""
    starts = np.searchsorted(log.users, log.users[rows], "left")
    seen = [np.unique(log.items[start:first]) for start, first in zip(starts, firsts, strict=True)]
    barred = []
    for row, first, after in zip(rows, firsts, afters, strict=True):
        others = np.unique(log.items[first:after])
        barred.append(others[others != log.items[row]])
    items = log.items[rows]
    return Targets(
        log.users[rows], items, log.catalogue.platform[items], log.times_s[rows], seen, barred, firsts - starts, is_tied
    )


def _from_start(log: Log) -> Rows:
    """(E,) place of each event among its person's; the log stands person by person."""
    return np.arange(len(log)) - np.searchsorted(log.users, log.users, "left")


def _from_end(log: Log) -> Rows:
    return np.searchsorted(log.users, log.users, "right") - 1 - np.arange(len(log))


def _days_from_end(log: Log) -> Rows:
    """(E,) how many active days of its person lie after each event's."""
    days = np.floor_divide(log.times_s, DAY_S)
    after = np.zeros(len(log), dtype=np.intp)
    for row in range(len(log) - 2, -1, -1):
        if log.users[row] == log.users[row + 1]:
            after[row] = after[row + 1] + (days[row] != days[row + 1])
    return after
