"""What a profile is made of: the accounts of a person, each seen from the profile's time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from streams.domain.decay import factor
from streams.domain.states import AccountState, Fading, Recent
from streams.domain.tag_view import TagShare
from streams.domain.unit_vectors import unit_vector, unit_vectors


@dataclass(slots=True)
class AccountView:
    """One account seen from the profile's as_of. mass: of the long horizon, without the platform's weight.

    faded: what fades otherwise, with its own decay. short, long: its directions where they are known already.
    """

    account: AccountState
    weight: float
    short_decay: float
    long_decay: float
    mass: float
    faded: list[tuple[Fading, float]]
    short: bytes | None = None
    long: bytes | None = None

    @classmethod
    def of(
        cls, account: AccountState, as_of_s: float, weight: float, half_lives_s: tuple[float, float]
    ) -> AccountView:
        """weight: of its platform. half_lives_s: (short, long)."""
        aged_s = as_of_s - account.reference_s
        short_s, long_s = half_lives_s
        long_decay = factor(aged_s, long_s)
        faded = [(fading, factor(aged_s, fading.half_life_s)) for fading in account.fadings]
        mass = account.long_mass * long_decay + sum([fading.long_mass * decay for fading, decay in faded])
        return cls(account, weight, factor(aged_s, short_s), long_decay, mass, faded)

    def long_sums(self, weight: float = 1.0) -> Iterator[tuple[bytes, float]]:
        """(float32 (D,), times what) of all that its long horizon is made of."""
        yield self.account.long, self.long_decay * weight
        for fading, decay in self.faded:
            yield fading.long, decay * weight

    def tag_shares(self, weight: float = 1.0) -> Iterator[TagShare]:
        """What its tags are made of."""
        account = self.account
        yield TagShare(account.platform, account.tags, self.long_decay * weight * account.tag_scale)
        for fading, decay in self.faded:
            yield TagShare(account.platform, fading.tags, decay * weight * fading.tag_scale)


def point(parts: Sequence[AccountView]) -> None:
    """Directions of the accounts that need no ageing, which are nearly all, in one step; of one sum each."""
    current = [part for part in parts if part.short_decay == part.long_decay == 1.0]
    alike = [part for part in current if not part.faded]
    raws = [part.account.short for part in current] + [part.account.long for part in alike]
    units = iter(unit_vectors(raws))
    for part in current:
        part.short = next(units)
    for part in alike:
        part.long = next(units)


def directions(parts: Sequence[AccountView]) -> tuple[bytes, bytes]:
    """(short, long) of one platform's accounts."""
    short, long = (parts[0].short, parts[0].long) if len(parts) == 1 else (None, None)
    if short is None:
        short = unit_vector([(part.account.short, part.short_decay) for part in parts])
    if long is None:
        long = unit_vector([summed for part in parts for summed in part.long_sums()])
    return short, long


def recents_of(accounts: Iterable[AccountState]) -> list[tuple[str, Recent]]:
    """Latest first, without what a later event took back and without the taking back."""
    listed = [(account.platform, recent) for account in accounts for recent in account.recent]
    reversed_ids = {recent.reverses for _, recent in listed if recent.reverses is not None}
    if reversed_ids:
        listed = [
            (platform, recent)
            for platform, recent in listed
            if recent.event_id not in reversed_ids and recent.reverses is None
        ]
    listed.sort(key=_latest_first)
    return listed


def _latest_first(entry: tuple[str, Recent]) -> tuple[float, bytes]:
    return -entry[1].at_s, entry[1].event_id
