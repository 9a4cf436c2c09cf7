"""For each alert: what makes it fire and resolve, and the nearest thing that must leave it quiet. A step is a minute."""

from __future__ import annotations

import math

from streams.telemetry.rules.serving import MAX_DELTA_ROWS
from tests.telemetry.burn_cases import BURN_CASES
from tests.telemetry.promtool import Case, counted, held

_WORKER = 'job="braid-worker",instance="worker-1:9100"'
_SERVE = 'job="braid-serve",instance="serve-1:8080"'
_ON_WORKER = {"job": "braid-worker", "instance": "worker-1:9100"}
_ON_SERVE = {"job": "braid-serve", "instance": "serve-1:8080"}
_OLDEST = 'braid_oldest_unapplied_seconds{stage="%s",topic="t",partition="0"}'

_PROCESSES = (
    Case(
        alert="BraidWorkerAbsent",
        faulty={f"up{{{_WORKER}}}": held((1, 5), (0, 10), (1, 30))},
        fine={f"up{{{_WORKER}}}": held((0, 40)), 'up{job="braid-worker",instance="worker-2:9100"}': held((1, 40))},
        fires_at=10,
        resolved_at=20,
        says="No worker has answered Prometheus for 2 minutes: events wait in the broker.",
    ),
    Case(
        alert="BraidServeAbsent",
        faulty={f"up{{{_SERVE}}}": held((1, 5), (None, 10), (1, 30))},
        fine={f"up{{{_SERVE}}}": held((1, 8), (0, 1), (1, 30))},
        fires_at=14,
        resolved_at=20,
        says="No serve has answered Prometheus for 2 minutes: nobody can be answered.",
    ),
    Case(
        alert="BraidProcessDown",
        faulty={f"up{{{_WORKER}}}": held((1, 5), (0, 10), (1, 30))},
        fine={f"up{{{_WORKER}}}": held((1, 5), (0, 4), (1, 30)), 'up{job="node",instance="n"}': held((0, 40))},
        fires_at=12,
        resolved_at=20,
        labels=_ON_WORKER,
        says="worker-1:9100 of braid-worker has not answered Prometheus for 5 minutes.",
    ),
    Case(
        alert="BraidProcessRestarts",
        faulty={f"process_start_time_seconds{{{_WORKER}}}": held((100, 5), (200, 5), (300, 5), (400, 5), (500, 80))},
        fine={f"process_start_time_seconds{{{_WORKER}}}": held((100, 5), (200, 5), (300, 5), (400, 85))},
        fires_at=21,
        resolved_at=90,
        labels=_ON_WORKER,
        says=(
            "worker-1:9100 of braid-worker started 4 times within an hour; a worker that is fenced, or does not learn "
            "whether a commit happened, ends itself with status 70."
        ),
    ),
)

