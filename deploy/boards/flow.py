"""Do events get through, how soon, and which do not."""

from __future__ import annotations

from deploy.boards.board import board, panel, row
from deploy.boards.queries import as_it_is, quantile, rate, share, total, worst

FLOW = board(
    "braid-flow",
    "Braid: flow and freshness",
    "From the platforms' topics to published profiles: how much, how soon, what waits and what is refused.",
    row(
        "Promises",
        panel(
            "Time with profiles older than 2 s",
            "percentunit",
            as_it_is("braid:stale_time:ratio_rate1h", "last hour"),
            as_it_is("braid:stale_time:ratio_rate3d", "last 3 days"),
            description="Share of the time in which an event older than 2 s was in no profile. The objective is 1 %.",
        ),
        panel(
            "Events later than 2 s",
            "percentunit",
            as_it_is("braid:slow_events:ratio_rate1h", "last hour"),
            as_it_is("braid:slow_events:ratio_rate3d", "last 3 days"),
            description="Share of the events that took longer than 2 s to their profile. The objective is 1 %.",
        ),
        panel(
            "Age of the oldest record that is not applied", "s", worst("braid_oldest_unapplied_seconds", "stage")
        ),
        panel(
            "Event to profile",
            "s",
            quantile(0.5, "braid_event_to_profile_seconds"),
            quantile(0.99, "braid_event_to_profile_seconds"),
        ),
        panel(
            "Canary: Kafka to HTTP", "s",
            quantile(0.5, "braid_canary_seconds"), quantile(0.9, "braid_canary_seconds"),
        ),
        panel("Canary: events", "ops", rate("braid_canary_sent_total"), rate("braid_canary_lost_total")),
    ),
    row(
        "Flow by stage",
        panel("Records taken", "ops", rate("braid_records_total", "stage")),
        panel("Records behind", "short", total("braid_lag_records", "stage")),
        panel("Micro-batches made durable", "ops", rate("braid_checkpoints_total", "stage")),
        panel("Records in a micro-batch", "short", quantile(0.5, "braid_batch_records", "stage")),
        panel("Steps of a micro-batch", "s", quantile(0.99, "braid_stage_seconds", "stage", "step")),
        panel("Records waiting for the broker's word", "short", total("braid_producer_queue_records", "stage")),
    ),
    row(
        "Back-pressure",
        panel("Partitions that are not fetched", "short", total("braid_paused_partitions", "stage")),
        panel("Fetches in the lanes", "short", worst("braid_lane_fetches", "stage")),
        panel("Fetches not done", "short", worst("braid_open_batches", "stage")),
        panel("Records in memory", "short", total("braid_waiting_records", "stage")),
    ),
    row(
        "What does not count",
        panel("Dead letters by reason", "ops", rate("braid_dead_letters_total", "stage", "reason")),
        panel("Too old on arrival", "ops", rate("braid_late_events_total", "platform")),
        panel("Kinds that nobody uses", "ops", rate("braid_ignored_events_total", "platform", "kind")),
        panel(
            "Repeats", "percentunit",
            share("braid_duplicates_total", "braid_duplicates_total", "braid_events_applied_total"),
        ),
        panel(
            "Dropped or counted for less",
            "ops",
            rate("braid_behind_dedup_horizon_total"),
            rate("braid_events_held_back_total"),
        ),
        panel("Skipped after a restart", "ops", rate("braid_replayed_total")),
    ),
    row(
        "Over HTTP, and out again",
        panel("Events over HTTP", "ops", rate("braid_ingest_events_total", "platform", "verdict")),
        panel("Requests of ingest", "s", quantile(0.99, "braid_ingest_request_seconds", "route")),
        panel("Records not confirmed to ingest", "short", worst("braid_ingest_waiting_records", "instance")),
        panel("Records mirrored", "ops", rate("braid_mirrored_records_total", "kind")),
        panel("Records the mirror is behind", "short", total("braid_mirror_behind_records", "partition")),
    ),
    row(
        "Processes",
        panel(
            "Answering", "short", total("up", "job", where='job=~"braid-.+"'),
            description="Processes that answered the last scrape. Fewer than were started: see BraidProcessDown.",
        ),
        panel(
            "Memory", "bytes", worst("process_resident_memory_bytes", "job", "instance", where='job=~"braid-.+"'),
            description="Resident memory. Grows for days without more people: report it.",
        ),
        panel(
            "Processor", "short", rate("process_cpu_seconds_total", "job", "instance", where='job=~"braid-.+"'),
            description="Cores in use. All of a worker's: add workers; see which step of a micro-batch takes long.",
        ),
        panel(
            "Open files",
            "short",
            worst("process_open_fds", "job", "instance", where='job=~"braid-.+"'),
            worst("process_max_fds", "job", "instance", where='job=~"braid-.+"'),
            description="Open file descriptors beside the most that the system allows. Near it: raise the limit.",
        ),
        panel(
            "Starts", "dateTimeAsIso", worst("process_start_time_seconds", "job", "instance", where='job=~"braid-.+"'),
            description="When each process began. Recent again and again: see BraidProcessRestarts.",
        ),
    ),
)  # fmt: skip
