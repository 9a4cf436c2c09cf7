"""Whether texts become vectors."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group, grew

ENCODER: Final = Group(
    "braid-encoder",
    (
        Alert(
            name="BraidEncoderStalled",
            expression="max by (instance, stage) (braid_encoder_waiting_seconds) > 60",
            lasting="1m",
            severity="critical",
            summary="The encoder does not answer; its stages take nothing in.",
            description=(
                "On {{ $labels.instance }} the stage {{ $labels.stage }} has waited {{ $value | humanizeDuration }} "
                "for vectors."
            ),
        ),
        Alert(
            name="BraidEncoderFails",
            expression="sum by (stage, reason) (rate(braid_encoder_failures_total[5m])) > 0",
            lasting="10m",
            severity="warning",
            summary="Calls of the encoder fail and are tried again.",
            description=(
                "{{ $value | humanize }} calls a second of the stage {{ $labels.stage }} fail: {{ $labels.reason }}."
            ),
        ),
        Alert(
            name="BraidTextsUnencodable",
            expression=grew("braid_unencodable_texts_total", "1h", "stage"),
            lasting="0m",
            severity="warning",
            summary="Texts count as empty, because the encoder fails on them alone.",
            description="{{ $value | humanize }} texts of the stage {{ $labels.stage }} in the last hour.",
        ),
        Alert(
            name="BraidVectorsOfOtherModel",
            expression="rate(braid_items_of_other_model_total[15m]) > 0",
            lasting="1h",
            severity="warning",
            summary="Items stay out of the index: their vectors are of another encoder.",
            description=(
                "{{ $labels.instance }} leaves out {{ $value | humanize }} items a second, for an hour: workers and "
                "serve may be configured with different encoders."
            ),
        ),
    ),
)
