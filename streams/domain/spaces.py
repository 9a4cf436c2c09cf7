"""Vectors of two encoders never meet: what becomes of an account's sums when the encoder is another one than theirs.

Texts are not kept, so the sums cannot be made again from them. What can be told anew is the part of the latest events
whose items the catalogue has encoded with the new encoder; the sums begin again from that. Masses, tags and everything
else that is no vector stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import HalfLives, factor
from streams.domain.states import AccountState, Recent

Vectors = NDArray[np.float32]

SPACE_BYTES: Final = 8


def space_of(label: str) -> bytes:
    """The mark of an encoder's space in states. label: `<name>@<version>`.

    >>> space_of("minilm@1") == space_of("minilm@2"), len(space_of("minilm@1"))
    (False, 8)
    """
    return blake2b(label.encode(), digest_size=SPACE_BYTES).digest()


def is_foreign(account: AccountState, space: bytes) -> bool:
    """Whether the account's sums are of another space; states from before spaces were marked count as of this one."""
    return bool(account.space) and account.space != space and _has_sums(account)


def items_wanted(accounts: Iterable[AccountState]) -> set[str]:
    """Keys of the items whose vectors `begin_again` can use."""
    return {recent.item for account in accounts for recent in account.recent if recent.item}


def begin_again(
    account: AccountState, space: bytes, short_half_life_s: float, half_lives_s: HalfLives, items: Mapping[str, Vectors]
) -> None:
    """Make the sums anew, in place: Σ weight · 2^(age / half-life) · vector over the latest events.

    half_lives_s: of the long horizon. items: float32 (D,) by key, of the new space, as far as there are any.
    """
    account.space = space
    known = [recent for recent in account.recent if recent.item in items]
    faded: dict[float, list[Recent]] = {fading.half_life_s: [] for fading in account.fadings}
    alike: list[Recent] = []
    for recent in known:
        faded.get(half_lives_s[recent.type], alike).append(recent)
    reference_s = account.reference_s
    account.short = _sum(known, reference_s, short_half_life_s, items)
    account.long = _sum(alike, reference_s, half_lives_s.common_s, items)
    for fading in account.fadings:
        fading.long = _sum(faded[fading.half_life_s], reference_s, fading.half_life_s, items)


def _sum(recents: Sequence[Recent], reference_s: float, half_life_s: float, items: Mapping[str, Vectors]) -> bytes:
    """float32 (D,); empty for none."""
    if not recents:
        return b""
    vectors = np.stack([items[recent.item] for recent in recents])  # (N, D)
    decayed = [recent.weight * factor(reference_s - recent.at_s, half_life_s) for recent in recents]
    summed: Vectors = (np.array(decayed, np.float32)[:, None] * vectors).sum(axis=0, dtype=np.float32)
    return summed.tobytes()


def _has_sums(account: AccountState) -> bool:
    return bool(account.short or account.long) or any(fading.long for fading in account.fadings)