_FLOW = (
    Case(
        alert="BraidRecordsWait",
        faulty={_OLDEST % "catalogue": held((90, 20), (1, 20))},
        fine={_OLDEST % "catalogue": held((60, 40)), _OLDEST % "letters": held((90, 40))},
        fires_at=10,
        resolved_at=25,
        labels={"stage": "catalogue"},
        says="The oldest record that the stage catalogue has not applied is 1m 30s old.",
    ),
    Case(
        alert="BraidStageStuck",
        faulty={
            'braid_lag_records{stage="profile",topic="t",partition="0"}': held((40, 40)),
            'braid_checkpoints_total{stage="profile"}': counted((10, 5), (0, 20), (10, 20)),
        },
        fine={
            'braid_lag_records{stage="profile",topic="t",partition="0"}': held((40, 40)),
            'braid_checkpoints_total{stage="profile"}': counted((1, 40)),
            'braid_lag_records{stage="letters",topic="t",partition="0"}': held((0, 40)),
            'braid_checkpoints_total{stage="letters"}': counted((0, 40)),
        },
        fires_at=18,
        resolved_at=30,
        labels={"stage": "profile"},
        says="40 records wait for the stage profile, which made no batch durable in 5 minutes.",
    ),
    Case(
        alert="BraidPartitionsPaused",
        faulty={f'braid_paused_partitions{{{_WORKER},stage="profile"}}': held((2, 30), (0, 20))},
        fine={f'braid_paused_partitions{{{_WORKER},stage="profile"}}': held(*(((2, 8), (0, 1)) * 5))},
        fires_at=20,
        resolved_at=35,
        labels=_ON_WORKER | {"stage": "profile"},
        says=(
            "worker-1:9100 has fetched nothing from 2 partitions of the stage profile for 10 minutes: it is the slowest "
            "part of the flow."
        ),
    ),
    Case(
        alert="BraidDeadLettersRise",
        faulty={
            'braid_dead_letters_total{stage="normalise",reason="bad_time"}': counted((40, 30), (0, 30)),
            'braid_records_total{stage="normalise"}': counted((1_000, 60)),
        },
        fine={
            'braid_dead_letters_total{stage="normalise",reason="bad_time"}': counted((9, 60)),
            'braid_records_total{stage="normalise"}': counted((1_000, 60)),
        },
        fires_at=25,
        resolved_at=45,
        labels={"stage": "normalise", "reason": "bad_time"},
        says="4% of the records of the stage normalise become dead letters: bad_time.",
    ),
    Case(
        alert="BraidLateEventsDropped",
        faulty={
            'braid_late_events_total{platform="shop"}': counted((120, 50), (0, 40)),
            'braid_records_total{stage="normalise"}': counted((6_000, 90)),
        },
        fine={
            'braid_late_events_total{platform="shop"}': counted((59, 90)),
            'braid_records_total{stage="normalise"}': counted((6_000, 90)),
        },
        fires_at=40,
        resolved_at=75,
        labels={"platform": "shop"},
        says="The platform shop sends 2 events a second that are dropped as too old.",
    ),
    Case(
        alert="BraidEventsBehindDedupHorizon",
        faulty={
            "braid_behind_dedup_horizon_total": counted((5, 50), (0, 40)),
            "braid_events_applied_total": counted((1_000, 90)),
        },
        fine={
            "braid_behind_dedup_horizon_total": counted((0.9, 90)),
            "braid_events_applied_total": counted((1_000, 90)),
        },
        fires_at=40,
        resolved_at=75,
        says="0.5% of the events are older than every id kept for their account.",
    ),
    Case(
        alert="BraidEventsHeldBack",
        faulty={
            "braid_events_held_back_total": counted((250, 60), (0, 40)),
            "braid_events_applied_total": counted((1_000, 100)),
        },
        fine={
            "braid_events_held_back_total": counted((99, 100)),
            "braid_events_applied_total": counted((1_000, 100)),
        },
        fires_at=55,
        resolved_at=80,
        says="25% of the events met the bound of what one account may bring.",
    ),
    Case(
        alert="BraidUnreadableRecords",
        faulty={f'braid_unreadable_records_total{{{_SERVE},view="profiles"}}': held((None, 10), (3, 40))},
        fine={f'braid_unreadable_records_total{{{_SERVE},view="profiles"}}': held((3, 50))},
        quiet_from=20,
        fires_at=20,
        resolved_at=40,
        labels={"job": "braid-serve", "view": "profiles"},
        says="braid-serve could not read 3 records of profiles; a newer release writes them.",
    ),
)

_EDGES = (
    Case(
        alert="BraidIngestUnconfirmed",
        faulty={
            'braid_ingest_events_total{platform="shop",verdict="unconfirmed",code="timeout"}': counted((100, 20), (0, 20)),
            'braid_ingest_events_total{platform="shop",verdict="accepted",code=""}': counted((900, 20), (1_000, 20)),
        },
        fine={
            'braid_ingest_events_total{platform="shop",verdict="unconfirmed",code="timeout"}': counted((9, 40)),
            'braid_ingest_events_total{platform="shop",verdict="rejected",code="bad_time"}': counted((991, 40)),
        },
        fires_at=15,
        resolved_at=30,
        says="10% of the events are answered as unconfirmed.",
    ),
    Case(
        alert="BraidIngestRejects",
        faulty={
            'braid_ingest_events_total{platform="shop",verdict="rejected",code="bad_time"}': counted((100, 30), (0, 30)),
            'braid_ingest_events_total{platform="shop",verdict="accepted",code=""}': counted((900, 30), (1_000, 30)),
        },
        fine={
            'braid_ingest_events_total{platform="shop",verdict="rejected",code="bad_time"}': counted((49, 60)),
            'braid_ingest_events_total{platform="shop",verdict="accepted",code=""}': counted((951, 60)),
        },
        fires_at=25,
        resolved_at=45,
        labels={"platform": "shop", "code": "bad_time"},
        says="10% of the events of shop are rejected: bad_time.",
    ),
    Case(
        alert="BraidMirrorBehind",
        faulty={'braid_mirror_behind_records{job="braid-mirror",instance="m:9100",partition="0"}': held((0, 10), (50_000, 60), (0, 40))},
        fine={'braid_mirror_behind_records{job="braid-mirror",instance="m:9100",partition="0"}': held(*(((50_000, 25), (0, 1)) * 4))},
        fires_at=60,
        resolved_at=80,
        labels={"job": "braid-mirror", "instance": "m:9100", "partition": "0"},
        says="m:9100 was never nearer than 50000 records to the end of partition 0 in 30 minutes.",
    ),
)

