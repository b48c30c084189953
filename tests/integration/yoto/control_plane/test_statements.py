"""The costs of opening a page: SQL statements, and round trips to Redis.

The caller and their rights come from memory. No number grows with the guards, breakers and
bulkheads that there are: Redis is asked for all of a kind at once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import SimpleNamespace

import pytest
from flask import Flask

from app.auth.passwords import passwords
from app.extensions import fleet, monitor
from tests.integration.yoto.control_plane.conftest import PASSWORD, Browser
from tests.support.operators import RIGHTS, operator_named
from tests.support.round_trips import count_client_round_trips, count_round_trips
from tests.support.statements import count_own_statements
from tests.support.waiting import wait_until
from tests.support.world import World
from yoto.operate.live import views
from yoto.operate.live.views import init_live, live_views
from yoto.redis import RedisStore
from yoto.resilience import get_resilience_controller

# The signed-in person, by name; and with each page: maintenance, and requests that wait.
PAGE = (4, 0)
# Statements and round trips of the request's own thread.
READS = {
    # And the steps of a new installation, for administrators until they hide them.
    "/control/": (9, 0),
    "/control/guards": PAGE,
    "/control/settings": PAGE,
    # Maintenance, open alerts and the rules of health; workers, measures, guards and queues.
    "/control/api/status": (2, 8),
    "/control/api/status/detailed": (2, 8),
    "/control/api/stats/performance?range=10m": (0, 3),  # 600 points, 200 a command
    "/control/api/stats/cache": (0, 2),
    "/control/api/stats/resilience": (0, 1),
    "/control/api/overrides": (1, 0),
    # History, callers of limits, breakers, the connection itself, bulkheads.
    "/control/api/guards?limit=100": (0, 5),
    "/control/api/policies": (1, 0),
    "/control/api/policy-documents": (1, 0),
    "/control/api/tasks": (0, 1),
    "/control/api/queues": (0, 3),
    "/control/api/locks": (0, 1),
    "/control/api/events?limit=50": (0, 1),
    "/control/api/audit": (1, 0),
    "/control/api/instances": (0, 1),
    "/control/api/alerts": (1, 0),
    "/control/api/alerts/rules": (0, 0),
    "/control/api/maintenance/mode": (1, 0),
    "/control/api/tokens": (1, 0),
    "/control/api/second-factor": (1, 0),
}
GUARDS = 5


def taken(
    app: Flask, browser: Browser, paths: Sequence[str], suggested: bool = True
) -> dict[str, tuple[int, int]]:
    """The costs of each at a worker that has answered it before."""
    nodes = RedisStore.of(app).topology.router.nodes()
    found = {}
    for path in paths:
        for _ in range(2):  # the second one finds names that the first recorded
            assert browser.get(path).status_code == 200, path
            _forget_views(app, suggested)
            monitor.of(app).flush()
        assert browser.get(path).status_code == 200, path
        _forget_views(app, suggested)  # a view of a second ago is not counted otherwise
        with (
            count_own_statements(every=True) as statements,
            count_round_trips(nodes) as trips,
            count_client_round_trips() as more,
        ):
            assert browser.get(path).status_code == 200
        found[path] = len(statements), len(trips) + len(more)
        print(path, *statements, *trips, *more, sep="\n  ")
    return found


def _forget_views(app: Flask, suggested: bool) -> None:
    """Have nothing remembered, or what is looked for every thirty seconds alone."""
    init_live(app, 1_000)
    if suggested:
        with app.app_context():
            live_views().suggested()


@pytest.fixture
def nothing_ages(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request's memory holds to its end, however slow the machine is."""
    monkeypatch.setattr(views, "time", SimpleNamespace(monotonic=lambda: 0.0, time=time.time))


@pytest.mark.usefixtures("nothing_ages")
def test_a_page_asks_for_what_it_shows_once(app: Flask, world: World, browser: Browser) -> None:
    with app.app_context():
        operator_named(world, "ada", *RIGHTS, password_hash=passwords().hash(PASSWORD))
        fleet.current.start()
        wait_until(lambda: fleet.of(app).all())
    browser.sign_in("ada")
    assert taken(app, browser, list(READS)) == READS
    with app.app_context():
        controller = get_resilience_controller()
        for number in range(GUARDS):
            controller.set_circuit_breaker_config(f"breaker-{number}", consecutive_failures=3)
            controller.set_bulkhead_config(f"bulkhead-{number}", max_concurrent=3)
    # Each overview asks every ten seconds; suggestions are looked for every thirty.
    detailed = "/control/api/status/detailed"
    # They are made of what was recorded since the last change: where that is a second or more, of
    # the queue, too.
    assert taken(app, browser, [detailed], suggested=False)[detailed] in {(2, 9), (2, 11)}
    some = [path for path in READS if "status" in path or "guards" in path]
    assert taken(app, browser, some) == {path: READS[path] for path in some}
