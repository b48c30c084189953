"""The Flask extension: gives each application its part in the fleet."""

from __future__ import annotations

from flask import Flask

from yoto.events import Events
from yoto.extension import Extension
from yoto.redis import RedisStore

from .roster import Roster
from .workers import Facts, FleetService


class Fleet(Extension[FleetService]):
    """``fleet = Fleet()``. The application needs Redis and events."""

    key = "yoto.fleet"

    def init_app(self, app: Flask, facts: Facts) -> None:
        """Set up; nothing connects and no thread starts.

        Args:
            facts: values that a worker reports with each heartbeat; quick, JSON-ready.
        """
        roster = Roster(RedisStore.of(app))
        self.keep(app, FleetService(roster, Events.of(app), facts))
