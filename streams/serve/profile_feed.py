"""The `profiles` topic as a local view, and what it says about popularity."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import msgspec
import structlog

from streams.adapters.local_view import SIDE, Entry, LocalView
from streams.adapters.topic_follower import Batch
from streams.domain.popularity import Popularity, Warm
from streams.domain.profiles import ProfileRecord, RecentEvent, decode_profile
from streams.ports import Clock
from streams.serve.behaviour_feed import FILL, BehaviourFeed, new_likes
from streams.serve.feedback_feed import FeedbackFeed
from streams.serve.people_index import PeopleIndex
from streams.serve.relation_counts import RelationCounts, is_count
from streams.serve.revisions import Revisions, is_note
from streams.service.tastes import Items
from streams.telemetry import metrics

VIEW: Final = "profiles"

_log = structlog.get_logger(__name__)

_pack_warm = msgspec.msgpack.Encoder().encode
_unpack_warm = msgspec.msgpack.Decoder(Warm).decode


@dataclass(frozen=True)
class Listeners:
    """What is kept in memory beside the view and hears of every change; None = not kept.

    people: an index, filled here at a start. behaviour: what people took to, filled by whoever made it. feedback: on
    what was answered, heard from now on. pages: told the ids of the people who changed, in any thread.
    """

    people: PeopleIndex | None = None
    behaviour: BehaviourFeed | None = None
    feedback: FeedbackFeed | None = None
    pages: Callable[[Collection[str]], None] | None = None


NOBODY_LISTENS: Final = Listeners()


class ProfileFeed:
    """A sink of the topic and a reader for any number of threads.

    A revision that is not newer than what is there is dropped and counted; null forgets the person. Popularity is
    written in the same batch as the profiles it was taken from, so a restart counts nothing twice.
    """

    def __init__(
        self,
        view: LocalView,
        popularity: Popularity,
        items: Items,
        clock: Clock,
        listeners: Listeners = NOBODY_LISTENS,
    ) -> None:
        self._view = view
        self._popularity = popularity
        self._items = items
        self._clock = clock
        self._people = people = listeners.people
        self._behaviour = listeners.behaviour
        self._feedback = listeners.feedback
        self._pages = listeners.pages
        self._started_s = clock.now_s()
        self._delay = metrics.REFRESH_DELAY.labels(VIEW)
        self._stale = metrics.STALE_RECORDS.labels(VIEW)
        self.relation_counts = RelationCounts(view)
        self.revisions = Revisions(view)
        for key, raw in view.side_items():
            if is_note(key):  # the last of the side entries, and as many as there are revisions
                break
            if not is_count(key):
                popularity.put(_text(key), _unpack_warm(raw))
        if people is not None:
            everybody = self.everybody()
            while known := list(islice(everybody, FILL)):
                people.follow({profile.profile_id: profile for profile in known})

    def profile_of(self, profile_id: str) -> ProfileRecord | None:
        """The person's newest profile, or None."""
        raw = self._view.get(profile_id)
        return None if raw is None else decode_profile(raw)

    def everybody(self) -> Iterator[ProfileRecord]:
        """Every profile that can be read."""
        for record in self._view.items():
            profile = _readable(record[1])
            if profile is not None:
                yield profile

    def next_offsets(self) -> Mapping[int, int]:
        """Where the topic's reading goes on."""
        return self._view.next_offsets()

    def apply(self, batch: Batch) -> None:
        """Keep what is newer."""
        keys = list({message.key for message in batch.messages})
        heads = {key: _readable(raw) for key, raw in zip(keys, self._view.get_many(keys), strict=True)}
        entries: dict[bytes, bytes | None] = {}
        replaced: list[bytes] = []
        sightings: list[RecentEvent] = []
        changes: list[tuple[ProfileRecord | None, ProfileRecord | None]] = []
        n_unreadable = 0
        for message in batch.messages:
            if not message.value:
                changes.append((heads[message.key], None))
                heads[message.key], entries[message.key] = None, None
                continue
            head, known = _readable(message.value), heads[message.key]
            if head is None:
                n_unreadable += 1
            elif known is not None and head.revision <= known.revision:
                self._stale.inc()
            else:
                changes.append((known, head))
                heads[message.key], entries[message.key] = head, message.value
                if head.change.kind != "update":  # accounts left: what was there of them goes from the disk as well
                    replaced.append(message.key)
                sightings += new_likes(known, head)
        if n_unreadable:
            metrics.UNREADABLE.labels(VIEW).inc(n_unreadable)
            _log.warning("unreadable_records", view=VIEW, n_records=n_unreadable)
        notes = self.revisions.changed(changes, lambda profile_id: self._is_known(profile_id, heads))
        counts = self.relation_counts.changed(changes)
        changed = [*entries.items(), *self._warmed(sightings), *counts, *notes.entries]
        self._view.write(changed, batch.next_offsets, batch.received_at_s, [*replaced, *notes.replaced])
        self._tell({_text(key): heads[key] for key in entries}, changes)
        self._observe(batch)

    def _tell(
        self,
        newest: Mapping[str, ProfileRecord | None],
        changes: Sequence[tuple[ProfileRecord | None, ProfileRecord | None]],
    ) -> None:
        """Everybody who listens. newest: by profile id."""
        if self._people is not None:
            self._people.follow(newest)
        if self._behaviour is not None:
            self._behaviour.profiles_changed(changes)
        if self._feedback is not None:
            self._feedback.profiles_changed(changes)
        if self._pages is not None and newest:
            self._pages(newest)

    def clear(self) -> None:
        """Forget everything."""
        if self._people is not None:
            self._people.forget([_text(key) for key, _ in self._view.items()])
        if self._behaviour is not None:
            self._behaviour.clear()
        self._view.clear()
        self._popularity.clear()

    def shred(self) -> int:
        """Remove what was forgotten from the disk as well."""
        return self._view.shred()

    def refresh_gauges(self) -> None:
        """Publish the size."""
        metrics.VIEW_RECORDS.labels(VIEW).set(self._view.n_records())

    def close(self) -> None:
        """Release the folder."""
        self._view.close()

    def _is_known(self, profile_id: str, heads: Mapping[bytes, ProfileRecord | None]) -> bool:
        key = profile_id.encode("utf-8", "surrogatepass")
        return heads[key] is not None if key in heads else self._view.get(profile_id) is not None

    def _warmed(self, sightings: list[RecentEvent]) -> Iterable[Entry]:
        entries = self._items.entries_of([event.item for event in sightings])
        warmed: dict[str, Warm] = {}
        for event, entry in zip(sightings, entries, strict=True):
            category = "" if entry is None else entry.item.category
            warmed[event.item] = self._popularity.add(event.item, category, event.time, event.weight)
        return [(SIDE + key.encode(), _pack_warm(warm)) for key, warm in warmed.items()]

    def _observe(self, batch: Batch) -> None:
        # What is read up after a start says nothing about how fresh answers are.
        times = [message.at_s for message in batch.messages if message.at_s >= self._started_s]
        if times:
            self._delay.observe(max(0.0, self._clock.now_s() - min(times)))


def _text(key: bytes) -> str:
    return key.decode("utf-8", "replace")


def _readable(raw: bytes | None) -> ProfileRecord | None:
    """The whole record, so that none that cannot be answered with takes the place of one that can."""
    if raw is None:
        return None
    try:
        return decode_profile(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
