"""Everything about prefetching in one application."""

from __future__ import annotations

import logging
import secrets
from functools import cached_property
from typing import Any, TypedDict

from flask import Flask

from yoto.errors import Degraded
from yoto.events import EventState
from yoto.permission import PermissionSystem, Place, number_of
from yoto.redis import RedisConnection, ServerClock
from yoto.resilience import Receipt, ResilienceController, SwitchConfig
from yoto.rooms.prefetch.analyzer import BehaviorAnalyzer, Prediction, Profile
from yoto.rooms.prefetch.client import ClientSidePredictor
from yoto.rooms.prefetch.facts import PrefetchSteered, PrefetchTurned
from yoto.rooms.prefetch.fetching import FetchPool, PermissionCacheView, SmartPrefetcher
from yoto.rooms.prefetch.fleet import Orders, Reports
from yoto.rooms.prefetch.recording import BehaviourHistory, BehaviourLog, BehaviourRecorder, Flusher
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import Step
from yoto.rooms.prefetch.work import CountedRequests, Parts, PrefetchWork
from yoto.sealing import secret_keys

log = logging.getLogger(__name__)

# Global switches, on until an operator turns them off.
FETCHING, RECORDING = "prefetch.fetching", "prefetch.recording"


class Switches(TypedDict):
    """The switches of every worker."""

    fetching: bool
    recording: bool


