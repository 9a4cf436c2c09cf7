"""How a platform is doing, from its latest records: what the gate makes of each, which fields are wrong, whose clock.

The latest records of several partitions reach back to different times. What is older than the youngest of these
beginnings is left out, so that the sample is everything that came since then, and shares and rates are not bent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import pairwise
from math import ceil, inf
from typing import Final

import msgspec

from streams.domain.dead_letters import decode_dead_letter, is_letter
from streams.domain.platforms import Platform
from streams.domain.refused_fields import field_of
from streams.domain.topic_names import TopicNames
from streams.ports import Clock
from streams.service.judge_records import OUTCOMES, Judge, Judgement
from streams.service.topic_reading import Span, Spans, TopicReading, Topics

SAMPLE_RECORDS: Final = 2_000
#: Of the list, which asks about every platform.
SMALL_SAMPLE_RECORDS: Final = 300
LETTERS: Final = 1_000
#: Of reading; what was read by then is the sample.
PATIENCE_S: Final = 4.0
RATE_S: Final = 60.0
#: Bounds of the distribution of clocks, seconds that the sender is ahead of the broker; behind = negative.
SKEW_BOUNDS_S: Final = (-86_400.0, -3_600.0, -300.0, -10.0, 10.0, 300.0, 86_400.0)
MAX_TYPES: Final = 50


class FieldErrors(msgspec.Struct, frozen=True):
    """Refusals alike. field: empty for a record as a whole. share: of all records looked at. detail: of the latest."""

    field: str
    reason: str
    n: int
    share: float
    detail: str


class TypeSeen(msgspec.Struct, frozen=True):
    """Records of one type. n_accepted: of `n`."""

    type: str
    n: int
    n_accepted: int


class SkewBucket(msgspec.Struct, frozen=True):
    """Records whose sender's clock is ahead of the broker's by from_s to to_s; None = without a bound."""

    from_s: float | None
    to_s: float | None
    n: int


class Skew(msgspec.Struct, frozen=True):
    """Sender's clock minus the broker's, by `sentat`, in its absence by `time`. Quantiles in seconds, None without any.

    n_sent: records that said `sentat`. n_clamped: those set to the time of arrival, being further ahead than jitter.
    """

    buckets: list[SkewBucket]
    n: int
    n_sent: int
    n_clamped: int
    p05_s: float | None
    median_s: float | None
    p95_s: float | None


class PlatformReport(msgspec.Struct, frozen=True):
    """A platform as its latest records show it. Times: broker's clock, UTC seconds, None without records.

    n_records: of the sample, which is everything between from_s and to_s. n_kept: offsets that the topic holds.
    rate_per_s: over the last minute, or over the sample where it is shorter. outcomes: records by what became of them.
    acceptance: share of accepted records, None without any. n_repeats: accepted ones that the sample holds already,
    which count once. errors: the most frequent first. letters: of the latest dead letters, this platform's likewise.
    """

    platform: str
    topic: str
    is_there: bool
    read_at_s: float
    n_records: int
    n_kept: int
    from_s: float | None
    to_s: float | None
    rate_per_s: float
    outcomes: dict[str, int]
    acceptance: float | None
    n_repeats: int
    errors: list[FieldErrors]
    types: list[TypeSeen]
    skew: Skew
    letters: list[FieldErrors] = []
    n_letters_read: int = 0


class PlatformSampler:
    """topics: read on the side. judge: the gate. clock: the wall clock."""

    def __init__(self, topics: Topics, judge: Judge, names: TopicNames, clock: Clock) -> None:
        self._topics = topics
        self._judge = judge
        self._names = names
        self._clock = clock

    def report(self, platform: Platform) -> PlatformReport:
        """Everything about one platform; some hundred milliseconds. Raises Unavailable."""
        with self._topics.open() as look:
            report = self._report(look, platform, SAMPLE_RECORDS)
            letters, n_read = self._letters(look, report.topic)
            return msgspec.structs.replace(report, letters=letters, n_letters_read=n_read)

    def reports(self, platforms: Sequence[Platform]) -> list[PlatformReport]:
        """Of each platform by a small sample and without letters. Raises Unavailable."""
        with self._topics.open() as look:
            return [self._report(look, platform, SMALL_SAMPLE_RECORDS) for platform in platforms]

    def _report(self, look: TopicReading, platform: Platform, n_records: int) -> PlatformReport:
        topic = self._names.events(platform)
        kept = look.kept(topic)
        rows: list[tuple[int, float, Judgement]] = []
        spans = _latest(kept, n_records)
        give_up_at_s = self._clock.now_s() + PATIENCE_S
        for batch in look.read(topic, spans):
            rows += [(record.partition, record.timestamp_s, self._judge.judge(record, platform)) for record in batch]
            if self._clock.now_s() > give_up_at_s:
                break
        sample = _complete(rows, kept, spans)
        return summed(platform, topic, kept, sample, self._clock.now_s())

    def _letters(self, look: TopicReading, topic: str) -> tuple[list[FieldErrors], int]:
        """The platform's among the latest letters, and how many of these were read."""
        alike: Counter[tuple[str, str]] = Counter()
        details: dict[tuple[str, str], str] = {}
        n_read = 0
        give_up_at_s = self._clock.now_s() + PATIENCE_S
        for batch in look.read(self._names.dead_letters, _latest(look.kept(self._names.dead_letters), LETTERS)):
            for record in batch:
                if not is_letter(record.key, record.value):
                    continue
                n_read += 1
                with suppress(msgspec.DecodeError):
                    letter = decode_dead_letter(record.value or b"")
                    if letter.topic == topic:
                        kind = (field_of(letter.reason, letter.detail), letter.reason)
                        alike[kind] += 1
                        details[kind] = letter.detail
            if self._clock.now_s() > give_up_at_s:
                break
        return _errors(alike, details, sum(alike.values())), n_read


