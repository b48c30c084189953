"""A worker works on so many requests at once, and refuses the rest before any work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask

from tests.support.waiting import wait_until
from yoto.http.application import Application
from yoto.monitor import Monitor, names

SLOW = "/api/v1/slow"


class SlowView:
    """A view that is at work until the test ends it."""

    def __init__(self) -> None:
        self.inside = 0
        self.ends = threading.Event()

    def __call__(self) -> str:
        self.inside += 1
        self.ends.wait(60)
        return "done"


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"REQUESTS_AT_WORK": 1}


@pytest.fixture
def slow(app: Flask) -> Iterator[SlowView]:
    view = SlowView()
    app.add_url_rule(SLOW, "slow", view)
    assert isinstance(app, Application) and app.bound is not None
    app.bound._patience = 60.0
    yield view
    view.ends.set()


def status_of(app: Flask, path: str = SLOW) -> int:
    return app.test_client().get(path).status_code


def test_beyond_those_at_work_and_those_that_wait_it_is_503(app: Flask, slow: SlowView) -> None:
    assert isinstance(app, Application) and app.bound is not None
    bound = app.bound
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(status_of, app)]
        wait_until(lambda: slow.inside == 1)
        asked.append(pool.submit(status_of, app))
        wait_until(lambda: len(bound._waiting) == 1)
        refused = app.test_client().get(SLOW)
        assert refused.status_code == 503
        assert refused.get_json()["type"] == "urn:yoto:problem:overloaded"
        assert refused.headers["Retry-After"] == "1"
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
        # Neither the probe of life nor a static file takes a turn.
        assert status_of(app, "/livez") == 200
        assert status_of(app, "/static/control/none.js") == 404
        slow.ends.set()
        assert [one.result(60) for one in asked] == [200, 200]
    assert Monitor.of(app).recorder.counter(names.OVERLOADED).drain() == 1


def test_a_view_that_fails_gives_its_place_back(app: Flask) -> None:
    def fails() -> str:
        raise ZeroDivisionError

    app.add_url_rule("/api/v1/fails", "fails", fails)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert [status_of(app, "/api/v1/fails") for _ in range(3)] == [500] * 3
