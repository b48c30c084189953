"""Applications of several processes on one empty server, which share a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.support.redis_servers import Server
from tests.support.resilience import controller_of, guarded_app
from yoto.resilience import ResilienceController

from ..config_store.journals import ListJournal

NewController = Callable[..., ResilienceController]


@pytest.fixture
def server(valkey_server: Server) -> Server:
    """An empty server; a test that breaks it overrides this."""
    with valkey_server.client() as client:
        client.flushall()
    return valkey_server


@pytest.fixture
def journal() -> ListJournal:
    """The record."""
    return ListJournal()


@pytest.fixture
def new_controller(server: Server, journal: ListJournal) -> Iterator[NewController]:
    """Makes the controller of one more application."""
    with ExitStack() as apps:

        def new(**options: Any) -> ResilienceController:
            chosen = {"journal": journal, **options}
            return controller_of(
                apps.enter_context(guarded_app({"REDIS_URL": server.url}, **chosen))
            )

        yield new


@pytest.fixture
def controller(new_controller: NewController) -> ResilienceController:
    """The controller of one application."""
    return new_controller()
