"""Accounts and identifiers without their owners' names: what the identity log links, each as a short keyed hash.

Everything that can be linked is a node. Its key has 17 bytes: a letter for the kind, then 16 of a keyed hash.
"""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Final, Literal, NewType, get_args

from streams.domain.accounts import AccountKey

Kind = Literal["userid", "email", "phone", "device"]
IdentifierKey = NewType("IdentifierKey", str)
NodeKey = NewType("NodeKey", bytes)

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
#: Kinds that a platform may send as SHA-256 of the normal form; raw values are hashed the same way, so both meet.
HASHED_KINDS: Final[tuple[Kind, ...]] = ("email", "phone", "device")
KEY_BYTES: Final = 16
ACCOUNT_LETTER: Final = b"a"
_LETTERS: Final[dict[Kind, bytes]] = {"userid": b"u", "email": b"e", "phone": b"p", "device": b"d"}
_KIND_OF: Final[dict[int, Kind]] = {letter[0]: kind for kind, letter in _LETTERS.items()}
NODE_LETTERS: Final = frozenset(ACCOUNT_LETTER + b"".join(_LETTERS.values()))


def normal_form(kind: Kind, value: str) -> str:
    """The one spelling of an identifier: e-mails and devices lower-cased and trimmed, phones digits only.

    Ids of users are trimmed and nothing else: their case may tell two people apart.

    >>> normal_form("email", " Ann@Mail.Example "), normal_form("phone", "+86 (138) 0013-8000")
    ('ann@mail.example', '8613800138000')
    """
    if kind == "phone":
        return "".join(c for c in unicodedata.normalize("NFKC", value) if c in "0123456789")
    return value.strip() if kind == "userid" else value.strip().lower()


def sha256_of(normal: str) -> str:
    """What a platform sends in place of an e-mail, phone or device: SHA-256 of the normal form, 64 hex digits."""
    return hashlib.sha256(normal.encode("utf-8", "surrogatepass")).hexdigest()


def identifier_key(secret: bytes, kind: Kind, value: str) -> IdentifierKey:
    """Keyed BLAKE2b-128 of (kind, normal form) as 32 hex digits, 2 µs. secret: 16 to 64 bytes.

    >>> secret = b"0" * 16
    >>> identifier_key(secret, "email", "Ann@mail.example") == identifier_key(secret, "email", "ann@MAIL.example ")
    True
    >>> identifier_key(secret, "email", "1") == identifier_key(secret, "device", "1")
    False
    """
    normal = normal_form(kind, value)
    return hashed_identifier_key(secret, kind, sha256_of(normal) if kind in HASHED_KINDS else normal)


def hashed_identifier_key(secret: bytes, kind: Kind, sha256_hex: str) -> IdentifierKey:
    """The same key from what the platform hashed already.

    >>> digest = sha256_of("ann@mail.example").upper()
    >>> hashed_identifier_key(b"0" * 16, "email", digest) == identifier_key(b"0" * 16, "email", "ann@mail.example")
    True
    """
    body = sha256_hex.lower() if kind in HASHED_KINDS else sha256_hex
    digest = hashlib.blake2b(
        _LETTERS[kind] + body.encode("utf-8", "surrogatepass"),
        key=secret,
        digest_size=KEY_BYTES,
        person=b"braid-identifier",
    )
    return IdentifierKey(digest.hexdigest())


def account_node(account: AccountKey) -> NodeKey:
    """The node of an account."""
    return NodeKey(ACCOUNT_LETTER + bytes.fromhex(account))


def identifier_node(kind: Kind, key: IdentifierKey) -> NodeKey:
    """The node of an identifier."""
    return NodeKey(_LETTERS[kind] + bytes.fromhex(key))


def is_account(node: NodeKey) -> bool:
    """Whether a node is an account."""
    return node[:1] == ACCOUNT_LETTER


def kind_of(node: NodeKey) -> Kind | None:
    """The kind of an identifier, None for an account."""
    return _KIND_OF.get(node[0])
