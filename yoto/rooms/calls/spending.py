"""The state of calls out in one process: what retries may cost, and how long attempts take."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flask import Flask, current_app

from yoto.errors import Rejected
from yoto.monitor import Monitor, Recorder
from yoto.resilience import Resilience, ResilienceController
from yoto.resilience.config_store import Kind
from yoto.settings import settings_of

from .purse import Purse
from .quantile import Quantile
from .threads import Threads

EXTENSION = "yoto.calls"
# The retries of a service that calls too seldom to save up for one: so many at once and so many a
# second in the whole fleet (Envoy, ``min_retry_concurrency``).
FLOOR = 3
PARTS = frozenset({Kind.RATE_LIMIT, Kind.BULKHEAD})
# One key for all callers.
FLEET = "fleet"

RETRIES = "yoto_calls_retries_total"
HEDGES = "yoto_calls_hedges_total"
UNPAID = "yoto_calls_unpaid_total"
HELP = {
    RETRIES: "retries of calls out, by service and what paid: the share of its calls, or the floor",
    HEDGES: "second attempts beside a slow one, by service",
    UNPAID: "retries and hedges that were left out, since the budget was used up, by service",
}

Paid = AbstractContextManager[Any]


def floor_of(name: str) -> str:
    """The guard that has the floor of a service."""
    return f"{name}.retries"


class Spending:
    """Of one application in one process. Safe for threads and greenlets."""

    def __init__(self, app: Flask) -> None:
        config = settings_of(app)
        self.threads = Threads(config["CALLS_THREADS"])
        self._share: float = config["CALLS_RETRY_SHARE"]
        # An application of guards alone counts nothing.
        watched = Monitor.key in app.extensions
        self._recorder = Monitor.of(app).recorder if watched else Recorder()
        self._controller: ResilienceController = Resilience.of(app)
        self._purses: dict[str, Purse] = {}
        self._quantiles: dict[tuple[str, float], Quantile] = {}

    def purse(self, name: str) -> Purse:
        """The budget of the service ``name``."""
        found = self._purses.get(name)
        # Of two that are made at once one is lost, with the share of a single call.
        return self._purses.setdefault(name, Purse(self._share)) if found is None else found

    def quantile(self, name: str, share: float) -> Quantile:
        """How long its attempts take."""
        found = self._quantiles.get((name, share))
        if found is None:
            found = self._quantiles.setdefault((name, share), Quantile(share))
        return found

    def pay(self, name: str, series: str) -> Paid | None:
        """Pay for a retry or a hedge, which runs inside of the result; None: nothing can.

        Args:
            series: counts it.
        """
        if self.purse(name).take():
            self._count(series, name, "share")
            return nullcontext()
        try:
            permit = self._controller.guard(floor_of(name), PARTS).enter(FLEET, wait=0)
        except Rejected:
            self._recorder.counter(UNPAID, service=name).add()
            return None
        self._count(series, name, "floor")
        return permit

    def _count(self, series: str, name: str, paid_by: str) -> None:
        labels = {"paid_by": paid_by} if series == RETRIES else {}
        self._recorder.counter(series, service=name, **labels).add()


def wire(app: Flask) -> None:
    """Let ``app`` call out in this process."""
    app.extensions[EXTENSION] = Spending(app)


def spending() -> Spending:
    """That of the current application.

    Raises:
        RuntimeError: there is none, or it has no room ``calls``.
    """
    try:
        found: Spending | None = current_app.extensions.get(EXTENSION)
    except RuntimeError as error:
        raise RuntimeError(
            "no application: calls work inside a request or inside 'with app.app_context():'"
        ) from error
    if found is None:
        raise RuntimeError("calls are off: Yoto(app, rooms=['calls'])")
    return found
