"""The Flask extension: gives each application its locks and the work behind the scenes."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NoReturn

from flask import Flask

from yoto.events import new_instance_id
from yoto.extension import Extension
from yoto.monitor import Recorder
from yoto.optimization.lock import (
    DistributedLocks,
    FencedStore,
    OptimizedDistributedLock,
)
from yoto.optimization.lock.fence import DEFAULT_TTL
from yoto.optimization.lock.lock import NO_TICKETS
from yoto.optimization.lock.multi import MultiLock, in_order
from yoto.redis import RedisConnection, RedisStore
from yoto.room import EXTENSION, has_room

# The room of each part that a room brings; ``provide`` in the ``wiring`` of the room makes it.
ROOMS = {"queue": "queues", "invalidation": "queues", "hot": "warm_up"}


class OptimizationState:
    """The extension's state in an application.

    Attributes:
        app: the application.
        redis: its connection.
        instance_id: the name of this process among locks and consumers.
        locks: the distributed locks.
    """

    def __init__(
        self, app: Flask, redis: RedisConnection, instance_id: str, locks: DistributedLocks
    ) -> None:
        """Parts of rooms are made with their first use."""
        self.app = app
        self.redis = redis
        self.instance_id = instance_id
        self.locks = locks
        self._parts: dict[str, Any] = {}
        self._making = threading.RLock()

    def find(self, name: str) -> Any | None:
        """The part of this name; None: its room is off in this application."""
        room = ROOMS[name]
        # An application that is wired by hand chooses no rooms, and may use the parts of all.
        if EXTENSION in self.app.extensions and not has_room(self.app, room):
            return None
        with self._making:
            if name not in self._parts:
                self._parts |= import_module(f"yoto.rooms.{room}.wiring").provide(self)
            return self._parts[name]

    def part(self, name: str) -> Any:
        """The part of this name.

        Raises:
            RuntimeError: its room is off.
        """
        found = self.find(name)
        if found is None:
            raise RuntimeError(f"the room {ROOMS[name]!r} is off in this app (see docs/rooms.md)")
        return found

    @property
    def queue(self) -> Any:
        """The ``BatchQueue``; raises as ``part``."""
        return self.part("queue")

    @property
    def invalidation(self) -> Any:
        """The ``SmartInvalidation``, which needs a log, see its ``connect``; raises as ``part``."""
        return self.part("invalidation")

    @property
    def hot(self) -> Any:
        """The ``HotCounts``: what is requested most; raises as ``part``."""
        return self.part("hot")


class AdvancedOptimization(Extension[OptimizationState]):
    """``optimization = AdvancedOptimization()``.

    Its batch queue and its queue of invalidations are the room ``queues``, its hot counts the room
    ``warm_up``; each is made with its first use, and raises ``RuntimeError`` where its room is off.
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
            RuntimeError: there is no Redis.
        """
        redis = redis or RedisStore.of(app)
        instance_id = instance_id or new_instance_id()
        locks = DistributedLocks(redis, instance_id, recorder)
        state = OptimizationState(app, redis, instance_id, locks)
        self.keep(app, state)

    @property
    def locks(self) -> DistributedLocks:
        """The locks of the current application."""
        return self.current.locks

    @property
    def queue(self) -> Any:
        """The ``BatchQueue`` of the current application, if it has the room ``queues``."""
        return self.current.queue

    @property
    def hot(self) -> Any:
        """The ``HotCounts`` of the current application, if it has the room ``warm_up``."""
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

    def register_handler(
        self,
        kind: str,
        fn: Callable[[Sequence[Any]], None],
        check: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        """Handle items of the current application's queue; see ``BatchQueue.register_handler``."""
        self.queue.register_handler(kind, fn, check)

    def enqueue(self, kind: str, payload: Mapping[str, Any], key: str | None = None) -> str:
        """Put an item into the current application's queue; see ``BatchQueue.enqueue``."""
        enqueued: str = self.queue.enqueue(kind, payload, key)
        return enqueued

    def queue_stats(self) -> Any:
        """The state of the current application's queue; see ``BatchQueue.stats``."""
        return self.queue.stats()

    def invalidation_stats(self) -> Any:
        """The pending invalidations of the current application, and the counters of past ones."""
        return self.current.invalidation.stats()

    def invalidation_analysis(self) -> Any:
        """The health of that queue, recommendations, and the strategy."""
        return self.current.invalidation.analysis()
