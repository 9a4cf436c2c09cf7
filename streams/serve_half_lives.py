"""How what profiles tell has faded: as where they are made."""

from __future__ import annotations

import structlog

from streams.adapters.mapping_files import load_mappings
from streams.domain.decay import DAY_S, HalfLives
from streams.errors import UsageError
from streams.settings import Settings
from streams.wiring import actions_of

_log = structlog.get_logger(__name__)


def half_lives_of(settings: Settings) -> HalfLives:
    """The common ones alone where a mapping file is faulty: serve decides nothing by them, so it starts."""
    common_s = settings.profile.long_half_life_days * DAY_S
    try:
        actions = actions_of(settings, load_mappings(settings.ingest.mappings_dir))
    except UsageError as error:
        _log.warning("half_lives_of_actions_not_told", why=str(error))
        return HalfLives(common_s)
    return HalfLives(common_s, actions.half_life_s_of)
