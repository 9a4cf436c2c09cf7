"""Scripts and styles of the console, from the package: compressed once, named by their content, kept for ever."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

STATIC: Final = Path(__file__).parent / "static"
FINGERPRINT_DIGITS: Final = 16
FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """A file as it is sent."""

    media_type: str
    content: bytes
    zipped: bytes


class Assets:
    """All files below `folder`, in memory. name: path below the folder, without the version of a package."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._files: dict[str, Asset] = {}
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.name.startswith("LICENSE"):
                self._files[_name_of(file.relative_to(folder))] = _asset(file)
        digest = sha256()
        for name, asset in self._files.items():
            digest.update(name.encode() + sha256(asset.content).digest())
        self.fingerprint = digest.hexdigest()[:FINGERPRINT_DIGITS]

    @property
    def is_whole(self) -> bool:
        """Whether the packages of npm are there (`python -m streams.console.vendoring`)."""
        return "htmx.org/htmx.min.js" in self._files

    @property
    def files(self) -> Mapping[str, Asset]:
        """By name."""
        return self._files

    def url_of(self, name: str) -> str:
        """Raises KeyError for a file that is not there."""
        if name not in self._files:
            raise KeyError(f"{name}: no such asset; `python -m streams.console.vendoring` fetches those of npm")
        return f"/assets/{self.fingerprint}/{name}"


def asset_routes(assets: Assets) -> APIRouter:
    """`/assets/<fingerprint>/<name>`; another fingerprint is answered with the file of now, which is not kept."""
    router = APIRouter(include_in_schema=False)

    @router.get("/assets/{fingerprint}/{name:path}")
    def asset(request: Request, fingerprint: str, name: str) -> Response:
        found = assets.files.get(name)
        if found is None:
            return PlainTextResponse("no such file", 404)
        is_zipped = "gzip" in request.headers.get("accept-encoding", "")
        headers = {
            "Cache-Control": FOR_EVER if fingerprint == assets.fingerprint else "no-store",
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if is_zipped:
            headers["Content-Encoding"] = "gzip"
        return Response(found.zipped if is_zipped else found.content, media_type=found.media_type, headers=headers)

    return router


def _asset(file: Path) -> Asset:
    content = file.read_bytes()
    media_type = guess_type(file.name)[0] or "application/octet-stream"
    return Asset(media_type, content, gzip.compress(content, 9, mtime=0))


def _name_of(path: Path) -> str:
    """`vendor/htmx.org-4.0.1/htmx.min.js` -> `htmx.org/htmx.min.js`."""
    parts = path.parts
    if parts[0] == "vendor":
        return "/".join([parts[1].rpartition("-")[0], *parts[2:]])
    return path.as_posix()
