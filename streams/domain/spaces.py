"""Vectors of two encoders never meet: what becomes of an account's sums when the encoder is another one than theirs.

Texts are not kept, so the sums cannot be made again from them. What can be told anew is the part of the latest events
whose items the catalogue has encoded with the new encoder; the sums begin again from that. Masses, tags and everything
else that is no vector stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.domain.decay import factor
from streams.domain.states import AccountState

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
    return bool(account.space) and account.space != space and bool(account.short or account.long)


def items_wanted(accounts: Iterable[AccountState]) -> set[str]:
    """Keys of the items whose vectors `begin_again` can use."""
    return {recent.item for account in accounts for recent in account.recent if recent.item}


def begin_again(
    account: AccountState, space: bytes, half_lives_s: tuple[float, float], items: Mapping[str, Vectors]
) -> None:
    """Make the sums anew, in place: Σ weight · 2^(age / half-life) · vector over the latest events.

    half_lives_s: (short, long). items: float32 (D,) by key, of the new space, as far as there are any.
    """
    account.space = space
    known = [recent for recent in account.recent if recent.item in items]
    if not known:
        account.short = account.long = b""
        return
    vectors = np.stack([items[recent.item] for recent in known])  # (N, D)
    sums = []
    for half_life_s in half_lives_s:
        decayed = [recent.weight * factor(account.reference_s - recent.at_s, half_life_s) for recent in known]
        sums.append((np.array(decayed, np.float32)[:, None] * vectors).sum(axis=0, dtype=np.float32).tobytes())
    account.short, account.long = sums
