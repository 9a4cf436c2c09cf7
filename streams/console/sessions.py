"""A browser's session: a signed cookie that stands for an API key until the key, or the session, ends.

The cookie holds the name of the key, when it ends, and a mark that only who has both the pseudonym secret and the
digest of the key can make: never the key. So nothing is kept here, and a key that is taken out of the configuration
ends its sessions at once.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Final

from streams.serve.api_keys import ApiKey, KeyRing
from streams.serve.middleware import SESSION_COOKIE as COOKIE

__all__ = ["COOKIE", "LASTS_S", "Sessions"]

LASTS_S: Final = 12 * 3_600


class Sessions:
    """secret: of the pseudonyms, 16 to 64 bytes."""

    def __init__(self, secret: bytes, ring: KeyRing) -> None:
        self._secret = hmac.digest(secret, b"braid-console-sessions", sha256)
        self._ring = ring

    def begin(self, key: ApiKey, now_s: float) -> str:
        """The value of a cookie."""
        return self._signed(key, int(now_s) + LASTS_S)

    def key_of(self, cookie: str, now_s: float) -> ApiKey | None:
        """The key that a cookie stands for, None when it stands for none any more."""
        name, _, rest = cookie.partition(".")
        ends, _, _ = rest.partition(".")
        if not ends.isascii() or not ends.isdigit() or len(ends) > 12 or now_s >= int(ends):
            return None
        key = next((each for each in self._ring.keys if each.name == name), None)
        if key is None or key.is_expired(now_s):
            return None
        signed = self._signed(key, int(ends))
        return key if hmac.compare_digest(cookie.encode("utf-8", "replace"), signed.encode()) else None

    def _signed(self, key: ApiKey, ends_s: int) -> str:
        said = f"{key.name}.{ends_s}"
        return f"{said}.{hmac.new(self._secret, said.encode() + key.digest, sha256).hexdigest()}"
