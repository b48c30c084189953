"""The work in the background of an application that has all parts of the platform."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.extensions import (
    alerts,
    events,
    fleet,
    monitor,
    optimization,
    permissions,
    policy,
    prefetch,
    redis_store,
    resilience,
)
from yoto.health import probe
from yoto.http.records import records_of
from yoto.permission import ComponentState, WarmUpReport
from yoto.wiring import elected_forecaster, sweeper_of, tuner_of

log = logging.getLogger(__name__)


def begin(app: Flask) -> WarmUpReport | None:
    """Begin it; every process that serves calls it once, and ``end`` ends it.

    A worker that nobody asks anything must still relay what a dead one left in the outbox, and
    hear of changes. The warm-up comes last; nothing waits for it.

    Returns:
        The warm-up that has begun; None where ``WARM_UP_AT_START`` says that there is none.
    """
    try:
        permissions.start(app)
    except StoreUnavailable as error:
        # The threads run, and look again by themselves.
        log.warning("starting without knowing whether there is maintenance: %s", error)
    policy.of(app).start()
    optimization.of(app).start()
    alerts.of(app).start()
    monitor.start(app)
    prefetch.of(app).start()
    tuner_of(app).start()
    forecaster = elected_forecaster(app)
    if forecaster is not None:
        forecaster.start()
    fleet.of(app).start()
    sweeper_of(app).start()
    if not app.config["WARM_UP_AT_START"]:
        return None
    with app.app_context():
        return permissions.warm_up(background=True)


def end(app: Flask) -> None:
    """End every thread, and close the connections to Redis; a later use begins anew.

    Those to the database stay open: the caller closes them last.
    """
    fleet.of(app).close()
    sweeper_of(app).close()
    tuner_of(app).close()
    prefetch.of(app).close()
    optimization.of(app).stop()
    permissions.close(app)
    policy.of(app).close()
    alerts.of(app).close()
    forecaster = elected_forecaster(app)
    if forecaster is not None:
        forecaster.close()
    records_of(app).close()
    # Before the locks: what it asks in the background may hold one.
    monitor.of(app).close()
    optimization.of(app).locks.close()
    resilience.of(app).close()
    events.of(app).tailer.stop()
    redis_store.of(app).close()


def components() -> Sequence[ComponentState]:
    """How each component of the current application is: what ``/readyz`` asks, and the policies."""
    found = [ComponentState(one.name, one.state, one.detail) for one in probe().run()]
    engine = policy.health()
    state = "failed" if engine.state == "unavailable" else engine.state
    return [*found, ComponentState("policies", state, engine.detail)]
