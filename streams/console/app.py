"""The console on top of the API: the same application, one more set of routes."""

from __future__ import annotations

from fastapi import FastAPI

from streams.console.assets import Assets, asset_routes
from streams.console.docs_pages import docs_routes
from streams.console.event_pages import event_routes
from streams.console.layout import layout_routes, login_routes
from streams.console.letters_pages import letters_routes
from streams.console.map_pages import map_routes
from streams.console.operations_pages import operations_routes
from streams.console.operations_people_pages import people_routes
from streams.console.parts import ConsoleParts
from streams.console.person_pages import person_routes
from streams.console.platform_pages import platform_routes
from streams.console.refusals import install_refusals
from streams.console.rendering import Pages
from streams.console.sessions import Sessions
from streams.serve.api_keys import KeyRing
from streams.serve.parts import ServeParts


def add_console(app: FastAPI, parts: ConsoleParts) -> None:
    """Routes and refusals. The middleware that takes sessions for keys is the API's, see `sessions_of`."""
    assets = Assets()
    pages = Pages(assets, needs_keys=bool(parts.serve.keys))
    app.include_router(asset_routes(assets))
    app.include_router(layout_routes(parts.serve, pages, parts.live, list(parts.platforms)))
    app.include_router(docs_routes(app, pages))
    if parts.item_map is not None:
        app.include_router(map_routes(parts, parts.item_map, pages))
    if parts.people is not None:
        app.include_router(person_routes(parts, parts.people, pages))
    if parts.operations is not None:
        app.include_router(operations_routes(parts, parts.operations, pages))
        app.include_router(letters_routes(parts, parts.operations, pages))
        app.include_router(people_routes(parts, parts.operations, pages))
    if parts.platform_desk is not None:
        app.include_router(platform_routes(parts, parts.platform_desk, pages))
        app.include_router(event_routes(parts, parts.platform_desk, pages))
    if parts.serve.keys:
        app.include_router(login_routes(parts.serve, pages, sessions_of(parts)))
    install_refusals(app, pages)


def add_docs(app: FastAPI, parts: ServeParts) -> None:
    """The description of the API at /docs alone, where no console is wanted."""
    assets = Assets()
    pages = Pages(assets, needs_keys=bool(parts.keys), has_console=False)
    app.include_router(asset_routes(assets))
    app.include_router(docs_routes(app, pages))


def sessions_of(parts: ConsoleParts) -> Sessions:
    """What turns a browser's cookie into a key."""
    return Sessions(parts.serve.pseudonym_secret, KeyRing(parts.serve.keys))
