"""Makes a stream dirty on purpose, and keeps the books: what was sent twice, late or broken, to the last record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from streams.simulation.faults import FAULTS
from streams.simulation.randomness import generator
from streams.simulation.records import CloudEvent, OutgoingRecord, to_record

#: Only every second event can be moved, see `_positions`.
MAX_LATE = 0.45

EventRef = tuple[str, str]
"""(source, id): what makes two records the same event."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a dirty stream holds. Every distinct valid event is in it at least once: n_events of them.

    duplicates: events that come a second time. late: events that come after newer ones, all within the bound.
    invalid: kinds of `faults.FAULTS` in the order sent, none of which may reach a profile. n_consents: records, repeats
    among them, that say what a person consents to and nothing else; no profile counts them among what the person did.
    """

    n_events: int
    duplicates: tuple[EventRef, ...]
    late: tuple[EventRef, ...]
    invalid: tuple[str, ...]
    n_consents: int = 0

    @property
    def n_records(self) -> int:
        """Records in the stream."""
        return self.n_events + len(self.duplicates) + len(self.invalid)

    @property
    def invalid_by_kind(self) -> dict[str, int]:
        """Kind to count."""
        return dict(Counter(self.invalid))

    @property
    def dead_letters_by_reason(self) -> dict[str, int]:
        """The gate's reason to count: what the dead letters must add up to."""
        return dict(Counter(FAULTS[kind].reason for kind in self.invalid))


def dirty(
    events: Sequence[CloudEvent], seed: int, duplicates: float = 0.05, late: float = 0.05, invalid: float = 0.02
) -> tuple[list[OutgoingRecord], Ledger]:
    """The records of a stream in the order in which they arrive, and the ledger of what is wrong with it.

    events: valid, oldest first. duplicates, invalid: records added, as shares of the events. late: the share that is
    moved behind newer events; their event times stay, so they count in full. Raises ValueError for impossible shares.
    """
    _check(duplicates, late, invalid)
    random = generator(seed, "disorder")
    positions, moved = _positions(random, len(events), late)
    records = [to_record(event) for event in events]
    queue = list(zip(positions, records, strict=True))
    repeated = sorted(random.sample(range(len(events)), round(duplicates * len(events))))
    queue += [(random.uniform(positions[number], len(events) + 1), records[number]) for number in repeated]
    broken = _broken(random, events, round(invalid * len(events)))
    queue += [(position, FAULTS[kind].make(victim)) for position, kind, victim in broken]
    queue.sort(key=lambda entry: entry[0])
    ledger = Ledger(
        n_events=len(events),
        duplicates=tuple(_ref(events[number]) for number in repeated),
        late=tuple(_ref(events[number]) for number in moved),
        invalid=tuple(kind for _, kind, _ in broken),
        n_consents=sum(_is_consent(events[number]) for number in (*range(len(events)), *repeated)),
    )
    return [record for _, record in queue], ledger


def _positions(random: Random, n_events: int, late: float) -> tuple[list[float], list[int]]:
    """Where each event stands in the queue, and which were moved: even ones, so that the next one overtakes them."""
    positions = [float(number) for number in range(n_events)]
    movable = range(0, n_events - 1, 2)
    moved = sorted(random.sample(movable, min(round(late * n_events), len(movable))))
    for number in moved:
        positions[number] = random.uniform(number + 1, n_events)
    return positions, moved


def _broken(random: Random, events: Sequence[CloudEvent], count: int) -> list[tuple[float, str, CloudEvent]]:
    """(position, kind of fault, the event it befalls under an id of its own) in the order of their positions."""
    victims = [event for event in events if "item" in event["data"]]
    kinds = list(FAULTS)
    broken = []
    for number in range(count if victims else 0):
        victim = random.choice(victims) | {"id": f"broken-{number:06x}"}
        broken.append((random.uniform(0, len(events)), kinds[number % len(kinds)], victim))
    return sorted(broken, key=lambda entry: entry[0])


def _is_consent(event: CloudEvent) -> bool:
    return str(event["type"]).endswith(".consent.changed")


def _ref(event: CloudEvent) -> EventRef:
    return event["source"], event["id"]


def _check(duplicates: float, late: float, invalid: float) -> None:
    for name, share, limit in (("duplicates", duplicates, 1.0), ("late", late, MAX_LATE), ("invalid", invalid, 1.0)):
        if not 0 <= share <= limit:
            raise ValueError(f"{name} = {share}: use a share between 0 and {limit:g}")
