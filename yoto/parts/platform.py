"""All parts of the platform, in the order in which they need each other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask

from yoto import __version__
from yoto.collectors import measure
from yoto.component import Component, close_all, start_all
from yoto.errors import StoreUnavailable
from yoto.extensions import (
    cache,
    events,
    fleet,
    monitor,
    optimization,
    permissions,
    redis_store,
    resilience,
)
from yoto.http.acts import audit_of_guards
from yoto.http.pipeline import Admission, init_pipeline
from yoto.logs import follow_fleet
from yoto.monitor.default_rules import DEFAULT_RULES
from yoto.parts.live_settings import follow_live_settings
from yoto.parts.worker import signs_of_life, worker_facts
from yoto.permission import (
    GrantedAccess,
    JudgedChannels,
)
from yoto.persistence import SqlJournal
from yoto.redis import RedisSettings
from yoto.request.records import records_of
from yoto.resilience import Settings
from yoto.room import components_of
from yoto.sweeping import sweeper_of

from .guards import EVENTS, REDIS, RESILIENCE

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Host:
    """The configuration of an application that has all parts.

    Attributes:
        caller: returns the id of the current caller, for guards, or None.
        guards: by name and kind, their configuration until operators change it.
        untuned: names of guards whose limits must not be tuned.
        subject_loader: returns the caller of the current request, for permissions, or raises.
        visitor: like ``subject_loader``, but returns None for an anonymous caller.
        authenticated_at: returns the time of the caller's sign-in; None: it is never known.
        admit: rejects requests before they are read.
        logger: the logger whose level operators set; by default all without a level of their own.
        redis: the address of Redis; None: the configuration's.
        enabled: whether the guards are on.
        share_workers: number of processes that share a limit without Redis; 0: unknown.
    """

    caller: Callable[[], Any]
    guards: Mapping[str, Mapping[str, Settings]]
    untuned: Iterable[str]
    subject_loader: Callable[[], Any]
    visitor: Callable[[], Any]
    authenticated_at: Callable[[], Any] | None
    admit: Admission
    logger: str = ""
    redis: RedisSettings | None = None
    enabled: bool = True
    share_workers: int = 0


def begin(app: Flask) -> None:
    """Begin the work in the background; every process that serves calls it once.

    Even an idle worker must relay a dead one's outbox, and receive changes. Rooms start
    last; nothing waits for a warm-up.
    """
    start_all(app, (*COMPONENTS, *components_of(app)))


def end(app: Flask, components: Sequence[Component[Host]]) -> None:
    """End every thread and connection of ``components``, which include the platform's; a later use
    begins anew.

    Raises:
        ExceptionGroup: some did not close; all others did.
    """
    optimization.of(app).locks.expect_end()
    close_all(app, components)


def _init_resilience(app: Flask, host: Host) -> None:
    resilience.init_app(
        app,
        redis_store.of(app),
        events.of(app),
        journal=SqlJournal(app),
        audit=audit_of_guards(app),
        subject=host.caller,
        defaults=host.guards,
        recorder=monitor.of(app).recorder,
        enabled=host.enabled,
        share_workers=host.share_workers,
    )
    # Health takes its limits from them, also where nothing raises alerts.
    for rule in DEFAULT_RULES:
        resilience.of(app).define(rule.name, alert_rule=rule)
    follow_fleet(app, host.logger)


def _init_optimization(app: Flask, host: Host) -> None:
    optimization.init_app(
        app, instance_id=events.of(app).instance_id, recorder=monitor.of(app).recorder
    )


def _init_cache(app: Flask, host: Host) -> None:
    cache.init_app(app, recorder=monitor.of(app).recorder)


def _init_permissions(app: Flask, host: Host) -> None:
    permissions.init_app(
        app,
        subject_loader=host.subject_loader,
        visitor=host.visitor,
        authenticated_at=host.authenticated_at,
        judged=JudgedChannels(app, cache.of(app)).places(),
        cache=cache.of(app),
        locks=optimization.of(app).locks,
        on_granted=GrantedAccess(),
        recorder=monitor.of(app).recorder,
    )


def _start_permissions(app: Flask) -> None:
    try:
        permissions.start(app)
    except StoreUnavailable as error:
        # The threads are running, and check again by themselves.
        log.warning("starting without knowing whether there is maintenance: %s", error)


# A part whose work must end long before the part itself has two lines.
COMPONENTS: tuple[Component[Host], ...] = (
    REDIS,
    EVENTS,
    Component(
        "measurements", init=lambda app, host: monitor.init_app(app, signs=signs_of_life(app))
    ),
    Component("guards", init=_init_resilience, close=RESILIENCE.close),
    Component(
        "locks", init=_init_optimization, close=lambda app: optimization.of(app).locks.close()
    ),
    # It ends before the locks, since its background work may hold one.
    Component("monitor", start=monitor.start, close=lambda app: monitor.of(app).close()),
    Component(
        "requests",
        init=lambda app, host: init_pipeline(app, host.admit),
        close=lambda app: records_of(app).close(),
    ),
    Component("cache", init=_init_cache),
    Component("live settings", init=lambda app, host: follow_live_settings(app)),
    Component(
        "permissions",
        init=_init_permissions,
        start=_start_permissions,
        close=lambda app: permissions.close(app),
    ),
    Component("sources of measurements", init=lambda app, host: measure(app)),
    Component(
        "sweeper",
        start=lambda app: sweeper_of(app).start(),
        close=lambda app: sweeper_of(app).close(),
    ),
    Component(
        "fleet",
        init=lambda app, host: fleet.init_app(app, worker_facts(app, __version__)),
        start=lambda app: fleet.of(app).start(),
        close=lambda app: fleet.of(app).close(),
    ),
)
