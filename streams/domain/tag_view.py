"""The published tags: sums over accounts, the strongest of them, each with the recent events that made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.domain.profiles import Evidence, Tag
from streams.domain.states import Recent, TagState

#: Below this share of the strongest tag's mass a tag is noise and is not published (counted instead).
MIN_TAG_SHARE = 0.01
MAX_EVIDENCE = 3
#: So many times the tags that are published are looked at, for other words than those that are told already.
LOOKED_AT = 3


class TagShare(NamedTuple):
    """Tags of one account that age together. scale: their units at the view's time, times the platform's weight."""

    platform: str
    tags: Mapping[str, TagState]
    scale: float


def strongest_tags(
    shares: Sequence[TagShare], recents: Sequence[Recent], n_tags: int, blocked: frozenset[str] = frozenset()
) -> tuple[list[Tag], int]:
    """(the n strongest by absolute score, how many were too weak to publish). recents: latest first, for evidence.

    blocked: tags that the person does not want to see.
    """
    felt = [share for share in shares if share.scale != 0.0]
    sums = felt[0].tags if len(felt) == 1 else _summed(felt)
    if blocked:
        sums = {name: tag for name, tag in sums.items() if name not in blocked}
    names, n_filtered = _strongest(sums, n_tags)
    evidence = _evidence(names, recents)
    if len(felt) == 1:
        ((platform, _, scale),) = felt
        scored = [(name, sums[name].score * scale) for name in names]
        tags = [
            _tag(name, sums[name], score, {platform: score}, evidence[name]) for name, score in scored
        ]
    else:
        tags = [_tag(name, sums[name], sums[name].score, _by_platform(name, felt), evidence[name]) for name in names]
    return tags, n_filtered


def without_evidence(tags: Sequence[Tag]) -> list[Tag]:
    """The same tags for a place where nobody asks why."""
    return [
        Tag(
            tag.tag, tag.kind, tag.score, tag.polarity, tag.support, tag.first_seen, tag.last_seen, tag.platforms, []
        )
        for tag in tags
    ]  # fmt: skip


def _strongest(sums: Mapping[str, TagState], n_tags: int) -> tuple[list[str], int]:
    """(names, strongest first and equals by name; how many are too weak).

    Where there are more, a word that stands there under another kind (topic and category cooking) makes room for one
    that does not.
    """
    least = MIN_TAG_SHARE * max([tag.mass for tag in sums.values()], default=0.0)
    scores = [(-abs(tag.score), name) for name, tag in sums.items() if tag.mass >= least]
    n_filtered = len(sums) - len(scores)
    if len(scores) > n_tags:
        # Floats sort several times faster than pairs, and only the pairs at the top are wanted.
        last = sorted([score for score, _ in scores])[: LOOKED_AT * n_tags][-1]
        scores = [entry for entry in scores if entry[0] <= last]
    scores.sort()
    return _other_words_first([name for _, name in scores], n_tags), n_filtered


def _other_words_first(names: list[str], n: int) -> list[str]:
    """At most n of the names, in their order."""
    if len(names) <= n:
        return names
    told: set[str] = set()
    fresh: list[int] = []
    repeated: list[int] = []
    for place, name in enumerate(names):
        word = name.partition(":")[2]
        if word in told:
            repeated.append(place)
            continue
        told.add(word)
        fresh.append(place)
        if len(fresh) == n:
            break
    return [names[place] for place in sorted(fresh + repeated[: n - len(fresh)])]


def _summed(shares: Sequence[TagShare]) -> dict[str, TagState]:
    sums: dict[str, TagState] = {}
    for share in shares:
        for name, tag in share.tags.items():
            score, mass = tag.score * share.scale, tag.mass * share.scale
            known = sums.get(name)
            if known is None:
                sums[name] = TagState(score, mass, tag.support, tag.first_s, tag.last_s)
                continue
            known.score += score
            known.mass += mass
            known.support += tag.support
            known.first_s = min(known.first_s, tag.first_s)
            known.last_s = max(known.last_s, tag.last_s)
    return sums


def _by_platform(name: str, shares: Sequence[TagShare]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for platform, tags, scale in shares:
        tag = tags.get(name)
        if tag is not None:
            scores[platform] = scores.get(platform, 0.0) + tag.score * scale
    return scores


def _evidence(chosen: list[str], recents: Sequence[Recent]) -> dict[str, list[Evidence]]:
    by_tag: dict[str, list[Evidence]] = {name: [] for name in chosen}
    n_open = len(chosen)
    for recent in recents:
        made: Evidence | None = None
        for name in recent.tags:
            listed = by_tag.get(name)
            if listed is not None and len(listed) < MAX_EVIDENCE:
                made = made or Evidence(recent.event_id.hex(), recent.type, recent.weight, recent.at_s)
                listed.append(made)
                n_open -= len(listed) == MAX_EVIDENCE
        if n_open <= 0:
            break
    return by_tag


def _tag(name: str, tag: TagState, score: float, platforms: dict[str, float], evidence: list[Evidence]) -> Tag:
    kind, _, value = name.partition(":")
    polarity = tag.score / tag.mass if tag.mass else 0.0
    return Tag(value, kind, score, polarity, tag.support, tag.first_s, tag.last_s, platforms, evidence)
