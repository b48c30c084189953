"""The Flask extension: gives each application its own locks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from app.core.optimization.lock import DistributedLocks, FencedStore, OptimizedDistributedLock
from app.core.optimization.lock.fence import DEFAULT_TTL
from app.core.redis import RedisConnection, RedisStore

EXTENSION_KEY = "yoto.optimization"


@dataclass(frozen=True)
class OptimizationState:
    """What the extension keeps in an application.

    Attributes:
        locks: the distributed locks.
    """

    locks: DistributedLocks


class AdvancedOptimization:
    """``optimization = AdvancedOptimization()``; holds no state of its own."""

    def init_app(
        self, app: Flask, redis: RedisConnection | None = None, instance_id: str | None = None
    ) -> None:
        """Set up the locks; nothing connects and no thread starts before the first use.

        Args:
            redis: by default the connection of the application's ``RedisStore``.
            instance_id: what this process is called in the list of locks, so that operators find it
                in the list of instances too.

        Raises:
            RuntimeError: there is no Redis.
        """
        locks = DistributedLocks(redis or RedisStore.of(app), instance_id)
        app.extensions[EXTENSION_KEY] = OptimizationState(locks)

    @staticmethod
    def of(app: Flask) -> OptimizationState:
        """The state of ``app``.

        Raises:
            RuntimeError: ``init_app`` was not called for it.
        """
        state = app.extensions.get(EXTENSION_KEY)
        if not isinstance(state, OptimizationState):
            raise RuntimeError(
                "this application has no optimization: call optimization.init_app(app) first"
            )
        return state

    @property
    def locks(self) -> DistributedLocks:
        """The locks of the current application."""
        return self.of(current_app).locks

    def create_lock(
        self,
        key: str,
        timeout: float | None = None,
        wait: float | None = None,
        renew: bool = True,
        on_lost: Callable[[], None] | None = None,
        replicas: int = 0,
        replica_wait: float | None = None,
    ) -> OptimizedDistributedLock:
        """A lock of the current application; see ``DistributedLocks.create_lock``."""
        return self.locks.create_lock(key, timeout, wait, renew, on_lost, replicas, replica_wait)

    def fenced_store(self, ttl: float = DEFAULT_TTL) -> FencedStore:
        """Values of the current application that only the newest holder of their lock may write."""
        return self.locks.fenced_store(ttl)
