"""After the encoder was exchanged: profiles wait until the catalogue is encoded anew, as long as that goes on.

States begin again from the vectors of their latest items: of what the catalogue has not encoded by then, nothing is
left.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from time import monotonic, sleep
from typing import Final

import structlog

POLL_S: Final = 1.0
#: Without any item encoded for so long the catalogue stage is held to be down, or on another encoder.
STANDSTILL_S: Final = 120.0

_log = structlog.get_logger(__name__)


class CatalogueEncoded:
    """n_left: counts the items whose vectors are of another encoder. Any number of threads may wait."""

    def __init__(
        self,
        n_left: Callable[[], int],
        wait: Callable[[float], object] = sleep,
        now_s: Callable[[], float] = monotonic,
    ) -> None:
        self._n_left = n_left
        self._wait = wait
        self._now_s = now_s
        self._lock = Lock()
        self._is_over = False

    def wait(self) -> None:
        """Return when nothing is left, or nothing moves any more; at once ever after."""
        if self._is_over:
            return
        with self._lock:
            if not self._is_over:
                self._watch()
                self._is_over = True

    def _watch(self) -> None:
        fewest, moved_s = self._n_left(), self._now_s()
        if fewest:
            _log.warning("items_to_encode_anew", n_items=fewest)
        while fewest:
            self._wait(POLL_S)
            left = self._n_left()
            if left < fewest:
                fewest, moved_s = left, self._now_s()
            elif self._now_s() - moved_s >= STANDSTILL_S:
                _log.error("items_not_encoded_anew", n_items=left, remedy="run the catalogue stage with this encoder")
                return
