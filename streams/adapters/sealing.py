"""AES-256-GCM over what dead letters keep: whoever reads the topic needs the key as well, and cannot swap letters.

A letter is sealed again the same way when it is written again: the nonce is a keyed hash of what is sealed and where it
stood, so equal nonces mean equal letters.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from streams.errors import CorruptState

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class Sealer:
    """key: 32 bytes. Raises ValueError for another length."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"key has {len(key)} bytes: use {KEY_BYTES}")
        self._cipher = AESGCM(blake2b(key, digest_size=KEY_BYTES, person=b"braid-seal").digest())
        self._nonce_key = blake2b(key, digest_size=KEY_BYTES, person=b"braid-nonce").digest()

    def seal(self, plain: bytes, place: bytes) -> bytes:
        """Nonce, ciphertext and tag. place: where it stood; needed to open it, and not kept here."""
        body = len(place).to_bytes(4, "big") + place + plain
        nonce = blake2b(body, key=self._nonce_key, digest_size=NONCE_BYTES).digest()
        return nonce + self._cipher.encrypt(nonce, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The opposite. Raises CorruptState for another key or place, and for bytes that are not what was sealed."""
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)
        except (InvalidTag, ValueError) as error:
            raise CorruptState(
                "dead letter: does not open with this key; set the BRAID_DEAD_LETTERS__KEY that it was sealed with"
            ) from error
