"""Whom a call is about, held against the platforms of the caller's key as `serve.subjects` does for routes."""

from __future__ import annotations

from dataclasses import dataclass

from streams.serve.access import Caller, out_of_scope, require_platform
from streams.serve.lookups import person_of
from streams.serve.parts import ServeParts
from streams.serve.problems import Problem
from streams.serve.subjects import may_see
from streams.tools_server.arguments import OfPerson


@dataclass
class Subject:
    """profile_id: of the person, known or not; empty for nobody, and as long as the audit may not name them."""

    profile_id: str = ""


def find_subject(parts: ServeParts, caller: Caller, named: OfPerson, subject: Subject) -> None:
    """Fill the subject in. Raises Problem: 422 where the arguments name not one person, 403 out of the key's scope."""
    account = (named.account_platform, named.account)
    if named.profile_id is not None and account == (None, None):
        subject.profile_id = named.profile_id
        if not may_see(parts, caller, named.profile_id):
            raise out_of_scope()
    elif named.profile_id is None and account[0] is not None and account[1] is not None:
        require_platform(caller, account[0])
        subject.profile_id = person_of(parts, account[0], account[1])
    else:
        raise Problem(
            422, "invalid_request", "name one person, in one way", "send profile_id, or account_platform and account"
        )
