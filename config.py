"""Configuration classes: what Yoto runs with when nobody says otherwise.

Values come in this order, the later winning: the class, ``YOTO_*`` environment variables, the
mapping given to ``create_app``. ``app/settings.py`` says what each key means and checks it.
"""

from __future__ import annotations


class Base:
    """Defaults of every environment. ``None`` means: not configured."""

    ENVIRONMENT = "base"
    SECRET_KEY: str | None = None
    DATABASE_URL: str | None = None
    ALLOW_EMBEDDED = False
    AUTO_MIGRATE = False
    SEED_DEMO = False

    ASYNC_MODE = "eventlet"
    HOST = "127.0.0.1"
    PORT = 5000
    DRAIN_SECONDS = 10.0
    TRUSTED_PROXIES = 0
    LOG_LEVEL = "INFO"
    # "json" or "console"; and the share of requests that leave a line at their end: 0 for none.
    LOG_FORMAT = "console"
    LOG_REQUEST_SAMPLE = 1.0
    # "module:function" that returns OpenTelemetry's TracerProvider; without, nothing is traced.
    TRACER_PROVIDER: str | None = None

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

    # Seconds: how long memory and Redis answer checks after the invalidation log was last heard,
    # and how often what a dead writer left in the outbox is published.
    MAX_STALENESS = 2.0
    OUTBOX_RELAY = True
    OUTBOX_RELAY_INTERVAL = 1.0
    # Connections with which the cache loads, and seconds that a check waits for a free one.
    PERMISSION_POOL_SIZE = 4
    PERMISSION_POOL_WAIT = 2.0

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
    # Seconds between looks for changes that nobody told of.
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

    ACCESS_TOKEN_SECONDS = 900
    REFRESH_TOKEN_SECONDS = 30 * 24 * 3600
    PASSWORD_MIN_LENGTH = 10
    # The parameters of RFC 9106 for machines with little memory: 64 MiB, three passes.
    ARGON2_TIME_COST = 3
    ARGON2_MEMORY_KIB = 64 * 1024

    # Resource types of other applications: "record=7" makes the channels of server 7 records, each
    # known by its name. Several are separated by commas.
    AUTHZEN_TYPES = ""

    # Nothing a client sends in one request is larger than a few long messages.
    MAX_CONTENT_LENGTH = 256 * 1024
    SESSION_COOKIE_NAME = "yoto_session"
    SESSION_COOKIE_HTTPONLY = True
    SESSION_COOKIE_SAMESITE = "Lax"
    SESSION_COOKIE_SECURE = False


class Development(Base):
    """A laptop: embedded SQLite and Valkey under ``instance/``, migrated and seeded at start."""

    ENVIRONMENT = "development"
    ALLOW_EMBEDDED = True
    AUTO_MIGRATE = True
    SEED_DEMO = True


class Testing(Base):
    """The test suite: embedded parts, cheap password hashes, no seed."""

    ENVIRONMENT = "testing"
    TESTING = True
    ALLOW_EMBEDDED = True
    ASYNC_MODE = "threading"
    SECRET_KEY = "a key that only the tests use, and nobody else"
    OUTBOX_RELAY = False
    DECISION_RECORDS = False
    ARGON2_TIME_COST = 1
    ARGON2_MEMORY_KIB = 64


class Production(Base):
    """Servers: real database and Redis, a secret key given from outside, cookies over TLS only."""

    ENVIRONMENT = "production"
    LOG_FORMAT = "json"
    SESSION_COOKIE_SECURE = True


CLASSES: dict[str, type[Base]] = {
    cls.ENVIRONMENT: cls for cls in (Development, Testing, Production)
}
