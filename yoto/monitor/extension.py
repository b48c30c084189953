"""The Flask extension: gives each application its own monitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app

from yoto.events import Events
from yoto.redis import RedisStore

from .backends import Backend, BackendHealth, MemoryBackend, RedisBackend, StatsdBackend
from .backends.archive import Signs
from .history import Summary
from .monitoring import FLUSH_INTERVAL, Monitoring
from .recording import Counter, Gauge, Histogram
from .sources import Source

EXTENSION_KEY = "yoto.monitor"
BACKENDS = ("redis", "memory")


@dataclass(frozen=True)
class MonitorState:
    """What the extension keeps in an application.

    Attributes:
        monitoring: the monitor.
        by_itself: whether the first request starts it.
    """

    monitoring: Monitoring
    by_itself: bool


class Monitor:
    """``monitor = Monitor()``; holds no state of its own.

    Reads ``MONITOR``, ``MONITOR_BACKEND``, ``MONITOR_INTERVAL`` and ``MONITOR_STATSD``. With the
    backend ``redis`` the application needs ``RedisStore`` and ``Events``.
    """

    def init_app(self, app: Flask, backend: Backend | None = None, signs: Signs = dict) -> None:
        """Set up the monitor; nothing connects and no thread starts.

        Args:
            backend: where measurements go; by default what the configuration says.
            signs: by worker, seconds since its last sign of life, beside what it delivers.

        Raises:
            ConfigurationError: ``MONITOR_STATSD`` is no address.
            RuntimeError: an extension that is needed was not initialised.
        """
        config: Mapping[str, Any] = app.config
        interval = config.get("MONITOR_INTERVAL", FLUSH_INTERVAL)
        monitoring = Monitoring(backend or _backend(app, config, interval, signs), interval)
        state = MonitorState(monitoring, config.get("MONITOR", True))
        app.extensions[EXTENSION_KEY] = state

    @staticmethod
    def of(app: Flask) -> Monitoring:
        """The monitor of ``app``.

        Raises:
            RuntimeError: ``init_app`` was not called for it.
        """
        return _state(app).monitoring

    @staticmethod
    def start(app: Flask) -> None:
        """Flush from now on, unless the configuration says that nobody does."""
        state = _state(app)
        if state.by_itself and not state.monitoring.running:
            state.monitoring.start()

    @staticmethod
    def close(app: Flask) -> None:
        """Deliver what is left and end the thread; a later start begins anew."""
        _state(app).monitoring.close()

    @property
    def current(self) -> Monitoring:
        """The monitor of the current application."""
        return self.of(current_app)

    def counter(self, name: str, **labels: str) -> Counter:
        """See ``Recorder.counter``."""
        return self.current.recorder.counter(name, **labels)

    def gauge(self, name: str, **labels: str) -> Gauge:
        """See ``Recorder.gauge``."""
        return self.current.recorder.gauge(name, **labels)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """See ``Recorder.histogram``."""
        return self.current.recorder.histogram(name, **labels)

    def add_source(self, name: str, source: Source) -> None:
        """See ``Monitoring.add_source``."""
        self.current.add_source(name, source)

    def summaries(self, hours: float = 24) -> list[Summary]:
        """See ``Monitoring.summaries``."""
        return self.current.summaries(hours)

    def health(self) -> BackendHealth:
        """See ``Monitoring.health``."""
        return self.current.health()


def _state(app: Flask) -> MonitorState:
    state = app.extensions.get(EXTENSION_KEY)
    if not isinstance(state, MonitorState):
        raise RuntimeError("this application has no monitor: call monitor.init_app(app) first")
    return state


def _backend(app: Flask, config: Mapping[str, Any], interval: float, signs: Signs) -> Backend:
    backend: Backend
    if config.get("MONITOR_BACKEND", "redis") == "redis":
        backend = RedisBackend(
            RedisStore.of(app), Events.of(app).instance_id, interval, signs=signs
        )
    else:
        backend = MemoryBackend()
    address = config.get("MONITOR_STATSD")
    return StatsdBackend(backend, address) if address else backend
