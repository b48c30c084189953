"""The permission system as a Flask extension."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from yoto.cache import PlaceKey, TieredCache
from yoto.events import Event
from yoto.monitor import Recorder
from yoto.optimization import DistributedLocks
from yoto.permission.accounts import Accounts
from yoto.permission.boundaries import BoundarySettings, BoundaryWatch, SearchedUntil
from yoto.permission.caching.caching import Caching
from yoto.permission.checking.checks import Checks
from yoto.permission.database.pool import SidePool
from yoto.permission.database.transactions import watch_sessions
from yoto.permission.directory import EXTENSION as PROVIDERS
from yoto.permission.directory import Providers
from yoto.permission.explain import Explaining
from yoto.permission.loading.source import DatabaseSource
from yoto.permission.operating import Operating
from yoto.permission.outbox.rules import watch_declared
from yoto.permission.outbox.watching import watch_writes
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import Place
from yoto.permission.search import Searching
from yoto.permission.state import EXTENSION, PermissionState, SuperAdminUse, nothing_remembered
from yoto.permission.verdict.abac import JudgedPlaces, PolicyCheck
from yoto.permission.verdict.meters import CheckMeters
from yoto.permission.ways import Way, Ways
from yoto.permission.writes.audit import record_emergency_use, record_super_admin_use
from yoto.permission.writes.registration import read_permissions
from yoto.permission.writes.writes import Writes
from yoto.room import offered
from yoto.settings import settings_of
from yoto.store.declarations import declarations_of
from yoto.store.resources import types_of


class PermissionSystem(
    Checks,
    Explaining,
    Searching,
    Operating,
    Accounts,
    Writes,
):
    """Permission checks, and every change of permissions.

    The object holds no state: an app's state is in ``app.extensions``, so that one instance serves
    any number of apps.
    """

    def __getattr__(self, name: str) -> Any:
        """The offer of a room of the current application: ``permissions.what_if``."""
        return offered(name)

    def init_app(
        self,
        app: Flask,
        *,
        subject_loader: Callable[[], int] | None = None,
        visitor: Callable[[], Any] | None = None,
        authenticated_at: Callable[[], Any] | None = None,
        policy: PolicyCheck | None = None,
        judged: JudgedPlaces | None = None,
        clock: Callable[[], float] = time.time,
        on_super_admin_use: Callable[[SuperAdminUse], None] = record_super_admin_use,
        cache: TieredCache | None = None,
        locks: DistributedLocks | None = None,
        on_granted: Callable[[int, str, PlaceKey], None] | None = None,
        recorder: Recorder | None = None,
        on_start: Callable[[], None] | None = None,
    ) -> None:
        """Record how permissions work in ``app``; nothing is read or connected yet.

        Args:
            subject_loader: returns the id of the user who makes the current request, or raises.
            visitor: the user for pages that only query permissions: None without a user. By default
                ``Unauthorized`` from ``subject_loader`` means no user.
            authenticated_at: when that user proved their identity: epoch seconds, an aware
                ``datetime``, or None for unknown; by default unknown.
            policy: asks the policy engine; without it, permissions that need one are denied.
            judged: permissions that policies check in some places only.
            clock: the present time in epoch seconds.
            on_super_admin_use: called for each use of super-admin power before it takes effect; its
                errors stop the use.
            cache, locks: for checks; without both, every check reads the database.
            on_granted: called with user, requirement and place of each access that a decorator
                granted (see ``AccessGranted``); it must be quick, and its errors are logged.
            recorder: counts and times verdicts; by default they are discarded.
            on_start: called when the work in the background begins, in an app with a cache; quick.
        """
        reader = SidePool(app, size=1)
        registry = PermissionRegistry(
            lambda: read_permissions(reader), judged.names if judged else ()
        )
        watch_sessions()
        watch_writes()
        declared = declarations_of(app).tables
        watch_declared(declared, types_of(app))
        providers = app.extensions[PROVIDERS] = Providers(app, clock)
        database = DatabaseSource(registry, clock)
        caching = watch = None
        if cache is not None and locks is not None:
            caching = Caching.of(app, registry, clock, database, cache, locks, providers, on_start)
            watch = BoundaryWatch(
                cache.invalidate,
                SearchedUntil(cache.redis),
                locks,
                caching.pool,
                BoundarySettings.from_config(settings_of(app)),
                caching.heard,
            )
        app.extensions[EXTENSION] = PermissionState(
            registry=registry,
            reader=reader,
            source=caching.source if caching else database,
            subject_loader=subject_loader,
            visitor=visitor,
            authenticated_at=authenticated_at,
            policy=policy,
            judged=judged,
            on_emergency_use=record_emergency_use,
            clock=clock,
            on_super_admin_use=on_super_admin_use,
            caching=caching,
            remembered=caching.source.remembered if caching else nothing_remembered,
            on_granted=on_granted,
            boundaries=watch,
            meters=CheckMeters(recorder or Recorder()),
            ways=caching.ways if caching else Ways(registry, clock),
        )

    @staticmethod
    def start(app: Flask) -> None:
        """Begin the work in the background: the threads of the first check.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        watch = PermissionSystem.boundaries_of(app)
        if watch is not None:
            watch.start()
        caching = PermissionSystem.caching_of(app)
        if caching is not None:
            caching.start()
            caching.cache.start(0)

    @staticmethod
    def close(app: Flask) -> None:
        """End the threads of ``app`` and close our connections; a later use begins anew."""
        state: PermissionState | None = app.extensions.get(EXTENSION)
        watch = PermissionSystem.boundaries_of(app)
        if watch is not None:
            watch.close()
        caching = PermissionSystem.caching_of(app)
        if caching is not None:
            caching.close()
        if state is not None:
            state.reader.close()

    @staticmethod
    def caching_of(app: Flask) -> Caching | None:
        """The cache of ``app`` and its parts; None for an app without."""
        state: PermissionState | None = app.extensions.get(EXTENSION)
        return state.caching if state else None

    @staticmethod
    def ways_of(app: Flask, user_id: int, place: Place, permission: str) -> list[Way]:
        """The ways by which a user has a permission in a place now; empty: they do not have it.

        Raises:
            UnknownPermission, UnknownResource: there is none.
            StoreUnavailable: the database did not answer.
        """
        state: PermissionState = app.extensions[EXTENSION]
        if state.ways is None:
            return []
        return state.ways.of(user_id, place, state.registry.get(permission))

    @staticmethod
    def registered_in(app: Flask) -> list[RegisteredPermission]:
        """The registered permissions of ``app``; raises ``StoreUnavailable``."""
        state: PermissionState | None = app.extensions.get(EXTENSION)
        return [] if state is None else list(state.registry.snapshot.by_name.values())

    @staticmethod
    def meters_of(app: Flask) -> CheckMeters:
        """The meters of the checks of ``app``."""
        state: PermissionState = app.extensions[EXTENSION]
        return state.meters

    @staticmethod
    def joins_of(app: Flask) -> list[Callable[[Session, Event], object]]:
        """Functions that store more, such as messages, in the transactions of steps in ``app``."""
        state: PermissionState = app.extensions[EXTENSION]
        return state.joins

    @staticmethod
    def boundaries_of(app: Flask) -> BoundaryWatch | None:
        """The watch for moments known ahead in ``app``; None without a cache."""
        state: PermissionState | None = app.extensions.get(EXTENSION)
        return state.boundaries if state else None
