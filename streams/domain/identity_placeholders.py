"""Values that stand for "none": whoever links by them makes one person of thousands, so they link nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from streams.domain.identity_keys import HASHED_KINDS, Kind, normal_form, sha256_of

#: What programs write for nothing, in the place of any id.
NOTHING: Final = frozenset({
    "unknown", "undefined", "null", "(null)", "nil", "none", "void", "nan", "n/a", "n.a.", "na", "missing", "empty",
    "not available", "not set", "(not set)", "not provided", "[object object]", "未知", "无", "空",
})  # fmt: skip
#: What people write who say nothing. An account may well be called `guest`, so these are for identifiers alone.
NOBODY: Final = frozenset({
    "anonymous", "anon", "guest", "visitor", "user", "test", "tester", "testing", "demo", "dummy", "example",
    "sample", "default", "admin", "root", "system", "true", "false", "xxx", "xxxx", "匿名", "游客", "测试",
})  # fmt: skip
_NAMES: Final = (
    "test", "user", "none", "null", "no", "email", "example", "noreply", "no-reply", "unknown", "guest",
    "anonymous", "a", "abc", "asdf",
)  # fmt: skip
_HOSTS: Final = (
    "test.com", "example.com", "none.com", "null.com", "a.com", "abc.com", "email.com", "mail.com", "asdf.com",
)  # fmt: skip
EMAILS: Final = frozenset({"test@gmail.com", "test@qq.com", "123@qq.com"}).union(
    f"{name}@{host}" for name in _NAMES for host in _HOSTS
)
PHONES: Final = frozenset({
    "123456", "1234567", "12345678", "123456789", "1234567890", "0123456789", "12345678900",
})  # fmt: skip
#: Ids that whole series of devices share (an Android fault of 2010, test equipment), and made-up numbers.
DEVICES: Final = frozenset({
    "9774d56d682e549c", "004999010640000", "012345678912345", "123456789012345", "0123456789abcdef",
    "1234567890abcdef",
})  # fmt: skip
_OF_KIND: Final[dict[Kind, frozenset[str]]] = {
    "userid": NOBODY,
    "email": NOBODY | EMAILS,
    "phone": NOBODY | PHONES,
    "device": NOBODY | DEVICES,
}
_MAX_REPEATED: Final = 40
_HEX_GROUPS: Final = (8, 4, 4, 4, 12)


def is_placeholder(kind: Kind | None, value: str, more: frozenset[str] = frozenset()) -> bool:
    """Whether a value says nothing. kind None: the id of an account. more: further values, lower case.

    Zeros alone and punctuation alone are placeholders of every kind; one repeated character is for phones and devices.

    >>> [is_placeholder("phone", value) for value in ("+1 (111) 111-1111", "+44 20 7946 0958")]
    [True, False]
    >>> is_placeholder("device", "00000000-0000-0000-0000-000000000000"), is_placeholder(None, " NULL ")
    (True, True)
    """
    normal = (value.strip() if kind is None else normal_form(kind, value)).casefold()
    if normal in NOTHING or normal in more or (kind is not None and normal in _OF_KIND[kind]):
        return True
    characters = {c for c in normal if c.isalnum()}
    return characters <= {"0"} or (kind in ("phone", "device") and len(characters) == 1)


def placeholder_digests(kind: Kind, more: frozenset[str] = frozenset()) -> frozenset[str]:
    """SHA-256 of the placeholders of a kind, 64 hex digits each: a platform that hashes hides them. About 1 ms.

    >>> sha256_of("test@test.com") in placeholder_digests("email")
    True
    """
    if kind not in HASHED_KINDS:
        return frozenset()
    return frozenset(sha256_of(normal_form(kind, value)) for value in _spelled_out(kind, more))


def _spelled_out(kind: Kind, more: frozenset[str]) -> Iterator[str]:
    yield from ("", *NOTHING, *more, *_OF_KIND[kind])
    for character in {"email": "0", "phone": "0123456789"}.get(kind, "0123456789abcdefx"):
        yield from (character * n for n in range(1, _MAX_REPEATED))
        yield "-".join(character * n for n in _HEX_GROUPS)
