"""Who may ask: bearer keys with roles, and without keys only this machine."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

from fastapi import Request

from streams.errors import UsageError
from streams.serve.parts import Role
from streams.serve.problems import Problem

_LOCAL_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


def check_exposure(host: str, keys: Mapping[str, Role]) -> None:
    """Refuse to be reachable from elsewhere without keys. Raises UsageError."""
    if any(not key.strip() for key in keys):
        raise UsageError("BRAID_API__KEYS: an empty key would let anybody in; use long random keys")
    if not keys and not _is_loopback(host):
        raise UsageError(
            f"BRAID_API__HOST={host} would let anybody on the network read profiles: set BRAID_API__KEYS "
            '(for example BRAID_API__KEYS=\'{"<a long random key>": "read"}\'), or BRAID_API__HOST=127.0.0.1'
        )


def requires(role: Role, keys: Mapping[str, Role]) -> Callable[[Request], None]:
    """A dependency that lets a request pass or raises Problem. admin includes read.

    Without keys the request must name this machine: a page in somebody's browser that reaches loopback by another name
    (DNS rebinding) does not.
    """
    known = [(_digest(key), granted) for key, granted in keys.items()]

    def check(request: Request) -> None:
        if not known:
            if not _names_this_machine(request):
                raise Problem(
                    403,
                    "not_local",
                    "without keys only requests to this machine by its own name are answered",
                    "use http://127.0.0.1, or set BRAID_API__KEYS",
                )
            return
        granted = _granted(request.headers.get("authorization", ""), known)
        if granted is None:
            raise Problem(
                401, "unauthorised", "no valid API key was sent", "send Authorization: Bearer <key of BRAID_API__KEYS>"
            )
        if role == "admin" and granted != "admin":
            raise Problem(403, "forbidden", "this key may only read", "use a key with the role admin")

    return check


def _names_this_machine(request: Request) -> bool:
    """By the header as it came: the framework takes one that it cannot parse for the address it listens on."""
    sent = request.headers.getlist("host")
    return len(sent) == 1 and _LOCAL_HOST.fullmatch(sent[0]) is not None


def _granted(header: str, known: list[tuple[bytes, Role]]) -> Role | None:
    scheme, _, sent = header.partition(" ")
    digest = _digest(sent.strip())
    granted: Role | None = None
    # Every key is compared, in constant time each: how long it takes tells nothing about any of them.
    for key_digest, role in known:
        if hmac.compare_digest(digest, key_digest):
            granted = role
    return granted if scheme.lower() == "bearer" else None


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
