"""A real server with operators, for sockets over the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from tests.support.applications import another_app
from tests.support.operators import VIEW, api_token, operator_named
from tests.support.process import RunningYoto
from tests.support.redis_servers import Server
from tests.support.world import World
from yoto.events import EventStream
from yoto.redis import RedisConnection, RedisSettings

# Sockets that one account may have; see ``control_socket.limits``.
SOCKETS_OF_ACCOUNT = 20


class Serving:
    """A served application: its address, its event stream, and accounts that may look."""

    def __init__(self, yoto: RunningYoto, app: Flask, stream: EventStream) -> None:
        self.yoto = yoto
        self.app = app
        self.world = World(app)
        self.stream = stream

    @property
    def url(self) -> str:
        return self.yoto.url

    def tokens(self, name: str, sockets: int) -> list[str]:
        """A token for each of so many sockets, of as many accounts as they need."""
        found: list[str] = []
        for number in range(-(-sockets // SOCKETS_OF_ACCOUNT)):
            person = operator_named(self.world, f"{name}{number}", VIEW)
            _, secret = api_token(self.app, person, [VIEW])
            found += [secret] * SOCKETS_OF_ACCOUNT
        return found[:sockets]


@contextmanager
def serving(instance: Path, redis: Server, *arguments: str, **variables: str) -> Iterator[Serving]:
    """``run.py`` on a Redis of its own, and an application here on the same stores."""
    variables = {"YOTO_SEED_DEMO": "0", "YOTO_WARM_UP_AT_START": "0", **variables}
    yoto = RunningYoto(instance, *arguments, YOTO_REDIS_URL=redis.url, **variables)
    try:
        assert yoto.url
        connection = RedisConnection(RedisSettings(url=redis.url, socket_timeout=2.0))
        config = {"ENVIRONMENT": "development", "REDIS_URL": redis.url}
        with another_app(config, instance) as app:
            yield Serving(yoto, app, EventStream(connection, "a-test-1-ab"))
        connection.close()
    finally:
        yoto.stop()
