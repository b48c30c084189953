"""The parts that guards need, in an application without the rest of the platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Flask

from yoto.component import Component
from yoto.events import Events
from yoto.redis import RedisSettings, RedisStore
from yoto.resilience import Resilience, Settings


class GuardedHost(Protocol):
    """An application's configuration of its guards."""

    @property
    def redis(self) -> RedisSettings | None:
        """The address of Redis; None: the configuration's."""

    @property
    def caller(self) -> Callable[[], Any]:
        """Returns the id of the current caller, or None."""

    @property
    def guards(self) -> Mapping[str, Mapping[str, Settings]]:
        """Their configuration by name and kind, until operators change it."""

    @property
    def enabled(self) -> bool:
        """Whether guards are on."""

    @property
    def share_workers(self) -> int:
        """Number of processes that share a limit without Redis; 0: unknown."""


def _resilience(app: Flask, host: GuardedHost) -> None:
    Resilience().init_app(
        app,
        RedisStore.of(app),
        Events.of(app),
        subject=host.caller,
        defaults=host.guards,
        enabled=host.enabled,
        share_workers=host.share_workers,
    )


REDIS: Component[GuardedHost] = Component(
    "redis",
    init=lambda app, host: RedisStore().init_app(app, host.redis),
    close=lambda app: RedisStore.of(app).close(),
)
EVENTS: Component[GuardedHost] = Component(
    "events",
    init=lambda app, host: Events().init_app(app),
    close=lambda app: Events.of(app).tailer.stop(),
)
RESILIENCE: Component[GuardedHost] = Component(
    "guards",
    init=_resilience,
    start=lambda app: Resilience.of(app).start(),
    close=lambda app: Resilience.of(app).close(),
)
GUARDS = (REDIS, EVENTS, RESILIENCE)
