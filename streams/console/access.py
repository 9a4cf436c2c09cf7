"""Who may see a page: the roles of the API, with a way to log in for who comes with a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import Request

from streams.serve.access import requires
from streams.serve.api_keys import KeyGrant, Role
from streams.serve.problems import Problem


class PageProblem(Problem):
    """A refusal that a browser is shown as a page, and everybody else as the API's own refusal."""


def page_requires(role: Role, keys: Mapping[str, Role | KeyGrant]) -> Callable[[Request], None]:
    """A dependency that lets a request see a page or raises PageProblem."""
    check = requires(role, keys)

    def see(request: Request) -> None:
        try:
            check(request)
        except Problem as problem:
            raise PageProblem(problem.status, problem.code, str(problem), problem.remedy) from problem

    return see
