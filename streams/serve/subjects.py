"""Whom a request is about: noted for the audit, and held against the platforms of the key."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from streams.serve.access import Caller, asking, out_of_scope, require_platform
from streams.serve.lookups import living, person_of
from streams.serve.parameters import MAX_ID_CHARS, PLATFORM_PATTERN
from streams.serve.parts import ServeParts

_PLATFORM: Final = re.compile(PLATFORM_PATTERN)
_LOOKUP: Final = "/lookup"


def names_its_subject(parts: ServeParts) -> Callable[[Request], Awaitable[None]]:
    """A dependency that leaves the profile id in `request.state.subject`. Raises Problem 403 out of a key's scope.

    A person is named by the path, by an account, or by the query's `person`.
    A key with platforms may ask about accounts of these, and about profiles that have one there. What cannot be a
    person's name is left to the parameters' own checks.
    """

    async def note(request: Request) -> None:
        caller = asking(request)
        account = await _account_of(request)
        if account is not None:
            require_platform(caller, account[0])
            # Local, but a disk may be slow: never on the event loop.
            request.state.subject = await run_in_threadpool(person_of, parts, *account)
            return
        profile_id = request.path_params.get("profile_id") or request.query_params.get("person")
        if isinstance(profile_id, str):
            request.state.subject = profile_id
            is_bound = caller.key is not None and bool(caller.key.grant.platforms)
            if is_bound and not await run_in_threadpool(may_see, parts, caller, profile_id):
                raise out_of_scope()

    return note


async def _account_of(request: Request) -> tuple[str, str] | None:
    named: Any = request.path_params
    platform, account = named.get("account_platform"), named.get("account")
    if request.url.path.endswith(_LOOKUP) and request.method == "POST":
        try:
            named = await request.json()
        except ValueError:
            return None
        if not isinstance(named, dict):
            return None
        platform, account = named.get("platform"), named.get("account")
    if not isinstance(platform, str) or not isinstance(account, str):
        return None
    if not _PLATFORM.fullmatch(platform) or not 0 < len(account) <= MAX_ID_CHARS:
        return None
    return platform, account


def may_see(parts: ServeParts, caller: Caller, profile_id: str) -> bool:
    """Whether a person is within the scope of the caller's key. Reads the local profiles.

    Who is not known is out of the scope of a key with platforms: the answer must not tell who is.
    """
    if caller.key is None or not caller.key.grant.platforms:
        return True
    profile = living(parts.profiles, profile_id)
    return profile is not None and any(caller.key.may_ask_about(platform) for platform in profile.platforms)
