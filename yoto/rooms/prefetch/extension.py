"""The Flask extension: gives each application its own prefetching."""

from __future__ import annotations

from flask import Flask

from yoto.events import Events
from yoto.extension import Extension
from yoto.redis import RedisStore
from yoto.resilience import Resilience
from yoto.rooms.prefetch.prefetching import PrefetchService
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.work import CountedRequests


class Prefetch(Extension[PrefetchService]):
    """``prefetch = Prefetch()``.

    The application needs ``RedisStore``, ``Events`` and ``Resilience`` before. ``wiring`` has what
    it listens to, granted access above all, and who asks it.
    """

    key = "yoto.prefetch"

    def init_app(self, app: Flask, hot: CountedRequests | None = None) -> None:
        """Record how ``app`` prefetches; nothing connects and no thread starts.

        Args:
            hot: counts the most requested entries; forgotten users are forgotten there too.

        Raises:
            RuntimeError: an extension that is needed was not initialised.
        """
        service = PrefetchService(
            app,
            PrefetchSettings.from_config(app.config),
            RedisStore.of(app),
            Events.of(app),
            Resilience.of(app),
            hot,
        )
        self.keep(app, service)


# It holds nothing itself, and passes each call on to the current application.
PREFETCH = Prefetch()
