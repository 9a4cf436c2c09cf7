"""The projection of the map in a file of serve's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import structlog

from streams.domain.projection import Projection

NAME: Final = "map-projection"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Projection).decode
_log = structlog.get_logger(__name__)


class ProjectionFile:
    """Replaced as a whole, so that a process that ends anywhere leaves the old one or the new one."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / NAME

    def read(self) -> Projection | None:
        """What was written last; None, and a word in the log, when it cannot be read."""
        try:
            return _decode(self._file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("map_projection_unreadable", file=str(self._file), why=str(error))
            return None

    def write(self, projection: Projection) -> None:
        """Keep it; a failure is told and not raised."""
        written = self._file.with_suffix(".new")
        try:
            written.write_bytes(_encode(projection))
            written.replace(self._file)
        except OSError as error:
            _log.warning("map_projection_not_kept", file=str(self._file), why=str(error))
