"""What the pages of platforms answer from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from streams.domain.platforms import Platform
from streams.service.check_event import EventChecker
from streams.service.sample_platform import PlatformSampler
from streams.service.trace_event import Tracer


class MappingInUse(msgspec.Struct, frozen=True):
    """A mapping file. file: its name. types: the platform's names to actions. actions: those that it declares."""

    file: str
    types: dict[str, str]
    actions: list[str]


@dataclass(frozen=True)
class PlatformParts:
    """sampler: how platforms are doing. checker: dry runs. tracer: finds events. mappings: files in use."""

    sampler: PlatformSampler
    checker: EventChecker
    tracer: Tracer
    mappings: Mapping[Platform, MappingInUse]
