"""The Flask extension: gives each application its own locks and hot counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app

from app.core.optimization.hot import HotCounts, HotSettings
from app.core.optimization.lock import DistributedLocks, OptimizedDistributedLock
from app.core.optimization.lock.service import DEFAULT_TIMEOUT, DEFAULT_WAIT
from app.core.redis import RedisConnection, RedisStore

EXTENSION_KEY = "yoto.optimization"


@dataclass(frozen=True)
class OptimizationState:
    """What the extension keeps in an application.

    Attributes:
        locks: the distributed locks.
        hot: who asks where, as time-decayed counts.
    """

    locks: DistributedLocks
    hot: HotCounts


class AdvancedOptimization:
    """``optimization = AdvancedOptimization()``; holds no state of its own."""

    def init_app(self, app: Flask, redis: RedisConnection | None = None) -> None:
        """Set up the parts; nothing connects and no thread starts before the first use.

        Args:
            redis: by default the connection of the application's ``RedisStore``.

        Raises:
            RuntimeError: neither is there.
        """
        redis = redis or RedisStore.of(app)
        app.extensions[EXTENSION_KEY] = OptimizationState(
            locks=DistributedLocks(redis),
            hot=HotCounts(redis, HotSettings.from_config(app.config)),
        )

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

    @property
    def hot(self) -> HotCounts:
        """The hot counts of the current application."""
        return self.of(current_app).hot

    def create_lock(
        self,
        key: str,
        timeout: float = DEFAULT_TIMEOUT,
        wait: float = DEFAULT_WAIT,
        renew: bool = True,
        on_lost: Callable[[], None] | None = None,
    ) -> OptimizedDistributedLock:
        """A lock of the current application; see ``DistributedLocks.create_lock``."""
        return self.locks.create_lock(key, timeout, wait, renew, on_lost)
