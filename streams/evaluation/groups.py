"""Which targets are reported together: by how much was known of the person, by year, by tie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.evaluation.protocols import Plan

Mask = NDArray[np.bool_]

#: Events known of the person: least and most of a group.
ACTIVITY: Final[Mapping[str, tuple[int, float]]] = MappingProxyType(
    {"1-5": (1, 5), "6-15": (6, 15), "16-30": (16, 30), "31+": (31, np.inf)}
)
#: Protocols whose targets spread over many years, unlike in kind, and the year from which they are also summed up.
BY_YEAR: Final[Mapping[str, int]] = MappingProxyType({"P3": 2011})


def groupings(plan: Plan) -> Iterator[tuple[str, str, Mask]]:
    """(grouping, group, (T,) which targets); empty groups are left out."""
    for grouping, groups in (("activity", _activity(plan)), ("year", _years(plan)), ("tie", _ties(plan))):
        for group, members in groups.items():
            if members.any():
                yield grouping, group, members


def _activity(plan: Plan) -> dict[str, Mask]:
    n_before = plan.targets.n_before
    return {name: (n_before >= least) & (n_before <= most) for name, (least, most) in ACTIVITY.items()}


def _years(plan: Plan) -> dict[str, Mask]:
    if plan.protocol not in BY_YEAR:
        return {}
    years = plan.targets.times_s.astype("datetime64[s]").astype("datetime64[Y]").astype(int) + 1970
    first = BY_YEAR[plan.protocol]
    return {str(year): years == year for year in np.unique(years)} | {f"{first}+": years >= first}


def _ties(plan: Plan) -> dict[str, Mask]:
    tied = plan.targets.is_tied
    return {} if tied is None else {"same day as the event before": tied, "later day": ~tied}
