"""Hot counts on real servers, each test with keys of its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server
from yoto.redis import RedisConnection, RedisSettings
from yoto.rooms.warm_up.hot import HotCounts
from yoto.rooms.warm_up.settings import HotSettings

MakeHot = Callable[..., HotCounts]


@pytest.fixture
def on_valkey(valkey_server: Server) -> RedisSettings:
    """How to reach one server, for what needs no other."""
    return settings_of(valkey_server, key_prefix=f"test-{secrets.token_hex(6)}:")


@pytest.fixture
def make_hot() -> Iterator[MakeHot]:
    """Makes hot counts, as each worker has them."""
    made: list[tuple[RedisConnection, HotCounts]] = []

    def make(settings: RedisSettings, **fields: object) -> HotCounts:
        redis = RedisConnection(settings)
        made.append((redis, HotCounts(redis, HotSettings(**fields))))  # type: ignore[arg-type]
        return made[-1][1]

    yield make
    for redis, hot in made:
        hot.close()
        redis.close()
