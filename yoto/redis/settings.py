"""Redis settings of an application: read once from its configuration and checked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis.connection import parse_url

from yoto.errors import ConfigurationError
from yoto.settings import of, read

DEFAULT_PORT = 6379

_SCHEMES = {"redis": "redis", "rediss": "rediss", "unix": "unix"}
# Valkey's own names for the same protocol.
_SCHEMES |= {"valkey": "redis", "valkeys": "rediss", "valkey+unix": "unix"}


@dataclass(frozen=True)
class RedisSettings:
    """The address of Redis, and the time-outs. Times are in seconds.

    Attributes:
        url: one server (``redis://``, ``rediss://``, ``unix://``).
        nodes: where to ask for the cluster, as (host, port); wins over ``url``.
        embedded_dir: folder of the embedded server, used when neither is given.
        tls_ca_certs: file of certificates to trust instead of the system's.
        tls_cert: file of our certificate, for servers that ask for one.
        tls_key: file of its private key; None: it stands in the same file.
        retry_time: how long a repeatable script may be retried in all.
    """

    url: str | None = of("REDIS_URL")
    nodes: tuple[tuple[str, int], ...] = ()
    embedded_dir: Path | None = None
    username: str | None = of("REDIS_USERNAME")
    password: str | None = of("REDIS_PASSWORD")
    tls: bool = of("REDIS_TLS")
    tls_ca_certs: str | None = of("REDIS_TLS_CA_CERTS")
    tls_cert: str | None = of("REDIS_TLS_CERT")
    tls_key: str | None = of("REDIS_TLS_KEY")
    db: int = of("REDIS_DB")
    socket_timeout: float = of("REDIS_SOCKET_TIMEOUT")
    connect_timeout: float = of("REDIS_CONNECT_TIMEOUT")
    retry_time: float = of("REDIS_RETRY_TIME")
    max_connections: int = of("REDIS_MAX_CONNECTIONS")
    key_prefix: str = of("REDIS_KEY_PREFIX")

    @classmethod
    def from_config(
        cls, config: Mapping[str, Any], instance_path: str | Path | None = None
    ) -> RedisSettings:
        """Read the ``REDIS_*`` keys of ``config``; values may be text, as from the environment.

        Raises:
            ConfigurationError: a value is wrong; it names the key.
        """
        found = read(
            cls,
            config,
            nodes=parse_nodes(config.get("REDIS_CLUSTER_NODES")),
            embedded_dir=Path(instance_path) / "redis" if instance_path is not None else None,
        )
        if found.url is not None:
            found = replace(found, url=_url(found.url))
        if found.is_plain and (found.tls_ca_certs or found.tls_cert):
            # Settings with certificates must not lead to plain text for want of one letter.
            raise ConfigurationError(
                "REDIS_TLS", "certificates are given and the connection would be plain: set it"
            )
        return found

    @property
    def is_plain(self) -> bool:
        """Whether connections are without TLS."""
        return not self.tls and (bool(self.nodes) or not (self.url or "").startswith("rediss:"))


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


def _url(value: str) -> str:
    schemes = "redis://, rediss:// or unix://"
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
