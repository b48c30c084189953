"""Background work of an application's guards: its tasks, and the tailer of its events."""

from __future__ import annotations

import threading
from collections.abc import Callable

from yoto.events import (
    BreakerTransitioned,
    ConfigChanged,
    ConfigRestored,
    DegradationChanged,
    Gap,
    StoredEvent,
    SwitchChanged,
    Tailer,
)
from yoto.housekeeping import Housekeeper
from yoto.redis import RedisConnection

from .breaker import BreakerOpenedLocally
from .config_store import ConfigStore
from .degradation import Degradation
from .guards import Guards
from .instances import Instances
from .limiter import RateLimitReset
from .operations import Operations
from .store_health import StoreMonitor


class Background:
    """Starts with the first use and ends with ``stop``; may start again.

    Attributes:
        config: the configuration store, which it keeps up to date; to read it starts nothing.
        redis_tasks, record_tasks: tasks that ask Redis alone, and those that need the record. More
            may be added before the start.
    """

    def __init__(
        self,
        redis: RedisConnection,
        tailer: Tailer,
        config: ConfigStore,
        guards: Guards,
        degradation: Degradation,
        operations: Operations,
        instances: Instances,
        store: StoreMonitor,
    ) -> None:
        """Nothing runs and nothing is asked."""
        self.tailer = tailer
        self.config = config
        self._guards = guards
        self._degradation = degradation
        self._operations = operations
        self._instances = instances
        self._store = store
        self._lock = threading.Lock()
        self._running = False
        self._ends: list[Callable[[], None]] = []
        # Reads of Redis alone must not wait for a database that hangs.
        self.redis_tasks = Housekeeper("yoto-resilience")
        self.record_tasks = Housekeeper("yoto-resilience-record")
        add = self.redis_tasks.add
        self._wake_config = add("configuration", self._refresh_config)
        self._wake_degradation = add("degradation", degradation.refresh)
        operations.wake = add("operations", operations.catch_up)
        add("instances", instances.announce)
        config.sync.wake_record = self.record_tasks.add("record", config.sync.reconcile)
        redis.on_recovered(self._wake_config)

    def start(self) -> None:
        """Load the configuration, then run the tasks; only the first call does."""
        if not self._running:
            with self._lock:
                if not self._running:  # another thread may have had the lock
                    self._start()

    def stop(self) -> None:
        """Run no more tasks, and announce the end of this instance."""
        with self._lock:
            if not self._running:
                return
            self._running = False
            ends, self._ends = self._ends, []
        # Without the lock: work that is still running may need it.
        for end in ends:
            end()
        self.redis_tasks.stop()
        self.record_tasks.stop()
        self._instances.leave()

    def _start(self) -> None:
        sync = self.config.sync
        sync.refresh()
        if not sync.revision:
            # Redis is unavailable or empty: only the record knows what operators have set.
            sync.reconcile()
            sync.refresh()
        self._running = True
        self.redis_tasks.start()
        self.record_tasks.start()
        subscribe = self.tailer.subscribe
        self._ends = [
            subscribe(
                self._hear_config, self._missed, (ConfigChanged, ConfigRestored, SwitchChanged)
            ),
            subscribe(self._hear_level, types=(DegradationChanged,)),
            subscribe(self._guards.hear, types=(RateLimitReset, BreakerTransitioned)),
            subscribe(
                self._degradation.breakers.hear, types=(BreakerTransitioned, BreakerOpenedLocally)
            ),
        ]

    def _refresh_config(self) -> float:
        pause = self.config.sync.refresh()
        responds = self.config.sync.redis_reachable
        if responds:
            self._guards.find_store_again()
        self._store.observe(responds)
        return pause

    def _hear_config(self, stored: StoredEvent) -> None:
        self._wake_config()
        self._operations.hear(stored)

    def _hear_level(self, stored: StoredEvent) -> None:
        self._wake_degradation()

    def _missed(self, gap: Gap) -> None:
        self._guards.missed()
        self._wake_config()
        self._wake_degradation()
