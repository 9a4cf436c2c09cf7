"""What becomes of people's profiles, and of the state behind them."""

from __future__ import annotations

from deploy.boards.board import board, panel, row
from deploy.boards.queries import quantile, rate, total, worst

PROFILES = board(
    "braid-profiles",
    "Braid: profiles and engine",
    "Profiles that change, accounts that change hands, and where the state lies.",
    row(
        "Profiles",
        panel("Events applied", "ops", rate("braid_events_applied_total")),
        panel("Profiles published", "ops", rate("braid_profiles_published_total")),
        panel("Items published", "ops", rate("braid_items_total", "outcome")),
    ),
    row(
        "Who is who",
        panel("Links and unlinks", "ops", rate("braid_identity_commands_total", "outcome")),
        panel("Links told by events", "ops", rate("braid_identity_hints_total")),
        panel("Accounts that changed users", "ops", rate("braid_account_moves_total", "kind")),
        panel("Events that followed an account", "ops", rate("braid_events_forwarded_total")),
        panel("Events that waited for an account", "ops", rate("braid_events_parked_total")),
    ),
    row(
        "State",
        panel("Size by partition", "bytes", total("braid_state_bytes", "stage", "partition")),
        panel("Keys by partition", "short", total("braid_state_users", "stage", "partition")),
        panel("Disk", "bytes", worst("braid_disk_free_bytes", "instance"), worst("braid_disk_bytes", "instance")),
        panel("Changelog: foreign records", "ops", rate("braid_changelog_gaps_total", "partition")),
        panel("Warm copies: offsets behind", "short", worst("braid_standby_lag_records", "partition")),
    ),
    row(
        "Who owns what",
        panel("Assignments", "ops", rate("braid_rebalances_total", "stage")),
        panel("Partitions owned", "short", total("braid_owned_partitions", "stage", "instance")),
        panel("From assignment to work", "s", quantile(0.9, "braid_acquire_seconds", "stage")),
        panel("Restored", "ops", rate("braid_restored_records_total", "partition")),
        panel("Left to restore", "short", worst("braid_restore_left_records", "partition")),
    ),
)
