"""The HTTP API as one application. Handlers are plain functions: they run in threads, never on the event loop."""

from __future__ import annotations

from typing import Final

from fastapi import Depends, FastAPI

from streams.serve import problems
from streams.serve.access import requires
from streams.serve.api_keys import KeyRing
from streams.serve.audit import AuditTrail
from streams.serve.history_routes import history_routes
from streams.serve.item_routes import item_routes
from streams.serve.middleware import BodyLimit, Callers, KeyOfSession, RequestMetrics
from streams.serve.operator_routes import operator_routes
from streams.serve.parts import ServeParts
from streams.serve.person_routes import account_routes, profile_routes
from streams.serve.privacy_routes import privacy_routes
from streams.serve.relation_routes import relation_routes
from streams.serve.schema_routes import schema_routes
from streams.serve.similar_routes import similar_routes
from streams.serve.subjects import names_its_subject

TITLE: Final = "Braid"
DESCRIPTION: Final = "One live profile per person, woven from what the person does on every platform."


def create_api(parts: ServeParts, sessions: KeyOfSession | None = None) -> FastAPI:
    """The application over the given parts. Nothing is started here. sessions: see `middleware.Callers`."""
    # The stock pages of /docs and /redoc load scripts from another host: `streams.console` has its own.
    app = FastAPI(title=TITLE, description=DESCRIPTION, version="1", docs_url=None, redoc_url=None)
    # A redirect would be made of the Host header as it came, before anybody looked at it.
    app.router.redirect_slashes = False
    reading = [Depends(requires("read", parts.keys))]
    about_a_person = [*reading, Depends(names_its_subject(parts))]
    for router in (profile_routes(parts), account_routes(parts), history_routes(parts), relation_routes(parts)):
        app.include_router(router, dependencies=about_a_person)
    for router in (privacy_routes(parts), similar_routes(parts)):
        app.include_router(router, dependencies=[Depends(names_its_subject(parts))])
    app.include_router(item_routes(parts), dependencies=reading)
    app.include_router(schema_routes(), dependencies=reading)
    app.include_router(operator_routes(parts))
    problems.install(app)
    # The last one added is asked first.
    app.add_middleware(BodyLimit)
    app.add_middleware(AuditTrail, auditor=parts.auditor)
    app.add_middleware(Callers, ring=KeyRing(parts.keys), limits=parts.limits, clock=parts.clock, sessions=sessions)
    app.add_middleware(RequestMetrics)
    return app