_STATE = (
    Case(
        alert="BraidSecondWriter",
        faulty={f'braid_changelog_gaps_total{{{_WORKER},partition="2"}}': held((None, 10), (1, 40))},
        fine={f'braid_changelog_gaps_total{{{_WORKER},partition="2"}}': held((0, 50))},
        fires_at=12,
        resolved_at=40,
        labels={"partition": "2"},
        says="1 foreign records in the changelog of partition 2.",
    ),
    Case(
        alert="BraidRestoreSlow",
        faulty={f'braid_restore_left_records{{{_WORKER},partition="2"}}': held((5_000, 30), (0, 20))},
        fine={f'braid_restore_left_records{{{_WORKER},partition="2"}}': held((5_000, 9), (0, 40))},
        fires_at=20,
        resolved_at=35,
        labels=_ON_WORKER | {"partition": "2"},
        says=(
            "worker-1:9100 has 5000 records left to restore partition 2; meanwhile its people stand still."
        ),
    ),
    Case(
        alert="BraidStandbyBehind",
        faulty={f'braid_standby_lag_records{{{_WORKER},partition="2"}}': held((2, 10), (70_000, 60), (2, 40))},
        fine={f'braid_standby_lag_records{{{_WORKER},partition="2"}}': held(*(((70_000, 25), (2, 1)) * 4))},
        fires_at=60,
        resolved_at=80,
        labels=_ON_WORKER | {"partition": "2"},
        says=(
            "The copy of partition 2 on worker-1:9100 was never near the end in 30 minutes: a takeover would have to "
            "restore 70000 records and more."
        ),
    ),
    Case(
        alert="BraidRebalancesOften",
        faulty={f'braid_rebalances_total{{{_WORKER},stage="profile"}}': counted((1, 30), (0, 60))},
        fine={f'braid_rebalances_total{{{_WORKER},stage="profile"}}': counted((0, 10), (1, 4), (0, 76))},
        fires_at=30,
        resolved_at=80,
        labels={"stage": "profile"},
        says="The stage profile was assigned its partitions 30 times in 30 minutes.",
    ),
    *(
        Case(
            alert="BraidDiskFills",
            among={"severity": severity},
            faulty={
                f"braid_disk_free_bytes{{{_WORKER}}}": [*(25e9 - minute * falling for minute in range(120)), *held((90e9, 120))],
                f"braid_disk_bytes{{{_WORKER}}}": held((100e9, 240)),
            },
            # As steep, with most of the disk left: a restore, not a leak.
            fine={
                f"braid_disk_free_bytes{{{_WORKER}}}": [90e9 - minute * falling for minute in range(240)],
                f"braid_disk_bytes{{{_WORKER}}}": held((100e9, 240)),
            },
            fires_at=100,
            resolved_at=200,
            labels=_ON_WORKER,
            says=(
                "As it went in the last hour, the disk below BRAID_STATE_DIR of worker-1:9100 is full within "
                f"{hours} hours."
            ),
        )
        for severity, hours, falling in (("warning", 24, 50e6), ("critical", 4, 150e6))
    ),
    Case(
        alert="BraidDiskFull",
        faulty={
            f"braid_disk_free_bytes{{{_WORKER}}}": held((2e9, 20), (50e9, 20)),
            f"braid_disk_bytes{{{_WORKER}}}": held((100e9, 40)),
        },
        # A disk that cannot be asked is not a number, and no full one either.
        fine={
            f"braid_disk_free_bytes{{{_WORKER}}}": held((3e9, 40)),
            f"braid_disk_bytes{{{_WORKER}}}": held((100e9, 40)),
            'braid_disk_free_bytes{job="braid-worker",instance="worker-2:9100"}': held((math.nan, 40)),
            'braid_disk_bytes{job="braid-worker",instance="worker-2:9100"}': held((math.nan, 40)),
        },
        fires_at=10,
        resolved_at=25,
        labels=_ON_WORKER,
        says="2% of the disk below BRAID_STATE_DIR of worker-1:9100 is left.",
    ),
    Case(
        alert="BraidErasuresWait",
        faulty={_OLDEST % "letters": held((900, 20), (0, 20))},
        fine={_OLDEST % "letters": held((599, 40)), _OLDEST % "profile": held((900, 40))},
        fires_at=10,
        resolved_at=25,
        says="The stage letters is 15m 0s behind: what it should delete is still there.",
    ),
    Case(
        alert="BraidErasuresJump",
        faulty={'braid_erasures_total{cause="erase"}': counted((0, 120), (20, 30), (0, 120))},
        fine={'braid_erasures_total{cause="erase"}': counted((3, 270)), 'braid_erasures_total{cause="expire"}': counted((99, 270))},
        quiet_from=150,
        fires_at=150,
        resolved_at=240,
        says="600 people were erased within an hour, ten times the rate of the day.",
    ),
)

