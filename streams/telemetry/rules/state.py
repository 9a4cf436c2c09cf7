"""Whether the state of people is safe: one writer, restored in time, a disk to lie on."""

from __future__ import annotations

from typing import Final

from streams.telemetry.rules.structs import Alert, Group, Severity, grew


def _disk(hours: int, lasting: str, severity: Severity) -> Alert:
    return Alert(
        name="BraidDiskFills",
        expression=(
            f"predict_linear(braid_disk_free_bytes[1h], {hours} * 3600) < 0 "
            "and braid_disk_free_bytes / braid_disk_bytes < 0.3"
        ),
        lasting=lasting,
        severity=severity,
        summary="The disk of the state fills up.",
        description=(
            "As it went in the last hour, the disk below BRAID_STATE_DIR of {{ $labels.instance }} is full within "
            f"{hours} hours."
        ),
    )


#: About half a second of a restore, by `make bench NAME=restore`; markers alone keep a copy a few offsets behind.
STANDBY_RECORDS: Final = 10_000

STATE: Final = Group(
    "braid-state",
    (
        Alert(
            name="BraidSecondWriter",
            expression=grew("braid_changelog_gaps_total", "15m", "partition"),
            lasting="0m",
            severity="critical",
            summary="Somebody else writes a changelog that a worker owns.",
            description=(
                "{{ $value | humanize }} foreign records in the changelog of partition {{ $labels.partition }}."
            ),
        ),
        Alert(
            name="BraidRestoreSlow",
            expression="min_over_time(braid_restore_left_records[2m]) > 0",
            lasting="10m",
            severity="warning",
            summary="A restore of state takes long.",
            description=(
                "{{ $labels.instance }} has {{ $value }} records left to restore partition {{ $labels.partition }}; "
                "meanwhile its people stand still."
            ),
        ),
        Alert(
            name="BraidStandbyBehind",
            expression=f"min_over_time(braid_standby_lag_records[5m]) > {STANDBY_RECORDS}",
            lasting="25m",
            severity="warning",
            summary="A warm copy of state never catches up.",
            description=(
                "The copy of partition {{ $labels.partition }} on {{ $labels.instance }} was never near the end in 30 "
                "minutes: a takeover would have to restore {{ $value }} records and more."
            ),
        ),
        Alert(
            name="BraidRebalancesOften",
            expression="max by (stage) (increase(braid_rebalances_total[30m])) > 5",
            lasting="0m",
            severity="warning",
            summary="Partitions change hands again and again.",
            description=(
                "The stage {{ $labels.stage }} was assigned its partitions {{ $value | humanize }} times in 30 "
                "minutes."
            ),
        ),
        Alert(
            name="BraidDiskFull",
            expression="braid_disk_free_bytes / braid_disk_bytes < 0.03",
            lasting="1m",
            severity="critical",
            summary="The disk of the state is nearly full.",
            description=(
                "{{ $value | humanizePercentage }} of the disk below BRAID_STATE_DIR of {{ $labels.instance }} is left."
            ),
        ),
        _disk(24, "1h", "warning"),
        _disk(4, "15m", "critical"),
        Alert(
            name="BraidErasuresWait",
            expression='max(braid_oldest_unapplied_seconds{stage="letters"}) > 600',
            lasting="5m",
            severity="warning",
            summary="Dead letters of erased people are not deleted.",
            description=(
                "The stage letters is {{ $value | humanizeDuration }} behind: what it should delete is still there."
            ),
        ),
        Alert(
            name="BraidErasuresJump",
            expression=(
                'sum(increase(braid_erasures_total{cause="erase"}[1h])) > 100 and '
                'sum(increase(braid_erasures_total{cause="erase"}[1h])) '
                '> 10 * sum(increase(braid_erasures_total{cause="erase"}[1d])) / 24'
            ),
            lasting="0m",
            severity="warning",
            summary="Far more people are erased than on other hours of the day.",
            description="{{ $value | humanize }} people were erased within an hour, ten times the rate of the day.",
        ),
    ),
)
