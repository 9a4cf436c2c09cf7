"""Who holds an account: one user at a time, however links, unlinks and events overtake each other.

A token per account. Without a word from anybody the user of the account's own key holds it (epoch 0). A `Move` makes
its holder pass it on, with everything the account brought; an `Arrival` brings it. Both may come early: a move waits
for its account, and so do events that were already sent to the new home. Events that come late follow the pointer that
the account left. So every event meets its account exactly once, wherever that is by then:

* Pointers lead along the token's own way, whose epochs only grow, and are removed where the token comes back to.
* What is passed on behind a token is written after it by the same producer to the same partition, so it arrives after.
* A `Move` that waits is of an epoch whose account is on its way, since the log sent both.

Repeated moves and arrivals change nothing: their epochs tell. An erased account goes back to its own key, empty, and
leaves no pointer; the ledger (domain.ledger) tells late events that it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from streams.domain.moves import SCRUB, Arrival, Move, pack_move, unpack_move
from streams.domain.states import (
    STATE_VERSION,
    Pointer,
    UserState,
    Waiting,
    pack_state,
    unpack_account,
    unpack_standing,
)


class Place(Enum):
    """Where an event of an account belongs."""

    HERE = "here"
    MOVED = "moved"
    AWAITED = "awaited"


@dataclass(slots=True)
class Passed:
    """What leaves a user. arrivals: by new home. events: (user, packed event) in their order.

    has_changed: whether accounts with a state came or went. n_parked: events that stayed to wait for their account.
    erased: accounts that ended here, with the time up to which they are forgotten.
    """

    arrivals: list[tuple[str, Arrival]] = field(default_factory=list)
    events: list[tuple[str, bytes]] = field(default_factory=list)
    has_changed: bool = False
    n_parked: int = 0
    erased: dict[str, float] = field(default_factory=dict)


def place_of(state: UserState, user: str, account: str) -> Place:
    """Where an event of `account` that came to `user` belongs."""
    if account in state.epochs or (account == user and account not in state.moved):
        return Place.HERE
    return Place.MOVED if account in state.moved else Place.AWAITED


def is_all_here(state: UserState, user: str, accounts: set[str]) -> bool:
    """Whether all accounts are here: the quick answer for users who were never linked."""
    if not state.epochs and not state.moved:
        return accounts == {user}
    return all(place_of(state, user, account) is Place.HERE for account in accounts)


def park(state: UserState, account: str, event: bytes, passed: Passed) -> None:
    """Keep a packed event until its account arrives."""
    state.waiting.setdefault(account, Waiting()).events.append(event)
    passed.n_parked += 1


def move(state: UserState, user: str, asked: Move, passed: Passed) -> None:
    """Pass an account on, or keep the order until the account is here."""
    if asked.from_epoch == SCRUB and asked.account not in state.waiting:
        state.moved.pop(asked.account, None)
        passed.erased[asked.account] = asked.at_s
        return
    epoch = _epoch_here(state, user, asked.account)
    if epoch == asked.from_epoch:
        _pass_on(state, asked, user, passed)
        return
    pointer = state.moved.get(asked.account)
    known = max(-1 if epoch is None else epoch, -1 if pointer is None else pointer.epoch)
    if asked.epoch > known:
        raw, waiting = pack_move(asked), state.waiting.setdefault(asked.account, Waiting())
        if raw not in waiting.moves:
            waiting.moves.append(raw)


def arrive(state: UserState, user: str, arrival: Arrival, passed: Passed) -> None:
    """Take an account in; what waited for it goes on."""
    account, pointer = arrival.account, state.moved.get(arrival.account)
    if arrival.epoch <= state.epochs.get(account, -1) or (pointer is not None and arrival.epoch < pointer.epoch):
        return
    state.moved.pop(account, None)
    if arrival.kind == "erase":
        passed.erased[account] = arrival.at_s
    else:
        state.epochs[account] = arrival.epoch
    if arrival.standing:
        state.standings[account] = unpack_standing(arrival.standing)
    if arrival.state:
        state.accounts[account] = unpack_account(arrival.state)
        passed.has_changed = True
    waiting = state.waiting.pop(account, None)
    if waiting is None:
        return
    # Not folded here: their vectors are not known yet. They come again behind what is being written now.
    passed.events.extend((user, event) for event in waiting.events)
    for asked in sorted(map(unpack_move, waiting.moves), key=_by_epoch):
        move(state, user, asked, passed)


def _by_epoch(asked: Move) -> int:
    return asked.epoch


def _epoch_here(state: UserState, user: str, account: str) -> int | None:
    epoch = state.epochs.get(account)
    if epoch is None and account == user and account not in state.moved:
        return 0
    return epoch


def _pass_on(state: UserState, asked: Move, user: str, passed: Passed) -> None:
    account = asked.account
    held, standing = state.accounts.pop(account, None), state.standings.pop(account, None)
    state.epochs.pop(account, None)
    passed.has_changed |= held is not None
    if asked.kind == "erase":
        passed.erased[account] = asked.at_s
        held = standing = None
    else:
        state.moved[account] = Pointer(asked.to_user, asked.epoch)
    if asked.to_user == user:  # erased at its own key: nothing to send
        return
    arrival = Arrival(
        account, asked.epoch, user, asked.kind, asked.at_s, asked.trigger,
        b"" if held is None else pack_state(held), b"" if standing is None else pack_state(standing), STATE_VERSION,
    )  # fmt: skip
    passed.arrivals.append((asked.to_user, arrival))
