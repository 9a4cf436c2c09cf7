"""What the canary says: an event of its own, from Kafka to an HTTP answer."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group

CANARY: Final = Group(
    "braid-canary",
    (
        Alert(
            name="BraidCanaryLost",
            expression="sum(rate(braid_canary_lost_total[10m])) / sum(rate(braid_canary_sent_total[10m])) > 0.1",
            lasting="2m",
            severity="critical",
            summary="Events of the canary do not come out again.",
            description=(
                "{{ $value | humanizePercentage }} of the canary's events were not in its profile over HTTP in time."
            ),
        ),
        Alert(
            name="BraidCanarySlow",
            expression="histogram_quantile(0.9, sum by (le) (rate(braid_canary_seconds_bucket[10m]))) > 5",
            lasting="10m",
            severity="warning",
            summary="Events of the canary come out late.",
            description=(
                "One in ten of the canary's events takes {{ $value | humanizeDuration }} or longer from Kafka to an "
                "HTTP answer."
            ),
        ),
        Alert(
            name="BraidCanarySilent",
            expression='rate(braid_canary_sent_total[10m]) == 0 or up{job="braid-canary"} == 0',
            lasting="5m",
            severity="warning",
            summary="The canary sends nothing.",
            description="{{ $labels.instance }} sends no events: that they would come out is not known.",
        ),
    ),
)
