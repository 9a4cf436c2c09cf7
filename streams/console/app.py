"""The console on top of the API: the same application, one more set of routes."""

from __future__ import annotations

from fastapi import FastAPI

from streams.console.assets import Assets, asset_routes
from streams.console.layout import install_refusals, layout_routes, login_routes
from streams.console.parts import ConsoleParts
from streams.console.rendering import Pages
from streams.console.sessions import Sessions
from streams.serve.api_keys import KeyRing


def add_console(app: FastAPI, parts: ConsoleParts) -> None:
    """Routes and refusals. The middleware that takes sessions for keys is the API's, see `sessions_of`."""
    assets = Assets()
    pages = Pages(assets, needs_keys=bool(parts.serve.keys))
    app.include_router(asset_routes(assets))
    app.include_router(layout_routes(parts.serve, pages, parts.live, list(parts.platforms)))
    if parts.serve.keys:
        app.include_router(login_routes(parts.serve, pages, sessions_of(parts)))
    install_refusals(app, pages)


def sessions_of(parts: ConsoleParts) -> Sessions:
    """What turns a browser's cookie into a key."""
    return Sessions(parts.serve.pseudonym_secret, KeyRing(parts.serve.keys))
