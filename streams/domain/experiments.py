"""Which variant of an experiment a person was given, as their events say: the newest assignment of each experiment.

The extension `experiment` of an event is `<name>:<variant>`; the gate checks the form.
"""

from __future__ import annotations

from typing import Final

import msgspec

from streams.domain.latest import latest

#: Experiments kept of an account, and published: the latest.
MAX_EXPERIMENTS: Final = 16


class Assigned(msgspec.Struct, array_like=True, frozen=True, gc=False, order=True):
    """at_s: time of the newest event that said so, UTC seconds. Of two at the same time the last by variant holds."""

    at_s: float
    variant: str


def assign(held: dict[str, Assigned], experiment: str, at_s: float) -> dict[str, Assigned]:
    """The assignments with that of one event; `held` may be changed.

    >>> assign({}, "ranking:b", 5.0)
    {'ranking': Assigned(at_s=5.0, variant='b')}
    """
    name, _, variant = experiment.partition(":")
    note(held, name, Assigned(at_s, variant))
    return latest(held, MAX_EXPERIMENTS)


def note(held: dict[str, Assigned], name: str, assigned: Assigned) -> None:
    """Keep the newer of what is held under the name and this."""
    known = held.get(name)
    if known is None or assigned > known:
        held[name] = assigned
