"""The metrics of the platform: their names and meanings.

Dashboards, alert rules and the summary name metrics by these constants, so none can name one that
does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping

# HTTP
REQUESTS = "yoto_http_requests_total"
REQUEST_TIME = "yoto_http_request_seconds"
STEP_FAILURES = "yoto_http_step_failures_total"
OVERLOADED = "yoto_http_overloaded_total"
LATE = "yoto_http_late_total"
DEADLINES_IGNORED = "yoto_http_deadlines_ignored_total"

# Permissions
CHECKS = "yoto_permission_checks_total"
CHECK_TIME = "yoto_permission_check_seconds"
CHECK_ERRORS = "yoto_permission_check_errors_total"
DENIALS = "yoto_permission_denials_total"
LOAD_TIME = "yoto_permission_load_seconds"

# Cache and invalidation
LOOKUPS = "yoto_cache_lookups_total"
CACHE_EVENTS = "yoto_cache_events_total"
CACHE_ENTRIES = "yoto_cache_entries"
CACHE_CAPACITY = "yoto_cache_capacity"
CACHE_TTL = "yoto_cache_ttl_seconds"
CACHE_EVICTIONS = "yoto_cache_evictions_total"
L2_TIME = "yoto_cache_l2_read_seconds"
STALENESS = "yoto_invalidation_staleness_seconds"
STALENESS_WORST = "yoto_invalidation_staleness_worst"
LOG_SILENCE = "yoto_invalidation_log_silent_for"
LOG_APPLIED = "yoto_invalidation_log_applied"
LOG_NEWEST = "yoto_invalidation_log_newest"
LOG_EVENTS = "yoto_invalidation_log_total"
OUTBOX = "yoto_outbox_events_total"

# Stores
DATABASE_TIME = "yoto_database_statement_seconds"
DATABASE_ERRORS = "yoto_database_errors_total"
REDIS_UP = "yoto_redis_up"
REDIS_TIME = "yoto_redis_round_trip_seconds"
REDIS_ERRORS = "yoto_redis_errors_total"
REDIS_CONNECTIONS = "yoto_redis_connections"
DATABASE_CONNECTIONS = "yoto_database_connections"
POOL_TAKES = "yoto_database_pool_takes_total"
POOL_SIZE = "yoto_database_pool_size"
POOL_BUSIEST = "yoto_database_pool_busiest"
STORE_ERRORS = "yoto_guard_store_errors_total"

# Guards, locks, policies
REJECTIONS = "yoto_guard_rejections_total"
PASSES = "yoto_guard_passes_total"
GUARD_TIME = "yoto_guard_enter_seconds"
BREAKER_STATE = "yoto_circuit_breaker_state"
BULKHEAD_HELD = "yoto_bulkhead_in_flight"
BULKHEAD_LIMIT = "yoto_bulkhead_limit"
BULKHEAD_BUSY = "yoto_bulkhead_busy_seconds_total"
LIMIT_REFUSALS = "yoto_rate_limit_refusals_total"
LEASED_UNITS = "yoto_guard_leased_units_total"
TOP_REFUSALS = "yoto_rate_limit_top_caller_refusals"
ANSWERED_LOCALLY = "yoto_guard_answered_locally_total"
LOCKS = "yoto_locks_total"
LOCKS_HELD = "yoto_locks_held"
LOCK_TIME = "yoto_lock_acquire_seconds"
POLICY_EVALUATIONS = "yoto_policy_evaluations_total"

# Queues, as far as alert rules and units name what a room measures
QUEUE_ITEMS = "yoto_queue_items"
QUEUE_AGE = "yoto_queue_oldest_age"
QUEUE_UNSERVED = "yoto_queue_unserved_items"
INVALIDATION_AGE = "yoto_invalidation_queue_oldest_age"

# Workers, and people who sign in
WORKERS = "yoto_workers"
SIGN_INS = "yoto_sign_ins_total"

# Sockets of operators
CONTROL_SOCKETS = "yoto_control_sockets"
CONTROL_SOCKET_QUEUE = "yoto_control_socket_queue"
CONTROL_SOCKET_MESSAGES = "yoto_control_socket_messages_total"
CONTROL_SOCKETS_ENDED = "yoto_control_sockets_ended_total"

# The process and the monitor itself
MEMORY = "yoto_process_resident_memory_bytes"
MEMORY_SHARE = "yoto_memory_share"
MEMORY_LIMIT = "yoto_memory_limit_bytes"
CPU = "yoto_process_cpu_seconds_total"
THREADS = "yoto_process_threads"
DELAY = "yoto_thread_delay_seconds"
FLUSH_TIME = "yoto_monitor_flush_seconds"
FLUSHED_SECONDS = "yoto_monitor_recorded_seconds_total"
BACKEND_FAILURES = "yoto_monitor_failures_total"
SOURCE_FAILURES = "yoto_monitor_source_failures_total"
SERIES_REFUSED = "yoto_monitor_series_refused_total"
LOST_SECONDS = "yoto_monitor_lost_seconds_total"
COMPLETE = "yoto_monitor_complete"

HELP = {
    WORKERS: "processes of the application, by state; silent ones of the last hour",
    SIGN_INS: "sign-ins, by outcome: accepted, failed, or refused as too many",
    REQUESTS: "HTTP answers, by part of the API and class of status, or planned for an ordered 503",
    REQUEST_TIME: "time from request to answer",
    STEP_FAILURES: "functions that failed after a request was answered, which stayed as it was",
    OVERLOADED: "requests refused because the worker had as many as it works on at once",
    LATE: "requests that their deadline found unanswered",
    DEADLINES_IGNORED: "headers with a caller's deadline that were no number, negative or too long",
    CHECKS: "permission verdicts, by permission, result and the tier that had the permissions",
    CHECK_TIME: "time of a verdict; allows that memory gives at once are counted, not timed",
    CHECK_ERRORS: "checks that ended without a verdict because a store was away",
    DENIALS: "denials by permission and reason; memory does not know why",
    LOAD_TIME: "time to load the permissions of a user in a place from the database",
    LOOKUPS: "look-ups by tier and result",
    CACHE_EVENTS: "what else the cache counts, by event",
    CACHE_ENTRIES: "keys in the memory of one process, by kind",
    CACHE_CAPACITY: "keys that there may be, by kind",
    CACHE_TTL: "seconds that an entry lives, by kind",
    CACHE_EVICTIONS: "entries that had to go for others, by kind",
    L2_TIME: "time of a read from the second tier",
    STALENESS: "time from a change to its being applied by a worker",
    STALENESS_WORST: "seconds: the oldest change that a worker applied in the last minute",
    LOG_SILENCE: "seconds since the invalidation log was last heard",
    LOG_APPLIED: "number of the last entry of the invalidation log that was applied",
    LOG_NEWEST: "number of the newest entry of the log that a worker has seen or written",
    LOG_EVENTS: "entries of the invalidation log applied, gaps, lapses and losses",
    OUTBOX: "events published, held back, relayed",
    DATABASE_TIME: "time of a statement",
    DATABASE_ERRORS: "statements that failed, by what went wrong",
    REDIS_UP: "1 while calls to Redis go through",
    REDIS_TIME: "time of a script call: the one of each flush, as a sample of all",
    REDIS_ERRORS: "calls to Redis that failed, by what went wrong",
    REDIS_CONNECTIONS: "connections to Redis that a process has open, in use or idle",
    DATABASE_CONNECTIONS: "connections to the database that a process has open, in use or idle",
    POOL_TAKES: "connections taken from a pool: at once, after waiting, and in vain",
    POOL_SIZE: "connections that a pool of one process may have",
    POOL_BUSIEST: "most connections of a pool in use at once since the flush before",
    STORE_ERRORS: "script calls of guards that failed",
    REJECTIONS: "calls that guards refused, by kind and name",
    PASSES: "calls that guards let through, by kind and name",
    GUARD_TIME: "time to be let in by a guard of several parts, waiting for a slot included",
    BREAKER_STATE: "0 closed, 1 half open, 2 open, 3 isolated, 4 disabled, 5 metrics only",
    BULKHEAD_HELD: "callers of one process inside a bulkhead",
    BULKHEAD_LIMIT: "callers that a bulkhead lets in at once, over all workers, of each partition",
    BULKHEAD_BUSY: "seconds that callers were inside a bulkhead",
    LIMIT_REFUSALS: "calls that rate limits refused, by the dimension that did",
    LEASED_UNITS: "units of rate limits and slots of bulkheads that this process leased, and of "
    "them those given back and those that ran out unused",
    TOP_REFUSALS: "refusals of the last minute, of the caller that a limit refused most",
    ANSWERED_LOCALLY: "calls that guards decided without Redis",
    LOCKS: "distributed locks, by outcome",
    LOCKS_HELD: "distributed locks held now",
    LOCK_TIME: "time to take a distributed lock, waiting for others included",
    POLICY_EVALUATIONS: "policy evaluations by outcome",
    QUEUE_ITEMS: "items of the batch queue, over all workers, by kind and state",
    QUEUE_AGE: "seconds since the oldest item of a kind was put in",
    QUEUE_UNSERVED: "items of a kind that no living process has a handler for",
    INVALIDATION_AGE: "seconds since the oldest queued invalidation was put in",
    CONTROL_SOCKETS: "sockets of the control plane that are open in a process",
    CONTROL_SOCKET_QUEUE: "messages that wait for the client for which most do",
    CONTROL_SOCKET_MESSAGES: "messages sent to sockets of the control plane, one a client",
    CONTROL_SOCKETS_ENDED: "sockets of the control plane that the process closed, by reason",
    MEMORY: "resident memory",
    MEMORY_SHARE: "use of the memory that all processes here share: their container, or the host",
    MEMORY_LIMIT: "the memory that all processes here share",
    CPU: "processor time used, user and system",
    THREADS: "threads of the interpreter",
    DELAY: "how late a thread, or the event loop, ran that had asked to be woken",
    FLUSH_TIME: "time to deliver one second of measurements",
    FLUSHED_SECONDS: "seconds for which workers recorded",
    BACKEND_FAILURES: "what went wrong with keeping measurements, by backend and kind",
    SOURCE_FAILURES: "sources that could not be read",
    SERIES_REFUSED: "series beyond what a process may hold, or the store, at each delivery",
    LOST_SECONDS: "seconds whose measurements were given up, because the store was away too long",
    COMPLETE: "1 while the sums of all workers of this host are known",
}

_OF_ROOMS: dict[str, str] = {}


def describe(series: Mapping[str, str]) -> None:
    """Add the descriptions of a room's metrics."""
    _OF_ROOMS.update(series)


def help_of(name: str) -> str:
    """The description of a metric; empty: it is none of the platform's."""
    return HELP.get(name) or _OF_ROOMS.get(name, "")
