"""One application for all incidents, on a Redis server of the tests' own: some of them break it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.e2e.control.test_guards import Member
from tests.support.process import RunningYoto
from tests.support.redis_servers import Server, start_valkey


@pytest.fixture(scope="package")
def store() -> Iterator[Server]:
    """The application's Redis, which may be killed and frozen."""
    with start_valkey() as server:
        yield server


@pytest.fixture(scope="package")
def yoto(
    unpatched: None, store: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningYoto]:
    app = RunningYoto(
        tmp_path_factory.mktemp("incidents"),
        YOTO_ASYNC_MODE="eventlet",
        YOTO_REDIS_URL=store.url,
    )
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


@pytest.fixture(scope="package")
def neighbour(yoto: RunningYoto, store: Server) -> Iterator[Flask]:
    """Another process of that installation: this one."""
    from app import close_app, create_app

    app = create_app({"REDIS_URL": store.url}, instance_path=str(yoto.instance))
    yield app
    close_app(app)


@pytest.fixture(scope="package")
def member(yoto: RunningYoto) -> Member:
    return Member(yoto)
