"""The parts of an app with a cache: the cache, the outbox, the relay, our connections."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask

from yoto import cache as cache_layer
from yoto.cache import Position, TieredCache
from yoto.events import Events
from yoto.optimization import DistributedLocks
from yoto.permission.caching.cached_source import CachedSource
from yoto.permission.caching.maintenance import Maintenance
from yoto.permission.database.pool import SidePool
from yoto.permission.directory import Directory, Providers
from yoto.permission.loading.source import DatabaseSource
from yoto.permission.outbox.notifying import ChangeNotifier
from yoto.permission.outbox.publisher import OUTBOX_EXTENSION, Outbox
from yoto.permission.outbox.relay import OutboxRelay
from yoto.permission.registry.registry import PermissionRegistry
from yoto.permission.ways import Ways
from yoto.settings import settings_of, value_of
from yoto.store.asked import PersonFacts

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Caching:
    """The parts, wired together.

    Attributes:
        cache: memory, Redis and the log.
        pool: our own connections to the database.
        source: resolutions through the cache.
        outbox: publishes committed changes.
        relay: publishes changes that their writers could not.
        maintenance: whether the platform is in maintenance, as this process knows.
        directory: a function's reports about people; None: they are a mapped class.
        ways: the ways by which rights come, for policies that ask for them.
        relaying: whether ``start`` starts the relay.
        on_start: called by every ``start``; its second call does nothing. None: there is none.
    """

    cache: TieredCache
    pool: SidePool
    source: CachedSource
    outbox: Outbox
    relay: OutboxRelay
    maintenance: Maintenance
    directory: Directory[PersonFacts] | None
    ways: Ways
    relaying: bool
    on_start: Callable[[], None] | None = None

    @classmethod
    def of(
        cls,
        app: Flask,
        registry: PermissionRegistry,
        clock: Callable[[], float],
        database: DatabaseSource,
        cache: TieredCache,
        locks: DistributedLocks,
        providers: Providers,
        on_start: Callable[[], None] | None = None,
    ) -> Caching:
        """Wire the parts for ``app``; nothing connects and no thread starts.

        Reads ``PERMISSION_POOL_SIZE``, ``PERMISSION_POOL_WAIT``, ``OUTBOX_RELAY`` and
        ``OUTBOX_RELAY_INTERVAL``.
        """
        config = settings_of(app)
        pool = SidePool(
            app,
            value_of(config, "PERMISSION_POOL_SIZE"),
            value_of(config, "PERMISSION_POOL_WAIT"),
        )
        publish = Events.of(app).stream.publish
        notifier = ChangeNotifier(publish)
        outbox = Outbox(cache, pool, notifier)
        maintenance = Maintenance(app, pool, clock, publish, hears=lambda: cache.tailer.fresh)
        relay = OutboxRelay(
            cache,
            locks,
            pool,
            outbox.counts,
            notifier,
            value_of(config, "OUTBOX_RELAY_INTERVAL"),
            also=maintenance.turn,
        )
        ways = Ways(registry, clock, cache, pool, providers)
        made = cls(
            cache,
            pool,
            CachedSource(registry, clock, cache, pool, database, providers, ways),
            outbox,
            relay,
            maintenance,
            providers.people,
            ways,
            value_of(config, "OUTBOX_RELAY"),
            on_start,
        )
        cache.tailer.subscribe(_listener(registry, maintenance))
        app.extensions[OUTBOX_EXTENSION] = outbox
        return made

    def start(self) -> None:
        """Follow the log and relay the outbox from now on; both end by themselves with ``close``.

        Raises:
            StoreUnavailable: the database did not say whether there is maintenance.
        """
        self.start_threads()
        if not self.maintenance.known:
            self.maintenance.refresh()

    def start_threads(self) -> None:
        """Start the threads alone, whether or not the maintenance switch can be read."""
        if not self.cache.tailer.running:
            # Listeners need the changes, wherever checks are decided.
            self.cache.tailer.start()
        if self.relaying and not self.relay.running:
            self.relay.start()
        if self.on_start is not None:
            self.on_start()

    def heard(self) -> Position | None:
        """The position up to which changes were heard; None: they are not heard now."""
        tailer = self.cache.tailer
        return tailer.applied if tailer.fresh else None

    def close(self) -> None:
        """End the threads and close our connections; a later use begins anew."""
        self.relay.close()
        self.cache.close()
        self.pool.close()


def _listener(
    registry: PermissionRegistry, maintenance: Maintenance
) -> Callable[[Sequence[str], Position], None]:
    # In the thread that follows the log, which nothing may hold up: both are read when next needed.
    def heard(changed_tags: Sequence[str], position: Position) -> None:
        if cache_layer.tags.GLOBAL in changed_tags:
            registry.expire()
        if cache_layer.tags.GLOBAL in changed_tags or cache_layer.tags.POLICY in changed_tags:
            maintenance.expire()

    return heard
