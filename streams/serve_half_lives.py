"""How what profiles tell has faded: as where they are made."""

from __future__ import annotations

import structlog

from streams.adapters.mapping_files import load_mappings
from streams.domain.actions import ActionTable
from streams.domain.decay import DAY_S, HalfLives
from streams.errors import UsageError
from streams.settings import Settings
from streams.wiring import actions_of

_log = structlog.get_logger(__name__)


def half_lives_of(settings: Settings) -> HalfLives:
    """Those of the contract's actions alone where a mapping file is faulty: serve folds nothing, so it starts."""
    profile = settings.profile
    try:
        actions = actions_of(settings, load_mappings(settings.ingest.mappings_dir))
    except UsageError as error:
        _log.warning("half_lives_of_mapped_actions_not_told", why=str(error))
        known = ActionTable()
        days = {name: own for name, own in profile.action_half_lives_days.items() if name in known}
        actions = known.with_half_lives(days)
    return HalfLives(profile.long_half_life_days * DAY_S, actions.half_life_s_of)
