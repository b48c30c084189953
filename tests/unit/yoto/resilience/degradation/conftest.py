"""Applications of several processes on one empty server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.support.redis_fixtures import SERVERS
from tests.support.redis_servers import Server
from tests.support.resilience import controller_of, guarded_app
from yoto.resilience import ResilienceController


@pytest.fixture(params=SERVERS)
def address(request: pytest.FixtureRequest) -> dict[str, str]:
    """Configuration that leads to an empty server or cluster."""
    server = request.getfixturevalue(request.param)
    single = isinstance(server, Server)
    for primary in [server] if single else server.primaries:
        with primary.client() as client:
            client.flushall()
    return {"REDIS_URL": server.url} if single else {"REDIS_CLUSTER_NODES": server.nodes}


@pytest.fixture
def new_controller(address: dict[str, str]) -> Iterator[Callable[[], ResilienceController]]:
    """Makes the controller of one more process."""
    with ExitStack() as apps:
        yield lambda: controller_of(apps.enter_context(guarded_app(address)))


@pytest.fixture
def controller(new_controller: Callable[[], ResilienceController]) -> ResilienceController:
    """The controller of one process."""
    return new_controller()
