"""Configuration classes: what Yoto runs with when nobody says otherwise.

Values come in this order, the later winning: the class, ``YOTO_*`` environment variables, the
mapping given to ``create_app``. Each key is declared once, with its default, what it may be and
what it means: those of the platform in ``yoto/settings``, those of this application here.
``app/settings.py`` checks them at start, and docs/settings.md lists them.
"""

from __future__ import annotations

from yoto.settings import Defaults, choice, flag, number, optional, text, whole

_FUNCTION = r"[A-Za-z_][\w.]*:[A-Za-z_]\w*"
_HOST = r"\.?[A-Za-z0-9.:\[\]-]+"


class Base(Defaults):
    """Defaults of every environment, over those of the platform. ``None``: not configured."""

    ENVIRONMENT = "base"
    BREAK_GLASS_HASH = optional(
        "the 64 hexadecimal digits that flask control break-glass shows",
        "Hash of the token that opens the control plane when database or permissions are down.",
        r"[0-9a-f]{64}",
        secret=True,
    )
    DATABASE_URL = optional(
        "a SQLAlchemy address of SQLite, PostgreSQL, MariaDB or MySQL",
        "`postgresql+psycopg://user:password@host/name`, `mysql+pymysql://...`; "
        "without it SQLite in the instance folder.",
        secret=True,
    )
    ALLOW_EMBEDDED = flag(False, "Lets production run on SQLite and the embedded Valkey.")
    AUTO_MIGRATE = flag(False, "Whether `run.py` brings the tables up to date at start.")
    SEED_DEMO = flag(False, "Whether it fills an empty database with the demo community.")

    ASYNC_MODE = choice(
        "eventlet",
        ("eventlet", "gevent", "threading"),
        "How a worker serves; `gevent` needs `pip install gevent`.",
    )
    HOST = text("127.0.0.1", "an address to listen on", r".+", "The address to listen on.")
    PORT = whole(5000, 0, 65_535, "", "The port to listen on.")
    DRAIN_SECONDS = number(
        10.0,
        0,
        600,
        "s",
        "How long running requests may take when the process ends; it is gone 2 s later at most.",
    )
    CONNECTIONS_MAX = whole(
        2000, 1, 100_000, "connections", "Connections of one worker, those of Socket.IO apart."
    )
    CONNECTIONS_PER_ADDRESS = whole(
        400,
        1,
        100_000,
        "connections",
        "How many of them one address may have, or one /64 of IPv6; behind trusted proxies any"
        " number.",
    )
    REQUEST_HEAD_SECONDS = number(10.0, 0.5, 600, "s", "Time for the headers of a request.")
    REQUEST_BODY_SECONDS = number(30.0, 0.5, 3600, "s", "Time for its body.")
    KEEP_ALIVE_SECONDS = number(
        15.0, 0.5, 3600, "s", "Time until the next request on the same connection."
    )
    SOCKETS_JOIN_SECONDS = number(
        10.0, 0.5, 60, "s", "After so long a socket that has joined no namespace is closed."
    )
    SOCKETS_PING_INTERVAL = whole(25, 1, 300, "s", "Time between two pings of a socket.")
    SOCKETS_PING_TIMEOUT = whole(20, 1, 300, "s", "How long an answer to one may take.")
    LOG_FORMAT = choice("console", ("json", "console"), "The form of lines of the log.")
    TRACER_PROVIDER = optional(
        "module:function",
        "Returns OpenTelemetry's `TracerProvider`; without it nothing is traced.",
        _FUNCTION,
    )
    EXTENSIONS = optional(
        "module:function, several of them separated by commas",
        "Code of your own that registers more: [extend.md](extend.md).",
        rf"{_FUNCTION}(?:,{_FUNCTION})*",
    )

    ACCESS_TOKEN_SECONDS = whole(900, 1, 86_400, "s", "Life of an access token.")
    REFRESH_TOKEN_SECONDS = whole(30 * 24 * 3600, 60, 31_536_000, "s", "Life of a refresh token.")
    PASSWORD_MIN_LENGTH = whole(10, 8, 128, "characters", "The shortest password.")
    # The parameters of RFC 9106 for machines with little memory: 64 MiB, three passes.
    ARGON2_TIME_COST = whole(3, 1, 20, "passes", "Passes of the hash of a password.")
    ARGON2_MEMORY_KIB = whole(64 * 1024, 32, 4_194_304, "KiB", "Memory of that hash.")
    TRUSTED_HOSTS = optional(
        "names of hosts, separated by commas",
        "The hosts that requests may be for; any other is answered 400.",
        rf"{_HOST}(?:,{_HOST})*",
    )

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
