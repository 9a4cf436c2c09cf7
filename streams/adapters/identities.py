"""Account to user as the identity log last said, local: the topic `identities` in RocksDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog
from rocksdict import Cache

from streams.adapters.followed import Feeding, Followed
from streams.adapters.local_view import LocalView
from streams.adapters.topic_follower import Batch
from streams.domain.accounts import AccountKey, Home, UserKey, user_key
from streams.domain.identity_records import unpack_identity
from streams.telemetry import metrics

VIEW: Final = "identities"
BLOCK_CACHE_BYTES: Final = 32 << 20

_log = structlog.get_logger(__name__)


class LocalIdentities:
    """A sink of the topic and a reader for any number of threads.

    An account without a record is a user of its own. The view may be a moment old: whoever reads it must cope with an
    account that has just moved (domain.handover does).
    """

    def __init__(self, view: LocalView) -> None:
        self._view = view

    def homes_of(self, accounts: Sequence[AccountKey]) -> list[Home]:
        """The home of each account, in order; one look-up for all."""
        raws = self._view.get_many([account.encode() for account in accounts])
        return [
            Home(account, user_key(account)) if raw is None else _home(account, raw)
            for account, raw in zip(accounts, raws, strict=True)
        ]

    def user_of(self, account: AccountKey) -> UserKey:
        """The user of one account."""
        return self.homes_of([account])[0].user

    def next_offsets(self) -> Mapping[int, int]:
        """Where the topic's reading goes on."""
        return self._view.next_offsets()

    def apply(self, batch: Batch) -> None:
        """Keep the newest record of each account; what cannot be read is counted and leaves the account as it was."""
        newest: dict[bytes, bytes | None] = {}
        n_unreadable = 0
        for message in batch.messages:
            if _is_readable(message.value):
                newest[message.key] = message.value
            else:
                n_unreadable += 1
        if n_unreadable:
            metrics.UNREADABLE.labels(VIEW).inc(n_unreadable)
            _log.warning("unreadable_records", view=VIEW, n_records=n_unreadable)
        self._view.write(newest.items(), batch.next_offsets, batch.received_at_s)

    def clear(self) -> None:
        """Forget everything."""
        self._view.clear()

    def shred(self) -> int:
        """Remove what was forgotten from the disk as well."""
        return self._view.shred()

    def close(self) -> None:
        """Release the folder."""
        self._view.close()


class FollowedIdentities(LocalIdentities, Followed):
    """The identities of a worker: follows the topic by itself, on a thread, from where its folder stands."""

    def __init__(self, path: Path, config: Mapping[str, object], topic: str, feeding: Feeding) -> None:
        view = LocalView(path, Cache(BLOCK_CACHE_BYTES), feeding.clock.now_s(), feeding.max_away_s)
        LocalIdentities.__init__(self, view)
        Followed.__init__(self, self, config, topic, feeding)


def _home(account: AccountKey, raw: bytes) -> Home:
    record = unpack_identity(raw)
    return Home(AccountKey(record.account or account), record.user)


def _is_readable(raw: bytes | None) -> bool:
    if raw is None:
        return True
    try:
        unpack_identity(raw)
    except msgspec.DecodeError:
        return False
    return True
