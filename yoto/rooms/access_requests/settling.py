"""Closes requests at their moment, in whichever worker comes first, and publishes their steps."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Flask, current_app

from yoto.errors import MaintenanceMode, StoreUnavailable
from yoto.events import Event
from yoto.housekeeping import Housekeeper
from yoto.rooms.access_requests.events import AccessRequestEvent
from yoto.rooms.access_requests.settings import RequestSettings

log = logging.getLogger(__name__)

EXTENSION = "yoto.access_requests"

# s between two looks for grants of other workers; a worker closes its own in time.
INTERVAL = 5.0
# s after the moment, since clocks of two machines differ.
LATE = 0.05
# s between looks while the database is unavailable, or not set up.
AGAIN = 30.0


class RequestDesk:
    """The part of one application that closes access requests in the background."""

    def __init__(
        self,
        app: Flask,
        settings: RequestSettings,
        settle: Callable[[], float | None],
        publish: Callable[[Event], object],
        clock: Callable[[], float],
    ) -> None:
        """Nothing is read yet.

        Args:
            settle: closes the requests that are due, and returns the next moment at which one is:
                epoch seconds, or None.
            publish: publishes an event, and never raises for want of a store.
        """
        self.settings = settings
        self._app = app
        self._settle = settle
        self._publish = publish
        self._clock = clock
        self._failing = False
        self._keeper = Housekeeper("yoto-access-requests")
        self._look_soon = self._keeper.add("settle", self.turn)

    def start(self) -> None:
        """Start to look for requests that are due."""
        self._keeper.start()

    def close(self) -> None:
        """End the thread; ``start`` begins a new one."""
        self._keeper.stop()

    def publish(self, event: AccessRequestEvent) -> None:
        """Publish a step, and look for the next moment, which it may have changed."""
        self._publish(event.for_stream())
        self._look_soon()

    def turn(self) -> float:
        """Close the requests that are due; returns the seconds until the next look."""
        try:
            with self._app.app_context():
                due = self._settle()
        except MaintenanceMode:
            return AGAIN  # no request is closed before the maintenance is over
        except StoreUnavailable as error:
            if not self._failing:
                log.warning("access requests are not closed in time now: %s", error)
            self._failing = True
            return AGAIN
        self._failing = False
        if due is None:
            return INTERVAL
        return min(INTERVAL, max(0.0, due - self._clock()) + LATE)


def desk_of(app: Flask) -> RequestDesk:
    """The desk of ``app``."""
    found: RequestDesk = app.extensions[EXTENSION]
    return found


def current_desk() -> RequestDesk:
    """The desk of the current application."""
    return desk_of(current_app._get_current_object())  # type: ignore[attr-defined]
