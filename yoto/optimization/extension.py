"""The Flask extension: gives each application its locks and the work behind the scenes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from flask import Flask

from yoto.events import new_instance_id
from yoto.extension import Extension
from yoto.monitor import Recorder
from yoto.optimization.hot import HotCounts, HotSettings
from yoto.optimization.invalidation import (
    Analysis,
    InvalidationSettings,
    InvalidationStats,
    SmartInvalidation,
)
from yoto.optimization.lock import (
    DistributedLocks,
    FencedStore,
    OptimizedDistributedLock,
)
from yoto.optimization.lock.fence import DEFAULT_TTL
from yoto.optimization.lock.lock import NO_TICKETS
from yoto.optimization.lock.multi import MultiLock, in_order
from yoto.optimization.queue import BatchQueue, Check, Handler, QueueSettings, QueueStats
from yoto.redis import RedisConnection, RedisStore
from yoto.settings import settings_of


@dataclass(frozen=True)
class OptimizationState:
    """The extension's state in an application.

    Attributes:
        locks: the distributed locks.
        queue: the batch queue.
        invalidation: the queue of invalidations; it needs a log, see ``SmartInvalidation.connect``.
        hot: the most requested entries, as time-decayed counts.
    """

    locks: DistributedLocks
    queue: BatchQueue
    invalidation: SmartInvalidation
    hot: HotCounts

    def start(self) -> None:
        """Begin the background work.

        Raises:
            RuntimeError: the invalidations have no log.
        """
        self.invalidation.start()
        self.hot.start()
        self.queue.start()

    def stop(self) -> None:
        """End that work; it may start again. Its handlers use resources that are closed later."""
        self.queue.close()
        self.invalidation.close()
        self.hot.close()


class AdvancedOptimization(Extension[OptimizationState]):
    """``optimization = AdvancedOptimization()``.

    Reads the keys ``QUEUE_...``, ``INVALIDATION_...`` and ``HOT_...``.
    """

    key = "yoto.optimization"

    def init_app(
        self,
        app: Flask,
        redis: RedisConnection | None = None,
        instance_id: str | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        """Set up the parts; nothing connects and no thread starts before the first use.

        Args:
            redis: by default the connection of the application's ``RedisStore``.
            instance_id: the name of this process among locks and consumers, so that operators
                find it in the list of instances too.
            recorder: takes the times of taking locks; by default they are not recorded.

        Raises:
            ConfigurationError: a value is out of its range; it names the key.
            RuntimeError: there is no Redis.
        """
        redis, config = redis or RedisStore.of(app), settings_of(app)
        instance_id = instance_id or new_instance_id()
        locks = DistributedLocks(redis, instance_id, recorder)
        state = OptimizationState(
            locks=locks,
            queue=BatchQueue(
                redis,
                instance_id,
                QueueSettings.from_config(config),
                app_context_factory=app.app_context,
            ),
            invalidation=SmartInvalidation(redis, locks, InvalidationSettings.from_config(config)),
            hot=HotCounts(redis, HotSettings.from_config(config)),
        )
        self.keep(app, state)

    @property
    def locks(self) -> DistributedLocks:
        """The locks of the current application."""
        return self.current.locks

    @property
    def queue(self) -> BatchQueue:
        """The queue of the current application."""
        return self.current.queue

    @property
    def hot(self) -> HotCounts:
        """The hot counts of the current application."""
        return self.current.hot

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

    def create_multi_lock(
        self,
        keys: Iterable[str],
        timeout: float | None = None,
        wait: float | None = None,
        renew: bool = True,
        on_lost: Callable[[], None] | None = None,
        replicas: int = 0,
        replica_wait: float | None = None,
    ) -> MultiLock:
        """Locks of several keys, taken in the order of their names; deprecated, see ``MultiLock``.

        Args:
            timeout, wait, renew, on_lost, replicas, replica_wait: of each, as for ``create_lock``.

        Raises:
            ValidationFailed: none, more than 64, or one text in place of several.
        """
        warnings.warn(
            "create_multi_lock is deprecated since 2.0.0 and will be removed: take locks of"
            " create_lock in the order of their names (docs/lock.md)",
            DeprecationWarning,
            stacklevel=2,
        )
        return MultiLock(
            [
                self.create_lock(key, timeout, wait, renew, on_lost, replicas, replica_wait)
                for key in in_order(keys)
            ]
        )

    def create_read_write_lock(self, *args: object, **kwargs: object) -> NoReturn:
        """Removed in 2.0.0.

        Raises:
            RuntimeError: always; it names the remedy.
        """
        raise RuntimeError(
            "create_read_write_lock was removed in 2.0.0: take the lock of create_lock to write and"
            " to read, or read without a lock and let writers send their fencing token"
        )

    def take_up_lock(self, *args: object, **kwargs: object) -> NoReturn:
        """Removed in 2.0.0, with the tickets of locks.

        Raises:
            RuntimeError: always; it names the remedy.
        """
        raise RuntimeError(NO_TICKETS)

    def fenced_store(self, ttl: float = DEFAULT_TTL) -> FencedStore:
        """Values of the current application that only the newest holder of their lock may write."""
        return self.locks.fenced_store(ttl)

    def register_handler(self, kind: str, fn: Handler, check: Check | None = None) -> None:
        """Handle items of the current application's queue; see ``BatchQueue.register_handler``."""
        self.queue.register_handler(kind, fn, check)

    def enqueue(self, kind: str, payload: Mapping[str, Any], key: str | None = None) -> str:
        """Put an item into the current application's queue; see ``BatchQueue.enqueue``."""
        return self.queue.enqueue(kind, payload, key)

    def queue_stats(self) -> QueueStats:
        """The state of the current application's queue; see ``BatchQueue.stats``."""
        return self.queue.stats()

    def invalidation_stats(self) -> InvalidationStats:
        """The pending invalidations of the current application, and the counters of past ones."""
        return self.current.invalidation.stats()

    def invalidation_analysis(self) -> Analysis:
        """The health of that queue, recommendations, and the strategy."""
        return self.current.invalidation.analysis()
