"""Whether answers are current, and the same from every replica."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group, grew

#: The default of BRAID_INDEX__MAX_DELTA_ROWS, at which a rebuild begins: more than twice as many are too late.
MAX_DELTA_ROWS: Final = 4_000
#: A worker exports what has no labels too, as 0.
_INDEX_ITEMS: Final = 'braid_index_items{job="braid-serve"}'

SERVING: Final = Group(
    "braid-serving",
    (
        Alert(
            name="BraidServeBehind",
            expression=(
                "histogram_quantile(0.99, sum by (instance, view, le) "
                "(rate(braid_refresh_delay_seconds_bucket[5m]))) > 5"
            ),
            lasting="10m",
            severity="warning",
            summary="A serve answers from old records.",
            description=(
                "On {{ $labels.instance }} one record in a hundred of {{ $labels.view }} is served "
                "{{ $value | humanizeDuration }} after it was written, or later."
            ),
        ),
        Alert(
            name="BraidIndexesDiffer",
            expression=f"max({_INDEX_ITEMS}) - min({_INDEX_ITEMS}) > 0.01 * max({_INDEX_ITEMS})",
            lasting="15m",
            severity="warning",
            summary="Replicas of serve have different items.",
            description="{{ $value }} items are in the index of one serve and not in that of another.",
        ),
        Alert(
            name="BraidIndexRebuildsBehind",
            expression=(
                # An index without a graph scans all of its rows, and means to.
                f"min_over_time(braid_index_delta_rows[5m]) > {2 * MAX_DELTA_ROWS} "
                "and braid_index_delta_rows < braid_index_items"
            ),
            lasting="25m",
            severity="warning",
            summary="Rebuilds of the index do not keep up.",
            description=(
                "On {{ $labels.instance }} {{ $value }} new items are scanned one by one, for 30 minutes: requests "
                "get slow."
            ),
        ),
        Alert(
            name="BraidSnapshotsFail",
            expression=grew('braid_snapshots_total{outcome="failed"}', "1h", "instance"),
            lasting="0m",
            severity="warning",
            summary="Snapshots of the index cannot be written.",
            description=(
                "{{ $value | humanize }} failed on {{ $labels.instance }} in the last hour: the next start reads more "
                "topics."
            ),
        ),
        Alert(
            name="BraidSnapshotDamaged",
            expression="braid_snapshots_refused_total > 0",
            lasting="0m",
            severity="warning",
            summary="A start found a damaged snapshot of the index.",
            description="{{ $labels.instance }} refused {{ $value }} snapshots at its start.",
        ),
        Alert(
            name="BraidRankingModelRefused",
            expression=grew('braid_model_switches_total{outcome="refused"}', "15m", "instance"),
            lasting="0m",
            severity="warning",
            summary="A ranking model that was chosen cannot be used.",
            description="{{ $labels.instance }} goes on with the model before.",
        ),
        Alert(
            name="BraidRankingModelsDiffer",
            expression="count(count by (model) (braid_ranking_model_info == 1)) > 1",
            lasting="30m",
            severity="warning",
            summary="Replicas of serve rank with different models.",
            description="{{ $value }} ranking models answer beside each other.",
        ),
        Alert(
            name="BraidConsoleFull",
            expression="braid_console_viewers >= 500",
            lasting="5m",
            severity="info",
            summary="The console takes no more viewers.",
            description="{{ $value }} pages of the console of {{ $labels.instance }} are open.",
        ),
    ),
)
