from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.contract.resilience.platform import DEAD_URL, PREFIX, Platform
from tests.support.gallery import importable
from tests.support.redis_fixtures import KINDS, settings_of
from yoto.redis import RedisSettings
from yoto.resilience import register_algorithm

Join = Callable[..., Platform]
# An algorithm that is not built in: the suite is for its authors, too (``own_algorithm``).
OWN = "quiet_window"


def reach_of(request: pytest.FixtureRequest, kind: str) -> RedisSettings:
    if kind == "local":
        return RedisSettings(url=DEAD_URL, key_prefix=PREFIX)
    fixture = "valkey_cluster" if kind == "cluster" else f"{kind}_server"
    return settings_of(request.getfixturevalue(fixture), key_prefix=PREFIX)


@pytest.fixture
def make_platform() -> Iterator[Callable[..., Platform]]:
    """Makes platforms and closes them after the test."""
    made: list[Platform] = []

    def make(settings: RedisSettings, **options: Any) -> Platform:
        made.append(Platform(settings, **options))
        return made[-1]

    yield make
    for platform in made:
        platform.close()


def _join(request: pytest.FixtureRequest, make_platform: Callable[..., Platform]) -> Iterator[Join]:
    settings = reach_of(request, request.param)
    joined: list[Platform] = []

    def join(**options: Any) -> Platform:
        joined.append(make_platform(settings, **options))
        return joined[-1]

    yield join
    if request.param != "local":
        immortal = keys_without_ttl(make_platform(settings))
        assert immortal == []


def keys_without_ttl(platform: Platform) -> list[bytes]:
    """Keys of this suite that would stay for ever."""
    client = platform.redis.client
    keys = list(client.scan_iter(match=f"{PREFIX}*", count=1000))
    return [key for key in keys if client.pttl(key) == -1]


# A guard takes another way on one server than on a cluster: each run meets both.
BOTH_WAYS = list(dict.fromkeys(["valkey", *KINDS]))


@pytest.fixture(params=["local", *BOTH_WAYS])
def join(request: pytest.FixtureRequest, make_platform: Callable[..., Platform]) -> Iterator[Join]:
    """Makes instances of one fleet, on each kind of server and on the twins without any.

    Afterwards every key that was left has a TTL.
    """
    yield from _join(request, make_platform)


@pytest.fixture(params=BOTH_WAYS)
def join_remote(
    request: pytest.FixtureRequest, make_platform: Callable[..., Platform]
) -> Iterator[Join]:
    """As ``join``, for what needs a server."""
    yield from _join(request, make_platform)


@pytest.fixture
def platform(join: Join) -> Platform:
    """One instance."""
    return join()


@pytest.fixture
def remote(join_remote: Join) -> Platform:
    """One instance that has a server."""
    return join_remote()


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """A name that no other test uses."""
    return str(request.node.name)


@pytest.fixture
def valkey(request: pytest.FixtureRequest, make_platform: Callable[..., Platform]) -> Platform:
    """One instance, for what is the same on every server."""
    return make_platform(reach_of(request, "valkey"))


@pytest.fixture
def own_algorithm() -> Iterator[None]:
    """That of the example of own code, registered."""
    with importable():
        from gallery.limits import QUIET_WINDOW

        assert register_algorithm(QUIET_WINDOW).name == OWN
        yield
