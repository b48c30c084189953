"""How to open a connection: redis-py's connection class and its arguments, from our settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.backoff import NoBackoff
from redis.connection import AbstractConnection, SSLConnection, parse_url
from redis.retry import Retry

from yoto.redis.patience import PatientSocket, PatientTCP, PatientTLS
from yoto.redis.settings import DEFAULT_PORT, RedisSettings


@dataclass(frozen=True)
class Endpoint:
    """One server's address with everything that opening a connection to it takes."""

    name: str
    connection_class: Callable[..., AbstractConnection]
    options: dict[str, Any] = field(repr=False)

    def connection(self) -> AbstractConnection:
        """A connection that is not open yet."""
        return self.connection_class(**self.options)


def url_endpoint(settings: RedisSettings) -> Endpoint:
    """The server of ``settings.url``; what the address leaves out comes from the other settings."""
    assert settings.url is not None
    options = _common(settings) | {"db": settings.db}
    parsed: dict[str, Any] = parse_url(settings.url)  # type: ignore[no-untyped-call]
    options |= parsed
    if "path" in options:
        return socket_endpoint(settings, options.pop("path"), options)
    host = options.setdefault("host", "localhost")
    port = options.setdefault("port", DEFAULT_PORT)
    tls = options.pop("connection_class", None) is SSLConnection or settings.tls
    return _tcp(settings, f"{host}:{port}", tls, options)


def node_endpoint(settings: RedisSettings, host: str, port: int) -> Endpoint:
    """One of ``settings.nodes``, or a server that one of them named."""
    options = _common(settings) | {"host": host, "port": port}
    return _tcp(settings, f"{host}:{port}", settings.tls, options)


def socket_endpoint(
    settings: RedisSettings, path: str | Path, options: dict[str, Any] | None = None
) -> Endpoint:
    """A server behind a unix socket."""
    options = dict(options if options is not None else _common(settings) | {"db": settings.db})
    options.pop("connection_class", None)
    options["path"] = str(path)
    return Endpoint(str(path), PatientSocket, options)


def _common(settings: RedisSettings) -> dict[str, Any]:
    return {
        "username": settings.username,
        "password": settings.password,
        "socket_timeout": settings.socket_timeout,
        "socket_connect_timeout": settings.connect_timeout,
        # redis-py would try for seconds; waiting and trying again are decided above it.
        "retry": Retry(NoBackoff(), 0),
        # Naming the library costs two more round trips a connection.
        "driver_info": None,
    }


def _tcp(settings: RedisSettings, name: str, tls: bool, options: dict[str, Any]) -> Endpoint:
    if not tls:
        return Endpoint(name, PatientTCP, options)
    if settings.tls_ca_certs is not None:
        options.setdefault("ssl_ca_certs", settings.tls_ca_certs)
    if settings.tls_cert is not None:
        options.setdefault("ssl_certfile", settings.tls_cert)
        options.setdefault("ssl_keyfile", settings.tls_key or settings.tls_cert)
    return Endpoint(name, PatientTLS, options)
