"""How an application's Redis is reached: read once from its configuration and checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis.connection import parse_url

from yoto.errors import ConfigurationError
from yoto.redis.keys import DEFAULT_PREFIX

DEFAULT_PORT = 6379

# A healthy server of the same network answers in well under a millisecond; a quarter of a second
# is long enough for a pause of its process and short enough for a user who waits.
SOCKET_TIMEOUT = 0.25  # s
CONNECT_TIMEOUT = 0.25  # s

# How long a repeatable script may be tried again: a slot that moves needs milliseconds; a failover
# needs seconds, for which no request should wait.
RETRY_TIME = 0.5  # s

MAX_CONNECTIONS = 64  # per server, process and pool

_SCHEMES = {"redis": "redis", "rediss": "rediss", "unix": "unix"}
# Valkey's own names for the same protocol.
_SCHEMES |= {"valkey": "redis", "valkeys": "rediss", "valkey+unix": "unix"}


@dataclass(frozen=True)
class RedisSettings:
    """Where Redis is and how patient we are with it. Times are in seconds.

    Attributes:
        url: one server (``redis://``, ``rediss://``, ``unix://``).
        nodes: where to ask for the cluster, as (host, port); wins over ``url``.
        embedded_dir: folder of the embedded server, used when neither is given.
        tls_ca_certs: file of certificates to trust instead of the system's.
        retry_time: how long a repeatable script may be retried in all.
    """

    url: str | None = field(default=None, repr=False)
    nodes: tuple[tuple[str, int], ...] = ()
    embedded_dir: Path | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    tls_ca_certs: str | None = None
    db: int = 0
    socket_timeout: float = SOCKET_TIMEOUT
    connect_timeout: float = CONNECT_TIMEOUT
    retry_time: float = RETRY_TIME
    max_connections: int = MAX_CONNECTIONS
    key_prefix: str = DEFAULT_PREFIX

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], instance_path: str | Path | None = None
    ) -> RedisSettings:
        """Read the ``REDIS_*`` keys of ``config``; values may be text, as from the environment.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
        """
        embedded = Path(instance_path) / "redis" if instance_path is not None else None
        return cls(
            url=_url(config.get("REDIS_URL")),
            nodes=parse_nodes(config.get("REDIS_CLUSTER_NODES")),
            embedded_dir=embedded,
            username=_text(config, "REDIS_USERNAME"),
            password=_text(config, "REDIS_PASSWORD"),
            tls=_flag(config, "REDIS_TLS"),
            tls_ca_certs=_text(config, "REDIS_TLS_CA_CERTS"),
            db=_whole(config, "REDIS_DB", 0, minimum=0),
            socket_timeout=_seconds(config, "REDIS_SOCKET_TIMEOUT", SOCKET_TIMEOUT),
            connect_timeout=_seconds(config, "REDIS_CONNECT_TIMEOUT", CONNECT_TIMEOUT),
            retry_time=_seconds(config, "REDIS_RETRY_TIME", RETRY_TIME),
            max_connections=_whole(config, "REDIS_MAX_CONNECTIONS", MAX_CONNECTIONS, minimum=1),
            key_prefix=_prefix(config),
        )


def parse_nodes(value: Any) -> tuple[tuple[str, int], ...]:
    """Cluster nodes in any of the ways people write them.

    ``"a:7000,b:7001"``, ``'["a:7000"]'``, ``["a:7000", "b"]``, ``[{"host": "a", "port": 7000}]``,
    ``[["a", 7000]]``, or one such item alone. The port is 6379 when left out.

    Raises:
        ConfigurationError: an item is none of these; it names ``REDIS_CLUSTER_NODES``.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        value = _split_text(value)
    if isinstance(value, Mapping):
        value = [value]
    if not isinstance(value, Iterable):
        raise _bad_node(value)
    return tuple(dict.fromkeys(_node(item) for item in value))


def _split_text(text: str) -> Any:
    text = text.strip()
    if text[:1] in ("[", "{"):
        try:
            return json.loads(text)
        except ValueError:
            # "[::1]:7000" starts like JSON and is an address.
            if not text.startswith("[") or '"' in text:
                raise _bad_node(text) from None
    return [item.strip() for item in text.split(",") if item.strip()]


def _node(item: Any) -> tuple[str, int]:
    host: Any
    port: Any = DEFAULT_PORT
    if isinstance(item, str):
        try:
            parts = urlsplit(f"//{item.strip()}")
            host, port = parts.hostname, DEFAULT_PORT if parts.port is None else parts.port
        except ValueError:
            raise _bad_node(item) from None
        if parts.path or parts.query or parts.username:
            raise _bad_node(item)
    elif isinstance(item, Mapping):
        host, port = item.get("host"), item.get("port", DEFAULT_PORT)
    elif isinstance(item, (list, tuple)) and len(item) == 2:
        host, port = item
    else:
        raise _bad_node(item)
    try:
        port = int(port)
    except (TypeError, ValueError):
        raise _bad_node(item) from None
    if not isinstance(host, str) or not host or not 0 < port < 65536:
        raise _bad_node(item)
    return host, port


def _bad_node(item: Any) -> ConfigurationError:
    return ConfigurationError(
        "REDIS_CLUSTER_NODES",
        f"{item!r} is no node; write 'host:port,host:port' or a list of those or of "
        '{"host": ..., "port": ...}',
    )


def _url(value: Any) -> str | None:
    if value is None or value == "":
        return None
    schemes = "redis://, rediss:// or unix://"
    if not isinstance(value, str):
        raise ConfigurationError("REDIS_URL", f"must be text such as {schemes}...")
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in _SCHEMES:
        # The value itself is not shown: it may hold a password.
        raise ConfigurationError("REDIS_URL", f"must start with {schemes}")
    url = f"{_SCHEMES[scheme]}://{rest}"
    try:
        parse_url(url)  # type: ignore[no-untyped-call]
    except ValueError:
        # redis-py's message may quote a part of the password.
        raise ConfigurationError(
            "REDIS_URL", "is no valid address; characters like / in a password need %-escapes"
        ) from None
    return url


def _text(config: Mapping[str, Any], key: str) -> str | None:
    value = config.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ConfigurationError(key, "must be text")
    return value


def _flag(config: Mapping[str, Any], key: str) -> bool:
    value = config.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    words = {
        "1": True,
        "true": True,
        "yes": True,
        "0": False,
        "false": False,
        "no": False,
        "": False,
    }
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise ConfigurationError(key, "must be true or false") from None


def _whole(config: Mapping[str, Any], key: str, default: int, minimum: int) -> int:
    value = config.get(key)
    if value is None or value == "":
        return default
    try:
        number = int(str(value))
    except ValueError:
        raise ConfigurationError(key, f"must be a whole number, not {value!r}") from None
    if number < minimum:
        raise ConfigurationError(key, f"must be at least {minimum}, not {number}")
    return number


def _seconds(config: Mapping[str, Any], key: str, default: float) -> float:
    value = config.get(key)
    if value is None or value == "":
        return default
    try:
        number = float(str(value))
    except ValueError:
        raise ConfigurationError(key, f"must be seconds, not {value!r}") from None
    if not 0 < number <= 60:
        raise ConfigurationError(key, f"must be above 0 and at most 60 seconds, not {value!r}")
    return number


def _prefix(config: Mapping[str, Any]) -> str:
    value = config.get("REDIS_KEY_PREFIX", DEFAULT_PREFIX)
    if not isinstance(value, str) or not value or "{" in value or "}" in value:
        raise ConfigurationError("REDIS_KEY_PREFIX", "must be text without braces, such as 'yoto:'")
    return value
