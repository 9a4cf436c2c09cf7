"""The published tags: sums over accounts, the strongest of them, each with the recent events that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from streams.domain.profiles import Evidence, Tag
from streams.domain.states import AccountState, Recent, TagState

#: Below this share of the strongest tag's mass a tag is noise and is not published (counted instead).
MIN_TAG_SHARE = 0.01
MAX_EVIDENCE = 3


class Share(NamedTuple):
    """One account's part of a view. scale: its platform's weight times the decay to the view's time."""

    account: AccountState
    scale: float


def strongest_tags(shares: Sequence[Share], recents: Sequence[Recent], n_tags: int) -> tuple[list[Tag], int]:
    """(the n strongest by absolute score, how many were too weak to publish). recents: latest first, for evidence."""
    felt = [share for share in shares if share.scale != 0.0]
    if len(felt) == 1:
        sums, scale = felt[0].account.tags, felt[0].scale
    else:
        sums, scale = _summed(felt), 1.0
    least = MIN_TAG_SHARE * max([tag.mass for tag in sums.values()], default=0.0)
    ranked = sorted([(-abs(tag.score), name) for name, tag in sums.items() if tag.mass >= least])
    chosen = [name for _, name in ranked[:n_tags]]
    evidence = _evidence(chosen, recents) if recents else {}
    tags = [_tag(name, sums[name], scale, _by_platform(name, felt), evidence.get(name, [])) for name in chosen]
    return tags, len(sums) - len(ranked)


def _summed(shares: Sequence[Share]) -> dict[str, TagState]:
    sums: dict[str, TagState] = {}
    for share in shares:
        for name, tag in share.account.tags.items():
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


def _by_platform(name: str, shares: Sequence[Share]) -> dict[str, float]:
    if len(shares) == 1:
        return {shares[0].account.platform: shares[0].account.tags[name].score * shares[0].scale}
    scores: dict[str, float] = {}
    for share in shares:
        tag = share.account.tags.get(name)
        if tag is not None:
            platform = share.account.platform
            scores[platform] = scores.get(platform, 0.0) + tag.score * share.scale
    return scores


def _evidence(chosen: list[str], recents: Sequence[Recent]) -> dict[str, list[Evidence]]:
    by_tag: dict[str, list[Evidence]] = {name: [] for name in chosen}
    for recent in recents:
        made: Evidence | None = None
        for name in recent.tags:
            listed = by_tag.get(name)
            if listed is not None and len(listed) < MAX_EVIDENCE:
                made = made or Evidence(recent.event_id.hex(), recent.type, recent.weight, recent.at_s)
                listed.append(made)
    return by_tag


def _tag(name: str, tag: TagState, scale: float, platforms: dict[str, float], evidence: list[Evidence]) -> Tag:
    kind, _, value = name.partition(":")
    polarity = tag.score / tag.mass if tag.mass else 0.0
    return Tag(value, kind, tag.score * scale, polarity, tag.support, tag.first_s, tag.last_s, platforms, evidence)
