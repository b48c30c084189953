"""What the platform runs with when nobody says otherwise; ``yoto/settings.py`` checks it."""

from __future__ import annotations


class Defaults:
    """A value of each setting. ``None`` means: not configured."""

    SECRET_KEY: str | None = None
    # Connections that a process keeps for its requests; up to ten more while all are in use.
    DATABASE_POOL_SIZE = 5
    # Connections of Socket.IO that one worker takes; some 50 kB each.
    SOCKETS_MAX = 1000
    # How many of them one address may have, or one /64 of IPv6: some offices share one.
    SOCKETS_PER_ADDRESS = 200
    TRUSTED_PROXIES = 0
    LOG_LEVEL = "INFO"
    # The share of requests that leave a line at their end: 0 for none.
    LOG_REQUEST_SAMPLE = 1.0

    REDIS_URL: str | None = None
    REDIS_CLUSTER_NODES: str | None = None
    REDIS_USERNAME: str | None = None
    REDIS_PASSWORD: str | None = None
    REDIS_TLS = False
    REDIS_TLS_CA_CERTS: str | None = None
    REDIS_DB = 0
    REDIS_SOCKET_TIMEOUT = 0.25
    REDIS_CONNECT_TIMEOUT = 0.25
    REDIS_RETRY_TIME = 0.5
    REDIS_MAX_CONNECTIONS = 64
    REDIS_KEY_PREFIX = "yoto:"

    # False lets everybody through every guard without asking Redis: for tests, never in production.
    RESILIENCE_ENABLED = True

    # Seconds: how long memory and Redis answer checks after the invalidation log was last heard,
    # and how often what a dead writer left in the outbox is published.
    MAX_STALENESS = 2.0
    OUTBOX_RELAY = True
    OUTBOX_RELAY_INTERVAL = 1.0
    # Connections with which the cache loads, and seconds that a check waits for a free one.
    PERMISSION_POOL_SIZE = 4
    PERMISSION_POOL_WAIT = 2.0

    # The queue for floods of invalidations: "aggressive", "auto", "conservative", or "by_analysis".
    INVALIDATION_STRATEGY = "by_analysis"
    # Items in it from which it needs attention, is a warning, is critical; single items published a
    # second; items that one subject covers, and subjects, beyond which something larger is said.
    INVALIDATION_ATTENTION = 100
    INVALIDATION_WARNING = 500
    INVALIDATION_CRITICAL = 1_000
    INVALIDATION_PACE = 200
    INVALIDATION_MERGE_ABOVE = 20
    INVALIDATION_GLOBAL_ABOVE = 200
    # Seconds that an item waits at most for its turn, and between two looks at the queue.
    INVALIDATION_MAX_DELAY = 30.0
    INVALIDATION_INTERVAL = 1.0
    # Seconds between two looks for what ends or begins by itself, how far ahead, how long after its
    # moment it is told, and how far back the first look goes.
    INVALIDATION_BOUNDARY_INTERVAL = 1.0
    INVALIDATION_BOUNDARY_HORIZON = 30.0
    INVALIDATION_BOUNDARY_MARGIN = 0.5
    INVALIDATION_BOUNDARY_FALLBACK = 3_600.0
    # What is asked for most: whether it is counted, the mean life of a count in hours, how many
    # pairs and roles are kept, and how often a process tells Redis.
    HOT_COUNTS = True
    HOT_HOURS = 24.0
    HOT_MEMBERS = 10_000
    HOT_FLUSH_SECONDS = 5.0
    # Whether that is preloaded at intervals (s), how much of it a run, for at most how many
    # seconds, and the share of them in which it works; the rest is left to requests.
    PRELOAD = True
    PRELOAD_INTERVAL = 300.0
    PRELOAD_ENTRIES = 5_000
    PRELOAD_SECONDS = 30.0
    PRELOAD_SHARE = 0.25
    # Whether a process warms up when it starts, and the seconds that a step of it may take.
    WARM_UP_AT_START = True
    WARM_UP_SECONDS = 60.0
    # The batch queue: threads of a process that work (0: it only puts in), items and seconds of a
    # batch, tries and seconds between them, how old an item may be for a store that is away to use
    # up no try, how long a handler may take, and after how long a dead process's items are taken.
    QUEUE_WORKERS = 2
    QUEUE_BATCH_SIZE = 100
    QUEUE_BATCH_AGE = 0.1
    QUEUE_MAX_TRIES = 5
    QUEUE_RETRY_DELAY = 1.0
    QUEUE_RETRY_DELAY_MAX = 300.0
    QUEUE_PATIENCE = 86_400.0
    QUEUE_HANDLER_LIMIT = 30.0
    QUEUE_LEASE = 15.0
    # Handlers that hang and are replaced, items of a kind, dead letters kept, and seconds for which
    # a caller's key stands for the same item.
    QUEUE_ABANDONED = 4
    QUEUE_MAX_LENGTH = 1_000_000
    QUEUE_DEAD_KEPT = 10_000
    QUEUE_ONCE_SECONDS = 3600.0

    # Decisions to record: all denials, and this share of what is allowed; kept for so many days.
    DECISION_RECORDS = True
    DECISION_RECORD_ALLOW_SAMPLE = 0.01
    DECISION_RECORD_DAYS = 30.0

    # What runs policies: "embedded" in this process, or "opa", the OPA server at OPA_URL.
    POLICY_ENGINE = "embedded"
    OPA_URL: str | None = None
    OPA_TOKEN: str | None = None
    OPA_TIMEOUT = 1.0
    OPA_CA_CERTS: str | None = None
    # A folder whose policies are stored as soon as they are saved, for development.
    POLICY_DIR: str | None = None
    # Seconds between looks for changes that no event announced; five times as long while the log of
    # events is heard.
    POLICY_POLL_SECONDS = 2.0
    # Decisions kept, the seconds for which one is given again, and how far that may be widened
    # while the policies are slow. 0 seconds: none is kept.
    POLICY_CACHE_SIZE = 10_000
    POLICY_CACHE_SECONDS = 5.0
    POLICY_CACHE_SECONDS_MAX = 60.0
    # Milliseconds: the median evaluation that raises an alert, and the one at which a set of
    # policies is taken out; then "deny" everything, or go back to the "last_good" set.
    POLICY_SLOW_ALERT_MS = 50.0
    POLICY_SLOW_LIMIT_MS = 500.0
    POLICY_INSTEAD_OF_SLOW = "deny"
    # How far the share of denials may rise after a promotion before it is undone.
    POLICY_DENY_JUMP = 0.2

    # Seconds between evaluations of the alert rules, and days for which what is over is kept.
    ALERT_INTERVAL = 5.0
    ALERT_KEEP_DAYS = 30.0
    # Webhooks: seconds for an answer, hours after which a message that nobody takes is given up,
    # whether internal addresses and http are allowed, and certificates to trust.
    ALERT_WEBHOOK_TIMEOUT = 5.0
    ALERT_WEBHOOK_HOURS = 24.0
    ALERT_WEBHOOK_ALLOW_INTERNAL = False
    ALERT_WEBHOOK_CA_CERTS: str | None = None
    # Whether this process measures, where measurements are kept ("redis", for all workers, or
    # "memory", of each by itself), how many seconds pass between two deliveries, and the host:port
    # of a StatsD server that gets a copy.
    MONITOR = True
    MONITOR_BACKEND = "redis"
    MONITOR_INTERVAL = 1.0
    MONITOR_STATSD: str | None = None
    # The bearer token that /metrics wants; None: it is open to whoever reaches it.
    METRICS_TOKEN: str | None = None
    # Whether suggestions to tune are followed without anybody asking, how sure one must be for it,
    # and the seconds that are compared before and after a change.
    TUNING_AUTO = False
    TUNING_CONFIDENCE = 0.8
    TUNING_WINDOW = 300.0
    # Recording what users do and prefetching what they do next: the share of users, how many of
    # their actions are kept and for how long, and after how many days one counts half.
    PREFETCH_ENABLED = True
    PREFETCH_SAMPLE = 1.0
    PREFETCH_HISTORY = 128
    PREFETCH_RETENTION_DAYS = 30.0
    PREFETCH_HALF_LIFE_DAYS = 7.0
    # Actions that may wait in a process, and users of whom it has a model.
    PREFETCH_BUFFER = 10_000
    PREFETCH_USERS = 1_000
    # The probability from which a place is prefetched; loads a second and at a time; the share of
    # the cache that may be prefetched and not used yet; the share of prefetches that must be used.
    PREFETCH_CONFIDENCE = 0.2
    PREFETCH_RATE = 50.0
    PREFETCH_CONCURRENCY = 2
    PREFETCH_MEMORY_SHARE = 0.1
    PREFETCH_PRECISION = 0.4
    # How long a client may show controls by a snapshot of its user's permissions.
    PREFETCH_SNAPSHOT_SECONDS = 60.0

    # Resource types of other applications: "record=7" makes the channels of server 7 records, each
    # known by its name. Several are separated by commas.
    AUTHZEN_TYPES = ""
    # What the id of a subject is: "username", "external_id" or "id".
    AUTHZEN_SUBJECT = "username"
    # Where clients reach Yoto, for what tells them.
    PUBLIC_URL: str | None = None

    # Bytes. Nothing a client sends in one request is larger: a few long messages, or a policy.
    MAX_CONTENT_LENGTH = 256 * 1024
