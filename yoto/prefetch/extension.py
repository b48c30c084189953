"""The Flask extension: gives each application its own prefetching."""

from __future__ import annotations

from flask import Flask, current_app

from yoto.events import Events
from yoto.optimization import HotCounts
from yoto.prefetch.service import PrefetchService
from yoto.prefetch.settings import PrefetchSettings
from yoto.redis import RedisStore
from yoto.resilience import Resilience

EXTENSION_KEY = "yoto.prefetch"


class Prefetch:
    """``prefetch = Prefetch()``; holds no state of its own.

    The application needs ``RedisStore``, ``Events`` and ``Resilience`` before; ``PermissionSystem``
    may come later, and is given ``prefetch.of(app).recorder.granted`` to tell of what is used.
    """

    def init_app(self, app: Flask, hot: HotCounts | None = None) -> None:
        """Record how ``app`` prefetches; nothing connects and no thread starts.

        Args:
            hot: counts what is asked for most; who is forgotten is forgotten there too.

        Raises:
            RuntimeError: an extension that is needed was not initialised.
        """
        app.extensions[EXTENSION_KEY] = PrefetchService(
            app,
            PrefetchSettings.from_config(app.config),
            RedisStore.of(app),
            Events.of(app),
            Resilience.of(app),
            hot,
        )

    @staticmethod
    def of(app: Flask) -> PrefetchService:
        """The prefetching of ``app``.

        Raises:
            RuntimeError: ``init_app`` was not called for it.
        """
        found = app.extensions.get(EXTENSION_KEY)
        if not isinstance(found, PrefetchService):
            raise RuntimeError(
                "this application prefetches nothing: call prefetch.init_app(app) first"
            )
        return found

    @property
    def current(self) -> PrefetchService:
        """That of the current application."""
        return self.of(current_app)

    @staticmethod
    def start(app: Flask) -> None:
        """Begin the background work of ``app``."""
        Prefetch.of(app).start()

    @staticmethod
    def close(app: Flask) -> None:
        """End it; it may begin again."""
        Prefetch.of(app).close()
