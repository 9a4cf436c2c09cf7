"""/docs without another host: the operations of the API as one plain page, and the way to its full description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "code{font-size:.95em}h2{font-size:1.05rem;margin:1.6rem 0 .2rem}td,th{text-align:left;padding:.1rem 1rem .1rem 0;"
    "vertical-align:top}"
)
_HEADERS: Final = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}


def docs_routes(app: FastAPI) -> APIRouter:
    """The page at /docs."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    def docs() -> HTMLResponse:
        return HTMLResponse(page_of(app.openapi()), headers=_HEADERS)

    return router


def page_of(description: Mapping[str, Any]) -> str:
    """The page of an OpenAPI description."""
    title = escape(description["info"]["title"])
    body = "".join(_sections(description))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
        f"<h1>{title}</h1><p>{escape(description['info'].get('description', ''))}</p>"
        "<p>Machine-readable: <a href=/openapi.json>/openapi.json</a></p>"
        f"{body}</html>"
    )


def _sections(description: Mapping[str, Any]) -> Iterator[str]:
    schemas = description.get("components", {}).get("schemas", {})
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            yield f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation.get('summary', ''))}</p>"
            rows = [*operation.get("parameters", []), *_body_fields(operation, schemas)]
            if rows:
                yield f"<table>{''.join(map(_row, rows))}</table>"


def _body_fields(operation: Mapping[str, Any], schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    fields = schemas.get(name, {}).get("properties", {})
    return [{"name": field, "in": "body", "schema": schema} for field, schema in fields.items()]


def _row(parameter: Mapping[str, Any]) -> str:
    schema = parameter.get("schema", {})
    bounds = [
        f"{name} {schema[name]}" for name in ("default", "minimum", "maximum", "maxLength", "pattern") if name in schema
    ]
    words = "; ".join([parameter.get("description", ""), *bounds]).strip("; ")
    return f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter['in'])}<td>{escape(words)}"
