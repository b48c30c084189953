"""Configuration classes: what Yoto runs with when nobody says otherwise.

Values come in this order, the later winning: the class, ``YOTO_*`` environment variables, the
mapping given to ``create_app``. What the platform runs with is in ``yoto/defaults.py``;
``app/settings.py`` and ``yoto/settings.py`` say what each key means and check it.
"""

from __future__ import annotations

from yoto.defaults import Defaults


class Base(Defaults):
    """Defaults of every environment, over those of the platform. ``None``: not configured."""

    ENVIRONMENT = "base"
    # The hash of the token that opens the control plane when database or permissions are down.
    BREAK_GLASS_HASH: str | None = None
    DATABASE_URL: str | None = None
    ALLOW_EMBEDDED = False
    AUTO_MIGRATE = False
    SEED_DEMO = False

    ASYNC_MODE = "eventlet"
    HOST = "127.0.0.1"
    PORT = 5000
    DRAIN_SECONDS = 10.0
    # Connections that one worker takes, those of Socket.IO apart, and how many of them one address
    # may have, or one /64 of IPv6; behind trusted proxies, which bring everybody's, any number.
    CONNECTIONS_MAX = 2000
    CONNECTIONS_PER_ADDRESS = 400
    # Seconds for the headers of a request, for its body, and until the next one on a connection.
    REQUEST_HEAD_SECONDS = 10.0
    REQUEST_BODY_SECONDS = 30.0
    KEEP_ALIVE_SECONDS = 15.0
    # Seconds until a connection that has joined no namespace is closed; between two pings, and
    # until one is answered.
    SOCKETS_JOIN_SECONDS = 10.0
    SOCKETS_PING_INTERVAL = 25
    SOCKETS_PING_TIMEOUT = 20
    # "json" or "console".
    LOG_FORMAT = "console"
    # "module:function" that returns OpenTelemetry's TracerProvider; without, nothing is traced.
    TRACER_PROVIDER: str | None = None
    # Own code that registers more: module:function, separated by commas; see docs/extend.md.
    EXTENSIONS: str | None = None

    ACCESS_TOKEN_SECONDS = 900
    REFRESH_TOKEN_SECONDS = 30 * 24 * 3600
    PASSWORD_MIN_LENGTH = 10
    # The parameters of RFC 9106 for machines with little memory: 64 MiB, three passes.
    ARGON2_TIME_COST = 3
    ARGON2_MEMORY_KIB = 64 * 1024
    # The names of hosts that requests may be for, separated by commas: any other is answered 400.
    TRUSTED_HOSTS: str | None = None

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
    WARM_UP_AT_START = False
    DECISION_RECORDS = False
    MONITOR = False
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
