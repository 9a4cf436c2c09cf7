"""What callers see: requests, how current the answers are, and what ranks them."""

from __future__ import annotations

from deploy.boards.board import board, panel, row
from deploy.boards.queries import as_it_is, quantile, rate, total, worst

#: Workers export what has no labels too, as 0.
_SERVE = 'job="braid-serve"'

SERVING = board(
    "braid-serving",
    "Braid: API and recommendations",
    "Requests and their answers, the local views and the index behind them, and the ranking.",
    row(
        "Promises",
        panel(
            "Requests that fail",
            "percentunit",
            as_it_is("braid:api_errors:ratio_rate1h", "last hour"),
            as_it_is("braid:api_errors:ratio_rate3d", "last 3 days"),
            description="Share of the HTTP requests that were answered with 5xx. The objective is 0.1 %.",
        ),
        panel(
            "Requests slower than 0.25 s",
            "percentunit",
            as_it_is("braid:api_slow:ratio_rate1h", "last hour"),
            as_it_is("braid:api_slow:ratio_rate3d", "last 3 days"),
            description="Share of the HTTP requests that took longer than 0.25 s. The objective is 1 %.",
        ),
        panel("Requests by status", "ops", rate("braid_request_seconds_count", "status")),
        panel("Requests by route", "ops", rate("braid_request_seconds_count", "route")),
        panel("Slowest of a hundred", "s", quantile(0.99, "braid_request_seconds", "route")),
        panel("Pages of the console", "short", worst("braid_console_viewers", "instance", where=_SERVE)),
    ),
    row(
        "How current",
        panel("From record to answer", "s", quantile(0.99, "braid_refresh_delay_seconds", "view")),
        panel("Records in the views", "short", worst("braid_view_records", "view", "instance")),
        panel("Not newer than known", "ops", rate("braid_stale_records_total", "view")),
        panel("Unreadable", "ops", rate("braid_unreadable_records_total", "view")),
    ),
    row(
        "Index",
        panel("Items", "short", worst("braid_index_items", "instance", where=_SERVE)),
        panel("Rows scanned one by one", "short", worst("braid_index_delta_rows", "instance", where=_SERVE)),
        panel("Rebuilds", "ops", rate("braid_index_rebuilds_total")),
        panel("Snapshots", "ops", rate("braid_snapshots_total", "outcome")),
        panel("Damaged snapshots", "ops", rate("braid_snapshots_refused_total", "instance")),
        panel("Items of another model", "ops", rate("braid_items_of_other_model_total")),
    ),
    row(
        "Ranking",
        panel("Models that answer", "short", total("braid_ranking_model_info", "model")),
        panel("Switches", "ops", rate("braid_model_switches_total", "outcome")),
        panel("Feedback", "ops", rate("braid_feedback_total", "kind")),
        panel("Weights learnt", "short", worst("braid_ranking_weight", "platform", "source")),
        panel("Hit rate, last evaluation", "percentunit", worst("braid_evaluation_hit_rate", "method", "platform")),
        panel(
            "Fairness of the last evaluation",
            "percentunit",
            worst("braid_evaluation_parity_difference", "grouping", "group"),
            worst("braid_evaluation_coverage_gap", "grouping", "group"),
        ),
    ),
)