class PrefetchService:
    """The prefetching of one application. Nothing connects and no thread starts before ``start``.

    Attributes:
        recorder: records actions; ``recorder.granted`` listens to permission checks.
        analyzer: this process's model of behaviour.
        work: the background work.
        orders: orders to one worker, this or another.
    """

    def __init__(
        self,
        app: Flask,
        settings: PrefetchSettings,
        redis: RedisConnection,
        events: EventState,
        resilience: ResilienceController,
        hot: CountedRequests | None = None,
    ) -> None:
        self._app = app
        self.settings = settings
        self._events = events
        self._resilience = resilience
        for switch in (FETCHING, RECORDING):
            resilience.define(switch, switch=SwitchConfig(enabled=True))
        clock = ServerClock()
        self.recorder = BehaviourRecorder(settings.buffer, settings.sample)
        self.analyzer = BehaviorAnalyzer(settings, clock.now)
        log_, history = BehaviourLog(redis, settings), BehaviourHistory(redis, settings)
        # Short: it is part of every stored action.
        writer = secrets.token_hex(4)
        flusher = Flusher(writer, log_, history, clock, settings.buffer)
        self._reports = Reports(redis, events.instance_id)
        self.orders = Orders(events, self._reports, self._obey)
        parts = Parts(
            clock,
            self.recorder,
            log_,
            history,
            flusher,
            self.analyzer,
            self._reports,
            hot,
            self.orders,
        )
        self.work = PrefetchWork(parts, lambda: self.prefetcher, self.may_record)
        self._pool = FetchPool(settings.concurrency)

    @cached_property
    def prefetcher(self) -> SmartPrefetcher | None:
        """The prefetcher; None where it is off, or permissions have no cache."""
        if not self.settings.enabled or PermissionSystem.caching_of(self._app) is None:
            return None
        return SmartPrefetcher(
            self.settings,
            self.analyzer.predict,
            PermissionCacheView(self._app),
            self._pool.submit,
            allowed=lambda: self._resilience.is_global_switch_enabled(FETCHING, True),
            on_turned=self._publish_turn,
        )

    @cached_property
    def client(self) -> ClientSidePredictor:
        """The view of predictions for clients."""
        return ClientSidePredictor(
            secret_keys(self._app.config),
            self.settings.snapshot_seconds,
            self.predictions,
            self._effective,
            self._position,
        )

    def retune(self, settings: PrefetchSettings) -> None:
        """Go on with another confidence, rate, precision and share of memory; other settings hold
        from the start of the process on."""
        self.settings = settings
        if self.prefetcher is not None:
            self.prefetcher.retune(settings)

    @property
    def instance_id(self) -> str:
        """The name of this worker."""
        return self._events.instance_id

    def may_record(self) -> bool:
        """Whether behaviour is recorded: by the configuration and by the switch."""
        return self.settings.enabled and self._resilience.is_global_switch_enabled(RECORDING, True)

    def start(self) -> None:
        """Begin the background work, unless the configuration has none."""
        if self.settings.enabled:
            self.orders.start(self.work.wake_report)
            self.work.start()

    def close(self) -> None:
        """End the background work; it may begin again."""
        self.orders.close()
        self.work.close()
        self._pool.close()

    def record(self, user_id: Any, steps: list[tuple[Step, float]]) -> int:
        """Record the steps that a client reports of its user, each with its age in s.

        Args:
            user_id: the user's own id here and in the other methods, or the number that stands for
                it.

        Returns:
            The number of steps that were taken.
        """
        # The longest ago comes first: that is the order in which they are learned.
        ordered = sorted(steps, key=lambda item: -item[1])
        number = number_of(user_id)
        return sum(self.recorder.add_reported(number, step, age) for step, age in ordered)

    def catch_up(self) -> None:
        """Learn the log's entries, in a process where nothing does so in the background.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        while not self.work.hear():
            continue

    def predictions(self, user_id: Any) -> list[Prediction]:
        """The user's next steps among those that they have done, likeliest first.

        Data in Redis may be missing, while it is unavailable.
        """
        number = number_of(user_id)
        self.work.read_histories([number])
        return self.analyzer.predict(number, own_only=True)

    def profile(self, user_id: Any) -> Profile | None:
        """The model of a user; None: nothing is known."""
        number = number_of(user_id)
        self.work.read_histories([number])
        return self.analyzer.profile(number)

    def unusual(self, user_id: int, action: str, resource_type: str) -> float | None:
        """How unusual it is, 0 to 1, that the user does this now; None: it cannot be determined."""
        if not self.settings.enabled:
            return None
        self.work.read_histories([user_id])
        return self.analyzer.unusual(user_id, action, resource_type)

    def forget(self, user_id: Any) -> None:
        """Delete everything about a user, in Redis and in every worker.

        Raises:
            StoreUnavailable: Redis did not answer; nothing or not all is deleted.
        """
        self.work.forget(number_of(user_id))

    def forget_later(self, user_id: Any) -> None:
        """As ``forget``, in the background, until Redis took it or this process ends."""
        self.work.forget_later(number_of(user_id))

    def pause(self, reason: str, author: str | None = None) -> Receipt:
        """Pause prefetching in every worker until ``resume``; raises as ``set_global_switch``."""
        return self._resilience.set_global_switch(FETCHING, False, reason, author=author)

    def resume(self, reason: str, author: str | None = None) -> Receipt:
        """Let every worker prefetch again; raises as ``set_global_switch``."""
        return self._resilience.set_global_switch(FETCHING, True, reason, author=author)

    def set_recording(self, on: bool, reason: str, author: str | None = None) -> Receipt:
        """Let every worker record behaviour, or none; raises as ``set_global_switch``."""
        return self._resilience.set_global_switch(RECORDING, on, reason, author=author)

    def switches(self) -> Switches:
        """The switches of the fleet."""
        enabled = self._resilience.is_global_switch_enabled
        return {"fetching": enabled(FETCHING, True), "recording": enabled(RECORDING, True)}

    def stats(self) -> dict[str, Any]:
        """The statistics of this worker."""
        return self.work.stats()

    def fleet_stats(self) -> dict[str, Any]:
        """The last report of each worker, by its name: its ``stats`` with some of its ``tasks``.

        Raises:
            StoreUnavailable: Redis did not answer.
        """
        return self._reports.read()

    def _obey(self, order: PrefetchSteered) -> None:
        prefetcher = self.prefetcher
        if prefetcher is None:
            raise Degraded("prefetch", "off")
        if order.act == "cancel":
            prefetcher.cancel(order.task_id or 0, order.reason)
        elif order.act == "pause":
            prefetcher.pause()
        else:
            prefetcher.resume()

    def _effective(self, user_id: int, place: Place) -> list[str]:
        return PermissionSystem().effective_permissions(user_id, place.kind, place.id)

    def _position(self) -> str | None:
        caching = PermissionSystem.caching_of(self._app)
        return None if caching is None else str(caching.cache.tailer.applied)

    def _publish_turn(self, down: bool, precision: float | None) -> None:
        direction = "down" if down else "up again"
        log.info("prefetching turns itself %s: precision of late %s", direction, precision)
        self._events.stream.publish(PrefetchTurned(down=down, precision=precision))
