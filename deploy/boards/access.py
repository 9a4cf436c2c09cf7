"""Who asks, what people decided about their data, and what is deleted."""

from __future__ import annotations

from deploy.boards.board import board, panel, row
from deploy.boards.queries import rate, worst

ACCESS = board(
    "braid-access",
    "Braid: access and privacy",
    "Callers and the audit of what they did; consents, erasures and masked texts.",
    row(
        "Callers",
        panel("Calls by key and outcome", "ops", rate("braid_api_calls_total", "key", "outcome")),
        panel("Calls turned away", "ops", rate("braid_api_calls_total", "key", where='outcome=~"refused|limited"')),
        panel("Audit", "ops", rate("braid_audit_records_total", "outcome")),
    ),
    row(
        "People's decisions",
        panel("Decisions", "ops", rate("braid_decisions_total", "kind")),
        panel("Erased and expired", "ops", rate("braid_erasures_total", "cause")),
        panel("Events that are not allowed", "ops", rate("braid_events_refused_total", "stage")),
        panel("Dead letters of erased people deleted", "ops", rate("braid_dead_letters_erased_total")),
        panel("Deletions that wait", "s", worst("braid_oldest_unapplied_seconds", where='stage="letters"')),
        panel("Personal data masked", "ops", rate("braid_masked_total", "platform", "kind")),
    ),
)
