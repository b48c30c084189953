"""The Flask extension: gives each application its own prefetching."""

from __future__ import annotations

from flask import Flask

from yoto.events import Events
from yoto.extension import Extension
from yoto.optimization import HotCounts
from yoto.prefetch.service import PrefetchService
from yoto.prefetch.settings import PrefetchSettings
from yoto.redis import RedisStore
from yoto.resilience import Resilience


class Prefetch(Extension[PrefetchService]):
    """``prefetch = Prefetch()``.

    The application needs ``RedisStore``, ``Events`` and ``Resilience`` before; ``PermissionSystem``
    may come later, and is given ``prefetch.of(app).recorder.granted`` to report granted access.
    """

    key = "yoto.prefetch"

    def init_app(self, app: Flask, hot: HotCounts | None = None) -> None:
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