def summed(
    platform: Platform, topic: str, kept: Spans, sample: Sequence[tuple[float, Judgement]], now_s: float
) -> PlatformReport:
    """The report of a complete sample. sample: (broker's time, judgement) in the order of arrival."""
    outcomes = Counter(judged.outcome for _, judged in sample)
    alike: Counter[tuple[str, str]] = Counter()
    details: dict[tuple[str, str], str] = {}
    types: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    ids: set[bytes] = set()
    for _, judged in sample:
        types[judged.type] += 1
        if judged.outcome == "rejected":
            alike[judged.field, judged.reason] += 1
            details[judged.field, judged.reason] = judged.detail
        elif judged.event is not None:
            accepted[judged.type] += 1
            ids.add(judged.event.event_id)
    n, n_accepted = len(sample), outcomes["accepted"]
    times = [at_s for at_s, _ in sample]
    return PlatformReport(
        platform=platform,
        topic=topic,
        is_there=bool(kept),
        read_at_s=now_s,
        n_records=n,
        n_kept=sum(span.end - span.begin for span in kept.values()),
        from_s=min(times, default=None),
        to_s=max(times, default=None),
        rate_per_s=_rate(times, n == sum(span.end - span.begin for span in kept.values()), now_s),
        outcomes={outcome: outcomes[outcome] for outcome in OUTCOMES},
        acceptance=n_accepted / n if n else None,
        n_repeats=n_accepted - len(ids),
        errors=_errors(alike, details, n),
        types=[TypeSeen(kind, found, accepted[kind]) for kind, found in types.most_common(MAX_TYPES)],
        skew=_skew([judged for _, judged in sample]),
    )


def _latest(kept: Spans, n_records: int) -> dict[int, Span]:
    """About the last n records, alike from every partition that holds any."""
    filled = {partition: span for partition, span in kept.items() if span.begin < span.end}
    each = ceil(n_records / max(1, len(filled)))
    return {partition: Span(max(span.begin, span.end - each), span.end) for partition, span in filled.items()}


def _complete(rows: Iterable[tuple[int, float, Judgement]], kept: Spans, spans: Spans) -> list[tuple[float, Judgement]]:
    """Those since the moment from which every partition was read, in the order of arrival."""
    rows = list(rows)
    begins: dict[int, float] = {}
    for partition, at_s, _ in rows:
        if spans[partition].begin > kept[partition].begin:
            begins[partition] = min(begins.get(partition, inf), at_s)
    since_s = max(begins.values(), default=-inf)
    return sorted(((at_s, judged) for _, at_s, judged in rows if at_s >= since_s), key=lambda row: row[0])


def _rate(times: Sequence[float], is_whole: bool, now_s: float) -> float:
    if not times:
        return 0.0
    length_s = RATE_S if is_whole else min(RATE_S, max(1.0, now_s - min(times)))
    return round(sum(at_s >= now_s - length_s for at_s in times) / length_s, 3)


def _errors(alike: Counter[tuple[str, str]], details: dict[tuple[str, str], str], n_records: int) -> list[FieldErrors]:
    return [
        FieldErrors(field, reason, n, n / n_records, details[field, reason])
        for (field, reason), n in sorted(alike.items(), key=_most_first)
    ]


def _most_first(counted: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    kind, n = counted
    return -n, kind


def _skew(sample: Sequence[Judgement]) -> Skew:
    told = sorted(judged.ahead_s for judged in sample if judged.ahead_s is not None)
    bounds = (None, *SKEW_BOUNDS_S, None)
    buckets = [
        SkewBucket(low, high, sum((low is None or each >= low) and (high is None or each < high) for each in told))
        for low, high in pairwise(bounds)
    ]
    return Skew(
        buckets=buckets,
        n=len(told),
        n_sent=sum(judged.is_sent_time for judged in sample),
        n_clamped=sum(judged.batch.n_clamped for judged in sample if judged.batch is not None),
        p05_s=_quantile(told, 0.05),
        median_s=_quantile(told, 0.5),
        p95_s=_quantile(told, 0.95),
    )


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None
