"""The Flask extension: gives each application its own monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from yoto.events import Events
from yoto.extension import Extension
from yoto.redis import RedisStore
from yoto.settings import settings_of, value_of

from .backends import Backend, MemoryBackend, RedisBackend
from .backends.archive import Signs
from .monitoring import Monitoring
from .recording import Counter, Histogram
from .sources import Source


class Monitor(Extension[Monitoring]):
    """``monitor = Monitor()``.

    Reads ``MONITOR``, ``MONITOR_BACKEND`` and ``MONITOR_INTERVAL``. With the backend ``redis`` the
    application needs ``RedisStore`` and ``Events``.
    """

    key = "yoto.monitor"

    def init_app(self, app: Flask, backend: Backend | None = None, signs: Signs = dict) -> None:
        """Set up the monitor; nothing connects and no thread starts.

        Args:
            backend: the backend for measurements; by default the configured one.
            signs: by worker, seconds since its last sign of life, beside its deliveries.

        Raises:
            RuntimeError: an extension that is needed was not initialised.
        """
        config = settings_of(app)
        interval = value_of(config, "MONITOR_INTERVAL")
        self.keep(app, Monitoring(backend or _backend(app, config, interval, signs), interval))

    @classmethod
    def start(cls, app: Flask) -> None:
        """Flush from now on, unless the configuration turns flushing off."""
        monitoring = cls.of(app)
        if not monitoring.running and value_of(settings_of(app), "MONITOR"):
            monitoring.start()

    def counter(self, name: str, **labels: str) -> Counter:
        """See ``Recorder.counter``."""
        return self.current.recorder.counter(name, **labels)

    def histogram(self, name: str, **labels: str) -> Histogram:
        """See ``Recorder.histogram``."""
        return self.current.recorder.histogram(name, **labels)

    def add_source(self, name: str, source: Source) -> None:
        """See ``Monitoring.add_source``."""
        self.current.add_source(name, source)


def _backend(app: Flask, config: Mapping[str, Any], interval: float, signs: Signs) -> Backend:
    if value_of(config, "MONITOR_BACKEND") == "memory":
        return MemoryBackend()
    return RedisBackend(RedisStore.of(app), Events.of(app).instance_id, interval, signs=signs)
