"""The Flask extension: gives each application its part in the fleet."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from yoto.events import Events
from yoto.redis import RedisStore

from .roster import Roster
from .service import Facts, FleetService

EXTENSION_KEY = "yoto.fleet"


@dataclass(frozen=True)
class FleetState:
    """What the extension keeps in an application."""

    service: FleetService


class Fleet:
    """``fleet = Fleet()``; holds no state of its own. The application needs Redis and events."""

    def init_app(self, app: Flask, facts: Facts) -> None:
        """Set up; nothing connects and no thread starts.

        Args:
            facts: what a worker tells of itself at each heartbeat; quick, JSON-ready.
        """
        roster = Roster(RedisStore.of(app))
        app.extensions[EXTENSION_KEY] = FleetState(FleetService(roster, Events.of(app), facts))

    @staticmethod
    def of(app: Flask) -> FleetService:
        """The service of ``app``.

        Raises:
            RuntimeError: ``init_app`` was not called for it.
        """
        state = app.extensions.get(EXTENSION_KEY)
        if not isinstance(state, FleetState):
            raise RuntimeError("this application has no fleet: call fleet.init_app(app) first")
        return state.service

    @property
    def current(self) -> FleetService:
        """The service of the current application."""
        return self.of(current_app)
