"""Who may ask: bearer keys with roles and platforms, and without keys only this machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from fastapi import Request

from streams.errors import UsageError
from streams.serve.api_keys import ANONYMOUS, LOCAL, ApiKey, KeyGrant, KeyRing, Role
from streams.serve.problems import Problem

_LOCAL_HOST: Final = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:[0-9]{1,5})?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Caller:
    """Who sent a request. name: of the key, `local` where no keys are set, `anonymous` for everybody else.

    key: None unless it is known and valid now.
    """

    name: str
    key: ApiKey | None = None
    is_expired: bool = False


NOBODY: Final = Caller(ANONYMOUS)
_THIS_MACHINE: Final = Caller(LOCAL)


def check_exposure(host: str, keys: Mapping[str, Role | KeyGrant]) -> None:
    """Refuse to be reachable from elsewhere without keys, and keys that could be guessed. Raises UsageError."""
    ring = KeyRing(keys)
    if not len(ring) and not is_loopback(host):
        raise UsageError(
            f"BRAID_API__HOST={host} would let anybody on the network read profiles: set BRAID_API__KEYS "
            "(`braid keys new --role read` prints a key and the line), or BRAID_API__HOST=127.0.0.1"
        )


def caller_of(authorization: str, ring: KeyRing, now_s: float) -> Caller:
    """Who a request's Authorization header says it comes from."""
    if not len(ring):
        return _THIS_MACHINE
    scheme, _, sent = authorization.partition(" ")
    key = ring.find(sent.strip())
    if key is None or scheme.lower() != "bearer":
        return NOBODY
    if key.is_expired(now_s):
        return Caller(ANONYMOUS, is_expired=True)
    return Caller(key.name, key)


def asking(request: Request) -> Caller:
    """Who sent a request, as `middleware.Callers` said."""
    caller: Caller = getattr(request.state, "caller", NOBODY)
    return caller


def requires(role: Role, keys: Mapping[str, Role | KeyGrant]) -> Callable[[Request], None]:
    """A dependency that lets a request pass or raises Problem. `middleware.Callers` has said who asks.

    Without keys the request must name this machine: a page in somebody's browser that reaches loopback by another name
    (DNS rebinding) does not.
    """

    def check(request: Request) -> None:
        if not keys:
            require_this_machine(request)
            return
        caller = asking(request)
        if caller.is_expired:
            raise Problem(401, "expired_key", "this API key has expired", "ask for a new one: `braid keys new`")
        if caller.key is None:
            raise Problem(
                401, "unauthorised", "no valid API key was sent", "send Authorization: Bearer <key of BRAID_API__KEYS>"
            )
        if not caller.key.may(role):
            raise Problem(
                403,
                "forbidden",
                f"this key has the role {caller.key.grant.role}, which may not do this",
                f"use a key with the role {role} or admin",
            )

    return check


def require_platform(caller: Caller, platform: str) -> None:
    """Raises Problem 403 when a key is for other platforms only."""
    if caller.key is not None and not caller.key.may_ask_about(platform):
        raise out_of_scope()


def out_of_scope() -> Problem:
    """The refusal of a person whom a key may not ask about; the same whether there is such a person or not."""
    return Problem(
        403,
        "out_of_scope",
        "this key may not ask about people of this platform",
        "use a key whose platforms in BRAID_API__KEYS include it",
    )


def require_this_machine(request: Request) -> None:
    """Raises Problem 403 unless the request names this machine.

    By the header as it came: the framework takes one that it cannot parse for the address it listens on.
    """
    sent = request.headers.getlist("host")
    if len(sent) != 1 or _LOCAL_HOST.fullmatch(sent[0]) is None:
        raise Problem(
            403,
            "not_local",
            "without keys only requests to this machine by its own name are answered",
            "use http://127.0.0.1, or set keys",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
