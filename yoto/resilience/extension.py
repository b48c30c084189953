"""The Flask extension: gives each application its controller."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from yoto.audit import Audit
from yoto.errors import ConfigurationError
from yoto.events import EventState
from yoto.extension import Extension
from yoto.monitor import Recorder
from yoto.redis import RedisConnection

from .config_store import Journal, Kind, class_of
from .controller import ResilienceController
from .instances import workers_here
from .seats import Seats, folders_of
from .settings import Settings
from .shares import Shares
from .subject import Subject, no_subject

log = logging.getLogger(__name__)

# The kinds of guards whose numbers may be given in code.
IN_CODE = frozenset(
    (Kind.CIRCUIT_BREAKER, Kind.RATE_LIMIT, Kind.BULKHEAD, Kind.DEGRADATION, Kind.SWITCH)
)
EXAMPLE = "as in {'rate_limit': RateLimitConfig(limit=5, window=60)}"

if TYPE_CHECKING:
    _Base = ResilienceController
else:
    _Base = object


class Resilience(Extension[ResilienceController], _Base):
    """``resilience = Resilience()``: the current application's controller, by its own methods.

    ``resilience.rate_limiter(name)`` is ``get_resilience_controller().rate_limiter(name)``.
    """

    key = "yoto.resilience"

    def __init__(self) -> None:
        """Nothing happens before ``init_app``."""

    def init_app(
        self,
        app: Flask,
        redis: RedisConnection,
        events: EventState,
        journal: Journal | None = None,
        audit: Audit | None = None,
        subject: Subject = no_subject,
        defaults: Mapping[str, Mapping[str, Settings]] | None = None,
        recorder: Recorder | None = None,
        enabled: bool = True,
        share_workers: int = 0,
    ) -> None:
        """Set up the controller; no connection is made and no thread is started.

        Args:
            app: the application.
            redis: its connection, ``RedisStore.of(app)``.
            events: its events, ``Events.of(app)``.
            journal: the record of configuration; without one Redis is the record.
            audit: called with an operator's action before it takes effect; may raise to refuse it.
                With a journal it gets only actions that are no configuration.
            subject: gives the id of the user who makes the call at hand, or None.
            defaults: name to ``circuit_breaker``, ``rate_limit``, ``bulkhead``, ``degradation`` to
                the configuration in code; see ``ResilienceController.define``.
            recorder: takes the times of entries; by default they are not recorded.
            enabled: False, for tests, makes guards that admit every call without asking Redis.
            share_workers: how many processes share a limit without Redis, for one that began
                without it; 0: unknown.
        """
        folders = folders_of(app.instance_path, f"{app.name} {redis.settings.key_prefix}")
        shares = Shares(Seats(folders), partial(workers_here, share_workers))
        controller = ResilienceController(
            redis, events, journal, audit, subject, recorder, enabled, shares
        )
        if not enabled:
            log.warning("RESILIENCE_ENABLED is false: every guard of %s lets all in", app.name)
        for name, kinds in (defaults or {}).items():
            controller.define(name, **_checked(name, kinds))  # type: ignore[arg-type]
        self.keep(app, controller)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(get_resilience_controller(), name)


def _checked(name: str, kinds: Mapping[str, Settings]) -> Mapping[str, Settings]:
    """The configuration of a name in code, each kind in an object of its class."""
    if not isinstance(kinds, Mapping):
        raise ConfigurationError("guards", f"'{name}' wants a mapping, {EXAMPLE}, not {kinds!r}")
    for kind, given in kinds.items():
        if kind not in IN_CODE:
            known = ", ".join(sorted(IN_CODE))
            raise ConfigurationError("guards", f"'{name}' has {kind!r}, which is none of {known}")
        wanted = class_of(Kind(kind))
        if not isinstance(given, wanted):
            raise ConfigurationError(
                "guards",
                f"{kind} of '{name}' wants a {wanted.__name__}, {EXAMPLE}, not {given!r}",
            )
    return kinds


def get_resilience_controller() -> ResilienceController:
    """The controller of the current application.

    Raises:
        RuntimeError: there is no current application, or it has no resilience.
    """
    try:
        # The application itself: each use of the proxy would find it anew.
        app = current_app._get_current_object()  # type: ignore[attr-defined]
    except RuntimeError as error:
        raise RuntimeError(
            "no application: guards work inside a request or inside 'with app.app_context():'"
        ) from error
    return Resilience.of(app)