_ENCODER = (
    Case(
        alert="BraidEncoderStalled",
        faulty={f'braid_encoder_waiting_seconds{{{_WORKER},stage="profile"}}': held((120, 20), (0, 20))},
        fine={f'braid_encoder_waiting_seconds{{{_WORKER},stage="profile"}}': held((60, 40))},
        fires_at=10,
        resolved_at=25,
        labels={"instance": "worker-1:9100", "stage": "profile"},
        says="On worker-1:9100 the stage profile has waited 2m 0s for vectors.",
    ),
    Case(
        alert="BraidEncoderFails",
        faulty={f'braid_encoder_failures_total{{{_WORKER},stage="profile",reason="raised"}}': counted((60, 30), (0, 20))},
        fine={f'braid_encoder_failures_total{{{_WORKER},stage="profile",reason="raised"}}': counted((60, 5), (0, 45))},
        fires_at=25,
        resolved_at=40,
        labels={"stage": "profile", "reason": "raised"},
        says="1 calls a second of the stage profile fail: raised.",
    ),
    Case(
        alert="BraidTextsUnencodable",
        faulty={f'braid_unencodable_texts_total{{{_WORKER},stage="profile"}}': held((0, 10), (2, 100))},
        fine={f'braid_unencodable_texts_total{{{_WORKER},stage="profile"}}': held((2, 110))},
        quiet_from=61,
        fires_at=61,
        resolved_at=100,
        labels={"stage": "profile"},
        says="2 texts of the stage profile in the last hour.",
    ),
    Case(
        alert="BraidVectorsOfOtherModel",
        faulty={f"braid_items_of_other_model_total{{{_SERVE}}}": counted((60, 120), (0, 40))},
        fine={f"braid_items_of_other_model_total{{{_SERVE}}}": counted((60, 30), (0, 130))},
        fires_at=90,
        resolved_at=150,
        labels=_ON_SERVE,
        says=(
            "serve-1:8080 leaves out 1 items a second, for an hour: workers and serve may be configured with different "
            "encoders."
        ),
    ),
)

