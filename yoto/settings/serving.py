"""Settings of processes, addresses, logs and Redis."""

from __future__ import annotations

from typing import Any

from yoto.rules import Checked

from .setting import Setting, certificates, choice, flag, number, optional, share, text, whole

SECRET_MIN_LENGTH = 16  # characters; RFC 7518 wants as many bits as the hash for real secrets
WEB = r"https?://[^\s/].*"
SECONDS = (0.001, 60.0)


class Processes:
    """Processes and requests: [serving.md](serving.md)"""

    SECRET_KEY = optional(
        f"at least {SECRET_MIN_LENGTH} characters that nobody can guess",
        "Signs sessions and tokens, and seals secrets in the database. Without it, an application"
        " in development makes one in its instance folder, and a guest uses its host's.",
        rf".{{{SECRET_MIN_LENGTH},}}",
        secret=True,
    )
    SECRET_KEY_FALLBACK = optional(
        f"at least {SECRET_MIN_LENGTH} characters, and not the SECRET_KEY",
        "Another key whose sessions, tokens and sealed secrets are good too, while the key is being"
        " replaced: [production.md](production.md#rotation-of-secrets).",
        rf".{{{SECRET_MIN_LENGTH},}}",
        secret=True,
    )
    DATABASE_POOL_SIZE = whole(
        5,
        1,
        500,
        "connections",
        "Connections that a process keeps for its requests; it opens up to 10 more while all are in"
        " use.",
    )
    REQUESTS_AT_WORK = whole(
        0,
        0,
        10_000,
        "requests",
        "How many requests a worker works on at once; 0: twice the connections that it may have to"
        " the database. As many more wait for at most a second, and the rest is answered 503.",
    )
    ROOMS = optional(
        "all, none, or names of rooms with commas between them",
        "The optional features that it has: [rooms.md](rooms.md). Without it all; in an application"
        " that Yoto is a guest in, those that `Yoto(rooms=...)` names.",
        r"[a-z_]+(?:, ?[a-z_]+)*",
    )
    SOCKETS_MAX = whole(
        1000, 1, 100_000, "sockets", "Socket.IO connections of one worker; each takes some 50 kB."
    )
    SOCKETS_PER_ADDRESS = whole(
        200,
        1,
        100_000,
        "sockets",
        "How many of them one address may have, or one /64 of IPv6.",
    )
    SOCKETS_THREADS = whole(
        60,
        0,
        10_000,
        "threads",
        "Socket.IO connections of one worker with `YOTO_ASYNC_MODE=threading`, where each takes a"
        " thread. Pages that find none left ask at intervals.",
    )
    TRUSTED_PROXIES = whole(
        0, 0, 10, "proxies", "How many proxies in front are trusted to say who the client is."
    )
    REQUEST_DEADLINE = number(
        0,
        0,
        3600,
        "seconds",
        "How long a request may take whose route says nothing; 0: as long as it likes. See"
        " [deadlines.md](deadlines.md).",
    )
    PUBLIC_URL = optional(
        "an http:// or https:// address",
        "Where clients reach Yoto, for answers that name it.",
        WEB,
    )
    MAX_CONTENT_LENGTH = whole(
        256 * 1024, 1024, 67_108_864, "bytes", "The largest body of a request."
    )


class Logs:
    """Logs: [logs.md](logs.md)"""

    LOG_LEVEL = choice(
        "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"), "The lowest level that is logged."
    )
    LOG_REQUEST_SAMPLE = share(
        1.0,
        0,
        "Share of requests that leave a line. Failures (5xx) and denials (403) always do; with 0,"
        " none.",
    )


class Redis:
    """Redis: [redis.md](redis.md)"""

    REDIS_URL = optional(
        "a redis://, rediss:// or unix:// address",
        "The one server: `redis://user:password@host:6379/0`, `rediss://` for TLS,"
        " `unix:///path/to.sock?db=0`. Without it and without nodes there is an embedded server in"
        " the instance folder.",
        secret=True,
    )
    REDIS_CLUSTER_NODES: Any = Setting(
        None,
        Checked(lambda value: value, "nodes"),
        "Nodes of a cluster: `host:7000,host:7001`; wins over the URL.",
        optional=True,
    )
    REDIS_USERNAME = optional(
        "a user of the Redis server", "For cluster nodes, and for a URL that has no user."
    )
    REDIS_PASSWORD = optional("the password of that user", "The same.", secret=True)
    REDIS_TLS = flag(False, "TLS to cluster nodes, and to a `redis://` URL.")
    REDIS_TLS_CA_CERTS = certificates("Certificates to trust instead of the system's.")
    REDIS_TLS_CERT = certificates("Our certificate, for servers that ask for one.")
    REDIS_TLS_KEY = optional(
        "a file with its private key", "Its key; it may stand in the file of the certificate."
    )
    REDIS_DB = whole(0, 0, 65_535, "", "Database number; a cluster has only 0.")
    REDIS_SOCKET_TIMEOUT = number(0.25, *SECONDS, "s", "How long one answer may take.")
    REDIS_CONNECT_TIMEOUT = number(0.25, *SECONDS, "s", "How long opening a connection may take.")
    REDIS_RETRY_TIME = number(
        0.5, *SECONDS, "s", "How long a repeatable script is tried again, in all."
    )
    REDIS_MAX_CONNECTIONS = whole(
        64,
        1,
        10_000,
        "connections",
        "Connections to one server, in each of the two pools of a process.",
    )
    REDIS_KEY_PREFIX = text(
        "yoto:", "text without braces, such as yoto:", r"[^{}]+", "Begins every key."
    )


class Guards:
    """Guards: [resilience.md](resilience.md)"""

    RESILIENCE_ENABLED = flag(
        True,
        "False lets everything through every guard without asking Redis: for tests, refused in"
        " production.",
    )
    LOCAL_SHARE_WORKERS = whole(
        0,
        0,
        100_000,
        "processes",
        "How many processes, on all machines together, share each limit while Redis is away: for"
        " one that began without Redis and finds no use of others beside it. 0: one unit of each"
        " limit for it. Where it is 0, the number of `run.py --workers`, gunicorn, uWSGI or"
        " `WEB_CONCURRENCY` counts.",
    )
