"""Whom a call is about, held against the platforms of the caller's key as over HTTP."""

from __future__ import annotations

from streams.serve.access import Caller, out_of_scope, require_platform
from streams.serve.lookups import person_of
from streams.serve.parts import ServeParts
from streams.serve.problems import Problem
from streams.serve.subjects import may_see
from streams.tools_server.arguments import OfPerson


def profile_id_of(parts: ServeParts, named: OfPerson) -> str:
    """The id of the person that the arguments name, known or not. Raises Problem 422."""
    by_account = named.account_platform is not None or named.account is not None
    if named.profile_id is not None and not by_account:
        return named.profile_id
    if named.profile_id is None and named.account_platform is not None and named.account is not None:
        return person_of(parts, named.account_platform, named.account)
    raise Problem(
        422, "invalid_request", "name one person, in one way", "send profile_id, or account_platform and account"
    )


def require_scope(parts: ServeParts, caller: Caller, named: OfPerson, profile_id: str) -> None:
    """Raises Problem 403 for a person whom the caller's key may not ask about."""
    if named.account_platform is not None:
        require_platform(caller, named.account_platform)
    elif not may_see(parts, caller, profile_id):
        raise out_of_scope()
