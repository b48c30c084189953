"""An application on an empty server, with its context pushed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.redis_servers import Server
from tests.support.resilience import controller_of, guarded_app, own_names
from yoto.resilience import ResilienceController

__all__ = ["own_names"]


@pytest.fixture(autouse=True)
def _own_names(own_names: None) -> None:  # noqa: F811
    """Each test has names of its own."""


class Users:
    """The user who is signed in; a test sets it."""

    current: int | None = None


@pytest.fixture
def users() -> Users:
    return Users()


@pytest.fixture
def app(valkey_server: Server, users: Users) -> Iterator[Flask]:
    with valkey_server.client() as client:
        client.flushall()
    with guarded_app({"REDIS_URL": valkey_server.url}, subject=lambda: users.current) as app:
        yield app


@pytest.fixture
def controller(app: Flask) -> Iterator[ResilienceController]:
    """The controller of the application, whose context is pushed for the test."""
    with app.app_context():
        yield controller_of(app)
