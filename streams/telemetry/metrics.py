"""Every metric, declared once, with its meaning and what to do about it.

Labels come from closed sets (stage, reason, partition); never a user, an item or an offset. Bind labels outside hot
loops. `docs/metrics.md` is generated from this table.
"""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

REGISTRY = CollectorRegistry()
_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
#: 2 s is the objective of freshness: see rules/objectives.py.
_LATENCY = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 2.5, 5, 10, 30, 60, 300)
_SIZE = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_000, 5_000)


@dataclass(frozen=True)
class Declared:
    """A metric's row in the operator's manual."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str
    action: str


DECLARED: list[Declared] = []


def _declare(kind: str, name: str, labels: tuple[str, ...], meaning: str, action: str) -> None:
    DECLARED.append(Declared(name, kind, labels, meaning, action))


def _counter(name: str, meaning: str, action: str, *labels: str) -> Counter:
    _declare("counter", name, labels, meaning, action)
    return Counter(name, meaning, labels, registry=REGISTRY)


def _gauge(name: str, meaning: str, action: str, *labels: str) -> Gauge:
    _declare("gauge", name, labels, meaning, action)
    return Gauge(name, meaning, labels, registry=REGISTRY)


def _histogram(name: str, meaning: str, action: str, *labels: str, buckets: tuple[float, ...] = _FAST) -> Histogram:
    _declare("histogram", name, labels, meaning, action)
    return Histogram(name, meaning, labels, registry=REGISTRY, buckets=buckets)


# --- flow ------------------------------------------------------------------------------------------------------
RECORDS = _counter(
    "braid_records_total", "Records taken from a source topic.", "Flat while lag grows: see the stage's log.", "stage"
)
LAG = _gauge(
    "braid_lag_records",
    "Records of a source partition that are not yet applied.",
    "Grows for minutes: add workers, or look at braid_stage_seconds for the step that takes long.",
    "stage",
    "topic",
    "partition",
)
OLDEST_UNAPPLIED = _gauge(
    "braid_oldest_unapplied_seconds",
    "Age of the oldest record that is not yet applied; 0 when all are.",
    "The freshness of profiles. Above the objective: as for braid_lag_records.",
    "stage",
    "topic",
    "partition",
)
BATCH_RECORDS = _histogram(
    "braid_batch_records", "Records in a micro-batch.", "Mostly 1 under load: raise BRAID_ENGINE__LINGER_S.", "stage",
    buckets=_SIZE,
)
STAGE_SECONDS = _histogram(
    "braid_stage_seconds",
    "Duration of a step of a micro-batch: prepare (decode, encode), fold, commit, store.",
    "prepare high: the encoder is the limit. commit high: the broker is.",
    "stage",
    "step",
)
EVENT_TO_PROFILE = _histogram(
    "braid_event_to_profile_seconds",
    "From the broker's time of an event to the commit of the profile that holds it.",
    "The promise to service teams. High: see braid_oldest_unapplied_seconds.",
    buckets=_LATENCY,
)

# --- outcomes --------------------------------------------------------------------------------------------------
DEAD_LETTERS = _counter(
    "braid_dead_letters_total",
    "Records that can never be applied, by reason.",
    "A jump: one platform changed its format; read them with `braid tail dead-letters`.",
    "stage",
    "reason",
)
DEAD_LETTERS_ERASED = _counter(
    "braid_dead_letters_erased_total",
    "Dead letters deleted because their person was erased.",
    "None though people with dead letters are erased: the stage `letters` does not run.",
)
LATE = _counter(
    "braid_late_events_total",
    "Events dropped because they were older on arrival than the lateness bound.",
    "A platform re-sends history: raise BRAID_INGEST__LATENESS_DAYS or tell it.",
    "platform",
)
IGNORED = _counter("braid_ignored_events_total", "Events of kinds that no stage uses yet.", "None.", "platform", "kind")
MASKED = _counter(
    "braid_masked_total",
    "Personal data replaced in what people wrote.",
    "A jump on one platform: it sends contact fields as text; ask it to stop.",
    "platform",
    "kind",
)
REFUSED = _counter(
    "braid_events_refused_total",
    "Events dropped because their person does not allow a profile, or erased what they are part of.",
    "A jump: a platform sends `consent` denied, or replays what was erased.",
    "stage",
)
ERASURES = _counter(
    "braid_erasures_total",
    "People whose data was dropped, by cause.",
    "A jump of `erase`: look at the audit topic. `expire`: BRAID_PROFILE__IDLE_DAYS.",
    "cause",
)
DECISIONS = _counter(
    "braid_decisions_total",
    "Changes of what people allow: grant, refuse or withdraw (`profile`) a purpose, personalise, depersonalise, "
    "block or unblock a tag.",
    "A jump of `withdraw`: ask the platform what it showed its users.",
    "kind",
)
IDENTITY_COMMANDS = _counter(
    "braid_identity_commands_total",
    "Links and unlinks applied, by outcome.",
    "Many repeats: a provider sends twice.",
    "outcome",
)
IDENTITY_HINTS = _counter(
    "braid_identity_hints_total",
    "Links that ordinary events told the identity log.",
    "None though platforms send `userid`: its values are placeholders.",
)
ACCOUNT_MOVES = _counter(
    "braid_account_moves_total",
    "Accounts that changed users.",
    "A jump of merges: an identifier that people share, see the guards of BRAID_IDENTITY.",
    "kind",
)
EVENTS_FORWARDED = _counter(
    "braid_events_forwarded_total",
    "Events that followed an account which had moved.",
    "A steady share: `normalise` does not read `identities`.",
)
EVENTS_PARKED = _counter(
    "braid_events_parked_total",
    "Events that came before their account and waited for it.",
    "Grows without merges: a stage `profile` is behind.",
)
DUPLICATES = _counter(
    "braid_duplicates_total",
    "Events dropped because their id was applied before.",
    "A steady share is normal (re-sends, restarts); a jump: a platform sends twice.",
)
BEHIND_HORIZON = _counter(
    "braid_behind_dedup_horizon_total",
    "Events older than every id kept for their account: they cannot be told from repeats and are dropped.",
    "More than a trace: raise BRAID_PROFILE__DEDUP_IDS.",
)
HELD_BACK = _counter(
    "braid_events_held_back_total",
    "Events that count for less than they weigh, because their account brought so much already.",
    "A flood, or BRAID_GUARDS__* too low for honest accounts: see docs/guards.md.",
)
REPLAYED = _counter(
    "braid_replayed_total", "Records skipped by the fence because their user's state already held them.",
    "Normal after a restart.",
)
EVENTS_APPLIED = _counter("braid_events_applied_total", "Events folded into profiles.", "None.")
PROFILES_PUBLISHED = _counter("braid_profiles_published_total", "Profile records published.", "None.")
ITEMS = _counter("braid_items_total", "Items published or deleted.", "None.", "outcome")

# --- encoder ---------------------------------------------------------------------------------------------------
ENCODED_TEXTS = _counter("braid_encoded_texts_total", "Texts that went through the encoder.", "None.", "stage")
ENCODED_TOKENS = _counter("braid_encoded_tokens_total", "Tokens that went through the encoder.", "None.", "stage")
PADDING_TOKENS = _counter(
    "braid_padding_tokens_total", "Tokens computed only to fill a batch.",
    "Above a tenth of the tokens: the model cannot be packed; lower BRAID_ENCODER__MAX_BATCH_TOKENS.", "stage",
)
TRUNCATED_TEXTS = _counter(
    "braid_truncated_texts_total", "Texts cut at the token limit.",
    "Many: raise BRAID_ENCODER__MAX_TEXT_TOKENS if meaning sits late in your texts.", "stage",
)
ENCODE_SECONDS = _histogram("braid_encode_seconds", "Duration of an encoder call.", "Slow: use a GPU.", "stage")
CACHE_HITS = _counter("braid_embedding_cache_hits_total", "Texts found in the embedding cache.", "None.", "stage")
CACHE_MISSES = _counter(
    "braid_embedding_cache_misses_total", "Texts not in the embedding cache.",
    "Misses on known texts: raise BRAID_ENCODER__CACHE_BYTES.", "stage",
)

ENCODER_WAITING = _gauge(
    "braid_encoder_waiting_seconds",
    "How long the oldest encoder call has been waiting for vectors; 0 when none waits.",
    "Grows: the encoder hangs or fails, and this stage takes nothing in until it answers; nothing is lost. See "
    "braid_encoder_failures_total and the device.",
    "stage",
)
ENCODER_FAILURES = _counter(
    "braid_encoder_failures_total",
    "Encoder calls that failed and are tried again: raised (the device), not_vectors (wrong shape, not finite).",
    "Memory of the device: lower BRAID_ENCODER__MAX_BATCH_TOKENS. Steady: another device or model.",
    "stage",
    "reason",
)
UNENCODABLE_TEXTS = _counter(
    "braid_unencodable_texts_total",
    "Texts that failed alone again and again while others as long work: they count as texts without content.",
    "Any: report the encoder and its version; the events count, their vectors do not.", "stage",
)

# --- back-pressure ---------------------------------------------------------------------------------------------
LANE_FETCHES = _gauge(
    "braid_lane_fetches",
    "Fetches that wait in the lane of a source partition; once they fill a micro-batch, no more are asked for.",
    "Stays high: see which step of braid_stage_seconds takes long, and braid_encoder_waiting_seconds.",
    "stage",
    "topic",
    "partition",
)
WAITING_RECORDS = _gauge(
    "braid_waiting_records",
    "Records of a source partition that are in memory and not yet durable: waiting, encoding or committing.",
    "Bounded by lane and fetch size; times the size of a record it is the memory that a stall takes.",
    "stage",
    "topic",
    "partition",
)
OPEN_BATCHES = _gauge(
    "braid_open_batches", "Fetches of a source partition that were handed out and are not yet done.",
    "As for braid_lane_fetches.", "stage", "topic", "partition",
)
PAUSED_PARTITIONS = _gauge(
    "braid_paused_partitions", "Source partitions that are not fetched because their lane is full.",
    "Above 0 for minutes: back-pressure; records wait in the broker. As for braid_lane_fetches.", "stage",
)
PRODUCER_QUEUE = _gauge(
    "braid_producer_queue_records", "Records that the producers of a stage hold and the broker has not confirmed.",
    "Stays high: the broker is the limit.", "stage",
)

# --- state -----------------------------------------------------------------------------------------------------
STATE_BYTES = _gauge(
    "braid_state_bytes", "Estimated bytes of local state.", "Plan the disk by it.", "stage", "partition"
)
STATE_USERS = _gauge(
    "braid_state_users", "Estimated keys in local state: users of the stage profile.", "None.", "stage", "partition"
)
CHECKPOINTS = _counter("braid_checkpoints_total", "Micro-batches made durable.", "None.", "stage")
CHANGELOG_GAPS = _counter(
    "braid_changelog_gaps_total", "Changelog records found between our own: a second writer.",
    "Any: two workers share an application id without fencing; stop one and report.", "partition",
)
REBALANCES = _counter(
    "braid_rebalances_total", "Assignments received.", "Frequent: raise the session timeout.", "stage"
)
OWNED_PARTITIONS = _gauge(
    "braid_owned_partitions", "Source partitions this worker owns.", "0 for long: idle.", "stage"
)
ACQUIRE_SECONDS = _histogram(
    "braid_acquire_seconds", "From assignment to resume: fencing and restore of all partitions.",
    "Long restores: turn on standby (BRAID_ENGINE__STANDBY).", "stage", buckets=_LATENCY,
)
RESTORED_RECORDS = _counter(
    "braid_restored_records_total", "Changelog records read to restore state.", "None.", "partition"
)
RESTORE_LEFT = _gauge(
    "braid_restore_left_records", "Changelog offsets left in a running restore.", "None.", "partition"
)
STANDBY_LAG = _gauge("braid_standby_lag_records", "Changelog offsets a warm copy is behind.", "None.", "partition")

# --- serve -----------------------------------------------------------------------------------------------------
INDEX_ITEMS = _gauge("braid_index_items", "Items in the nearest-item index.", "None.")
INDEX_DELTA = _gauge("braid_index_delta_rows", "Rows scanned flat, newer than the main index.",
                     "Stays above BRAID_INDEX__MAX_DELTA_ROWS: rebuilds do not keep up.")
RANKING_MODEL = _gauge(
    "braid_ranking_model_info", "1 for the ranking model that answers.",
    "More than one name over the replicas for long: one of them cannot read the models.", "model",
)
MODEL_SWITCHES = _counter(
    "braid_model_switches_total", "Ranking models that were chosen while serving, by what came of it: done or refused.",
    "refused: the log says why; the model before goes on.", "outcome",
)
FEEDBACK = _counter(
    "braid_feedback_total", "Feedback that met a list which this process answered and moved its ranking, by kind.",
    "Flat while lists are answered: nobody takes to them, or feedback comes more than a day later.", "kind",
)
RANKING_WEIGHT = _gauge(
    "braid_ranking_weight", "How much a source of the score counts, as learnt from feedback.",
    "At a quarter of where it began for long: train again on what people take now.", "platform", "source",
)
CONSOLE_VIEWERS = _gauge(
    "braid_console_viewers", "Pages of the console that are open and told of changes.",
    "At 500 no more are: look for pages that nobody closes, or start another serve.",
)
INDEX_REBUILDS = _counter("braid_index_rebuilds_total", "Rebuilds of the main index.", "None.")
REFRESH_DELAY = _histogram(
    "braid_refresh_delay_seconds", "From the broker's time of a record to its being served.",
    "High: serve lags behind; add a replica or CPU.", "view", buckets=_LATENCY,
)
VIEW_RECORDS = _gauge("braid_view_records", "Records in a local view.", "None.", "view")
STALE_RECORDS = _counter("braid_stale_records_total", "Records dropped by a reader: not newer than what it has.",
                         "Normal after a takeover.", "view")
UNREADABLE = _counter(
    "braid_unreadable_records_total", "Records of our own topics that this release cannot read.",
    "Any: a newer release writes; upgrade the readers first.", "view",
)
ITEMS_OF_OTHER_MODEL = _counter(
    "braid_items_of_other_model_total", "Items left out of the index: their vectors are of another encoder.",
    "After a model change until all items are encoded anew; for ever: serve and workers are configured differently.",
)
REQUEST_SECONDS = _histogram("braid_request_seconds", "Duration of HTTP requests by route template.",
                             "p99 above the objective: see braid_index_delta_rows.", "route", "status")
INGEST_SECONDS = _histogram(
    "braid_ingest_request_seconds",
    "HTTP requests to ingest by route and status, until the brokers have confirmed.",
    "High: the brokers are slow to confirm. 503: they are away. 429: raise BRAID_INGEST_API__MAX_WAITING, or run more.",
    "route",
    "status",
)
INGEST_EVENTS = _counter(
    "braid_ingest_events_total",
    "Events that came over HTTP, by verdict (accepted, rejected, unconfirmed) and its code.",
    "rejected rises: the platform changed its format; the code says what. unconfirmed: clients must send again.",
    "platform",
    "verdict",
    "code",
)
INGEST_WAITING = _gauge(
    "braid_ingest_waiting_records",
    "Records that are handed to the producer and not confirmed.",
    "Near BRAID_INGEST_API__MAX_WAITING: the brokers cannot keep up.",
)
SNAPSHOTS_REFUSED = _counter(
    "braid_snapshots_refused_total", "Index snapshots that a start found damaged: an older one or the topic served.",
    "Any: look after the disk; what is missing was read again from the topic.",
)
SNAPSHOTS = _counter("braid_snapshots_total", "Index snapshots written.", "Flat: see the log.", "outcome")


def start_process_metrics() -> None:
    """Add the process's own memory, CPU and descriptors; once per process, by the composition root."""
    ProcessCollector(registry=REGISTRY)
    PlatformCollector(registry=REGISTRY)
    GCCollector(registry=REGISTRY)