_SERVING = (
    Case(
        alert="BraidServeBehind",
        faulty={
            f'braid_refresh_delay_seconds_bucket{{{_SERVE},view="profiles",le="5.0"}}': counted((0, 30), (100, 30)),
            f'braid_refresh_delay_seconds_bucket{{{_SERVE},view="profiles",le="10.0"}}': counted((100, 60)),
            f'braid_refresh_delay_seconds_bucket{{{_SERVE},view="profiles",le="+Inf"}}': counted((100, 60)),
        },
        fine={
            f'braid_refresh_delay_seconds_bucket{{{_SERVE},view="profiles",le="5.0"}}': counted((100, 60)),
            f'braid_refresh_delay_seconds_bucket{{{_SERVE},view="profiles",le="10.0"}}': counted((100, 60)),
            f'braid_refresh_delay_seconds_bucket{{{_SERVE},view="profiles",le="+Inf"}}': counted((100, 60)),
        },
        fires_at=25,
        resolved_at=45,
        labels={"instance": "serve-1:8080", "view": "profiles"},
        says="On serve-1:8080 one record in a hundred of profiles is served 9.95s after it was written, or later.",
    ),
    Case(
        alert="BraidIndexesDiffer",
        faulty={
            f"braid_index_items{{{_SERVE}}}": held((1_000, 60)),
            'braid_index_items{job="braid-serve",instance="serve-2:8080"}': held((900, 30), (1_000, 30)),
        },
        fine={
            f"braid_index_items{{{_SERVE}}}": held((1_000, 60)),
            'braid_index_items{job="braid-serve",instance="serve-2:8080"}': held((990, 60)),
            f"braid_index_items{{{_WORKER}}}": held((0, 60)),
        },
        fires_at=25,
        resolved_at=35,
        says="100 items are in the index of one serve and not in that of another.",
    ),
    Case(
        alert="BraidIndexRebuildsBehind",
        faulty={
            f"braid_index_delta_rows{{{_SERVE}}}": held((3 * MAX_DELTA_ROWS, 50), (10, 30)),
            f"braid_index_items{{{_SERVE}}}": held((100_000, 80)),
        },
        fine={
            f"braid_index_delta_rows{{{_SERVE}}}": held(*(((3 * MAX_DELTA_ROWS, 20), (10, 1)) * 4)),
            f"braid_index_items{{{_SERVE}}}": held((100_000, 80)),
            # Without a graph.
            'braid_index_delta_rows{job="braid-serve",instance="serve-2:8080"}': held((100_000, 80)),
            'braid_index_items{job="braid-serve",instance="serve-2:8080"}': held((100_000, 80)),
        },
        fires_at=40,
        resolved_at=60,
        labels=_ON_SERVE,
        says="On serve-1:8080 12000 new items are scanned one by one, for 30 minutes: requests get slow.",
    ),
    Case(
        alert="BraidSnapshotsFail",
        faulty={f'braid_snapshots_total{{{_SERVE},outcome="failed"}}': held((None, 70), (1, 100))},
        fine={f'braid_snapshots_total{{{_SERVE},outcome="written"}}': counted((1, 170))},
        fires_at=75,
        resolved_at=150,
        labels={"instance": "serve-1:8080"},
        says="1 failed on serve-1:8080 in the last hour: the next start reads more topics.",
    ),
    Case(
        alert="BraidSnapshotDamaged",
        faulty={f"braid_snapshots_refused_total{{{_SERVE}}}": held((1, 20), (0, 20))},
        fine={f"braid_snapshots_refused_total{{{_SERVE}}}": held((0, 40))},
        fires_at=10,
        resolved_at=25,
        labels=_ON_SERVE,
        says="serve-1:8080 refused 1 snapshots at its start.",
    ),
    Case(
        alert="BraidRankingModelRefused",
        faulty={f'braid_model_switches_total{{{_SERVE},outcome="refused"}}': held((None, 20), (1, 60))},
        fine={f'braid_model_switches_total{{{_SERVE},outcome="done"}}': counted((1, 80))},
        fires_at=25,
        resolved_at=60,
        labels={"instance": "serve-1:8080"},
        says="serve-1:8080 goes on with the model before.",
    ),
    Case(
        alert="BraidRankingModelsDiffer",
        faulty={
            f'braid_ranking_model_info{{{_SERVE},model="new"}}': held((1, 80)),
            'braid_ranking_model_info{job="braid-serve",instance="serve-2:8080",model="old"}': held((1, 50), (0, 30)),
        },
        fine={
            f'braid_ranking_model_info{{{_SERVE},model="new"}}': held((1, 80)),
            f'braid_ranking_model_info{{{_SERVE},model="old"}}': held((0, 80)),
        },
        fires_at=45,
        resolved_at=55,
        says="2 ranking models answer beside each other.",
    ),
    Case(
        alert="BraidConsoleFull",
        faulty={f"braid_console_viewers{{{_SERVE}}}": held((500, 20), (100, 20))},
        fine={f"braid_console_viewers{{{_SERVE}}}": held((499, 40))},
        fires_at=10,
        resolved_at=25,
        labels=_ON_SERVE,
        says="500 pages of the console of serve-1:8080 are open.",
    ),
)

