"""Background work of an application's guards: its tasks, and the tailer of its events."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

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
from .breaker_hooks import HookList
from .config_store import ConfigStore
from .degradation import Degradation
from .instances import Instances
from .limiter import RateLimitReset
from .operations import BreakerOperations
from .rejections import RejectionReporter
from .store_health import StoreMonitor
from .trail import StoredTrails


@dataclass(frozen=True)
class Work:
    """The parts that have background work."""

    redis: RedisConnection
    tailer: Tailer
    config: ConfigStore
    degradation: Degradation
    operations: BreakerOperations
    instances: Instances
    rejections: RejectionReporter
    trails: StoredTrails
    store_monitor: StoreMonitor
    find_store_again: Callable[[], None]
    forget_denials: Callable[[str | None], None]
    forget_admissions: Callable[[str | None], None]
    hooks: HookList


class Background:
    """Starts with the first use and ends with ``stop``; may start again.

    Attributes:
        config: the configuration store, which it keeps up to date; to read it starts nothing.
        redis_tasks, record_tasks: tasks that ask Redis alone, and those that need the record. More
            may be added before the start.
    """

    def __init__(self, work: Work) -> None:
        """Nothing runs and nothing is asked."""
        self._work = work
        self.tailer = work.tailer
        self.config = work.config
        self._lock = threading.Lock()
        self._running = False
        self._ends: list[Callable[[], None]] = []
        # Reads of Redis alone must not wait for a database that hangs.
        self.redis_tasks = Housekeeper("yoto-resilience")
        self.record_tasks = Housekeeper("yoto-resilience-record")
        add = self.redis_tasks.add
        self._wake_config = add("configuration", self._refresh_config)
        self._wake_degradation = add("degradation", work.degradation.refresh)
        work.operations.wake = add("operations", work.operations.catch_up)
        add("instances", work.instances.announce)
        add("rejections", work.rejections.report)
        add("trails", work.trails.report)
        work.config.sync.wake_record = self.record_tasks.add("record", work.config.sync.reconcile)
        work.redis.on_recovered(self._wake_config)

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
        self._work.instances.leave()

    def _start(self) -> None:
        sync = self._work.config.sync
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
            subscribe(self._hear_reset, types=(RateLimitReset,)),
            subscribe(self._hear_transition, types=(BreakerTransitioned,)),
            subscribe(
                self._work.degradation.breakers.hear,
                types=(BreakerTransitioned, BreakerOpenedLocally),
            ),
        ]

    def _refresh_config(self) -> float:
        pause = self._work.config.sync.refresh()
        responds = self._work.config.sync.redis_reachable
        if responds:
            self._work.find_store_again()
        self._work.store_monitor.observe(responds)
        return pause

    def _hear_config(self, stored: StoredEvent) -> None:
        self._wake_config()
        self._work.operations.hear(stored)

    def _hear_level(self, stored: StoredEvent) -> None:
        self._wake_degradation()

    def _hear_reset(self, stored: StoredEvent) -> None:
        if isinstance(stored.event, RateLimitReset):
            self._work.forget_denials(stored.event.name)

    def _hear_transition(self, stored: StoredEvent) -> None:
        if isinstance(stored.event, BreakerTransitioned):
            event = stored.event
            self._work.forget_admissions(event.name)
            self._work.hooks.changed(event.name, event.old, event.new, event.reason)

    def _missed(self, gap: Gap) -> None:
        self._work.forget_denials(None)
        self._work.forget_admissions(None)
        self._wake_config()
        self._wake_degradation()
