"""The cache over a failover of the cluster's part that has the log."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from app.core.cache import Position
from app.core.errors import StoreUnavailable
from app.core.redis import RedisSettings
from app.core.redis.keys import slot_of
from tests.contract.cache.conftest import MakeCache, Truth, seen
from tests.support.redis_servers import Cluster, start_cluster, wait_until


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A cluster that this test may break."""
    with start_cluster() as cluster:
        yield cluster


def test_a_killed_primary_is_followed_and_nobody_stays_stale(
    own_cluster: Cluster, make_cache: MakeCache, truth: Truth
) -> None:
    reach = RedisSettings(nodes=tuple(("127.0.0.1", one.port) for one in own_cluster.primaries))
    cache, other = make_cache(reach), make_cache(reach)
    truth.masks[1] = 1
    for one in (cache, other):
        one.get_or_load(1, 0, truth.loader())
    before = max(cache.tailer.known, other.tailer.known)
    own_cluster.owner_of(slot_of(cache._log.key)).kill()
    truth.masks[1] = 2
    killed_at = time.monotonic()
    # Nobody could append the change; what was committed must be seen all the same.
    while time.monotonic() < killed_at + 6.0:
        for one in (cache, other):
            asked_at = time.monotonic()
            mask = one.get_or_load(1, 0, truth.loader())[0].mask
            assert mask == 2 or asked_at < killed_at + 2.5
        time.sleep(0.01)
    for one in (cache, other):
        wait_until(lambda: one.stats().fresh, 20, what="the promoted replica to be heard")
        assert one.tailer.applied > before
    position: list[Position] = []

    def told() -> bool:
        try:
            position.append(cache.invalidate_user(1))
        except StoreUnavailable:
            return False
        return True

    truth.masks[1] = 3
    wait_until(told)
    seen(other, position[0])
    for one in (cache, other):
        assert one.get_or_load(1, 0, truth.loader(), position[0])[0].mask == 3
        wait_until(lambda: one.get_or_load(1, 0, truth.loader())[1] == "l1")