_ACCESS = (
    Case(
        alert="BraidCallsRefused",
        faulty={
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="refused"}}': counted((60, 40), (0, 30)),
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="admitted"}}': counted((60, 70)),
        },
        # A wrong call now and then, with nothing else to compare it to, is nobody's trouble.
        fine={
            f'braid_api_calls_total{{{_SERVE},key="anonymous",outcome="refused"}}': counted((1, 70)),
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="refused"}}': counted((10, 70)),
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="admitted"}}': counted((60, 70)),
        },
        fires_at=30,
        resolved_at=60,
        labels={"key": "shop"},
        says="50% of the calls of the key shop are refused.",
    ),
    Case(
        alert="BraidCallsLimited",
        faulty={
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="limited"}}': counted((60, 40), (0, 30)),
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="admitted"}}': counted((180, 70)),
        },
        fine={
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="limited"}}': counted((2, 70)),
            f'braid_api_calls_total{{{_SERVE},key="shop",outcome="admitted"}}': counted((60, 70)),
        },
        fires_at=35,
        resolved_at=60,
        labels={"key": "shop"},
        says="25% of the calls of the key shop are answered with 429.",
    ),
    Case(
        alert="BraidAuditLost",
        faulty={f'braid_audit_records_total{{{_SERVE},outcome="lost"}}': held((None, 20), (4, 60))},
        fine={f'braid_audit_records_total{{{_SERVE},outcome="written"}}': counted((9, 80))},
        fires_at=25,
        resolved_at=60,
        labels={"instance": "serve-1:8080"},
        says="4 audit records were lost on serve-1:8080.",
    ),
)

_CANARY_JOB = 'job="braid-canary",instance="canary:9100"'
_CANARY = (
    Case(
        alert="BraidCanaryLost",
        faulty={
            f"braid_canary_lost_total{{{_CANARY_JOB}}}": counted((6, 30), (0, 30)),
            f"braid_canary_sent_total{{{_CANARY_JOB}}}": counted((6, 60)),
        },
        fine={
            f"braid_canary_lost_total{{{_CANARY_JOB}}}": counted((0.5, 60)),
            f"braid_canary_sent_total{{{_CANARY_JOB}}}": counted((6, 60)),
        },
        fires_at=20,
        resolved_at=45,
        says="100% of the canary's events were not in its profile over HTTP in time.",
    ),
    Case(
        alert="BraidCanarySlow",
        faulty={
            f'braid_canary_seconds_bucket{{{_CANARY_JOB},le="5.0"}}': counted((0, 40), (6, 40)),
            f'braid_canary_seconds_bucket{{{_CANARY_JOB},le="10.0"}}': counted((6, 80)),
            f'braid_canary_seconds_bucket{{{_CANARY_JOB},le="+Inf"}}': counted((6, 80)),
        },
        fine={
            f'braid_canary_seconds_bucket{{{_CANARY_JOB},le="5.0"}}': counted((6, 80)),
            f'braid_canary_seconds_bucket{{{_CANARY_JOB},le="10.0"}}': counted((6, 80)),
            f'braid_canary_seconds_bucket{{{_CANARY_JOB},le="+Inf"}}': counted((6, 80)),
        },
        fires_at=35,
        resolved_at=60,
        says="One in ten of the canary's events takes 9.5s or longer from Kafka to an HTTP answer.",
    ),
    Case(
        alert="BraidCanarySilent",
        faulty={f"braid_canary_sent_total{{{_CANARY_JOB}}}": counted((6, 10), (0, 30), (6, 30))},
        fine={f"braid_canary_sent_total{{{_CANARY_JOB}}}": counted((1, 70))},
        fires_at=30,
        resolved_at=50,
        labels={"job": "braid-canary", "instance": "canary:9100"},
        says="canary:9100 sends no events: that they would come out is not known.",
    ),
)

CASES: tuple[Case, ...] = (*BURN_CASES, *_PROCESSES, *_FLOW, *_EDGES, *_STATE, *_ENCODER, *_SERVING, *_ACCESS, *_CANARY)
