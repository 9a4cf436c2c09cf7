"""What settings come in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Group(BaseModel):
    """Settings of one subject; their names begin with its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")
