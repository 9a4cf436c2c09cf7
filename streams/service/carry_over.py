"""When the encoder was exchanged: states whose sums are of the old one's space begin again in the new, when touched."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from streams.domain.decay import HalfLives
from streams.domain.moves import Arrival
from streams.domain.spaces import begin_again, is_foreign, items_wanted
from streams.domain.states import AccountState, UserState, pack_state, unpack_account
from streams.ports import ItemCatalogue


class CarryOver:
    """space: the mark of the present encoder, empty to leave everything as it is. half_lives_s: of the long horizon."""

    def __init__(self, items: ItemCatalogue, space: bytes, short_half_life_s: float, half_lives_s: HalfLives) -> None:
        self._items = items
        self._space = space
        self._short_half_life_s = short_half_life_s
        self._half_lives_s = half_lives_s

    def states(self, states: Iterable[UserState]) -> int:
        """Carry these over, in place; how many accounts it was."""
        if not self._space:
            return 0
        return self._begin_again(
            [
                account
                for state in states
                for account in state.accounts.values()
                if is_foreign(account, self._space)
            ]
        )

    def arrival(self, arrival: Arrival) -> Arrival:
        """The arrival with its account carried over. Raises msgspec.DecodeError for a state that does not decode."""
        if not (self._space and arrival.state):
            return arrival
        account = unpack_account(arrival.state)
        if not is_foreign(account, self._space):
            return arrival
        self._begin_again([account])
        return msgspec.structs.replace(arrival, state=pack_state(account))

    def _begin_again(self, accounts: Sequence[AccountState]) -> int:
        if accounts:
            keys = list(items_wanted(accounts))
            vectors, found = self._items.vectors_of(keys)
            known = {key: vectors[row] for row, key in enumerate(keys) if found[row]}
            for account in accounts:
                begin_again(account, self._space, self._short_half_life_s, self._half_lives_s, known)
        return len(accounts)
