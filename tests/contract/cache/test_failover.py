"""The cache over a failover of the cluster's part that has the log."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.contract.cache.conftest import MakeCache, Truth, seen
from tests.support.redis_servers import Cluster, start_cluster
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.redis import RedisSettings
from yoto.redis.keys import slot_of


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A cluster that this test may break."""
    with start_cluster() as cluster:
        yield cluster


def test_a_killed_primary_is_followed_and_nobody_stays_stale(
    own_cluster: Cluster, make_cache: MakeCache, truth: Truth
) -> None:
    reach = RedisSettings(nodes=tuple(("127.0.0.1", one.port) for one in own_cluster.primaries))
    cache, other, writer = make_cache(reach), make_cache(reach), make_cache(reach)
    truth.masks[1] = 1
    for one in (cache, other):
        one.get_or_load(1, 0, truth.loader())
    before = max(cache.tailer.known, other.tailer.known)
    lapses = {one: one.stats().log["lapses"] for one in (cache, other)}
    own_cluster.owner_of(slot_of(cache.tailer.key)).kill()
    truth.masks[1] = 2
    killed_at = time.monotonic()
    told: list[float] = []

    def relay() -> None:
        """Try until the log takes the change, as the outbox's relay does."""
        while not told:
            time.sleep(0.05)
            with suppress(StoreUnavailable):
                writer.invalidate_user(1)
                told.append(time.monotonic())

    relaying = threading.Thread(target=relay)
    relaying.start()
    while not told or time.monotonic() < told[0] + 4.0:
        assert time.monotonic() < killed_at + 60.0
        for one in (cache, other):
            known, asked_at = list(told), time.monotonic()
            mask = one.get_or_load(1, 0, truth.loader())[0].mask
            if mask != 2 and asked_at > killed_at + 2.5:
                # Only a cache that never lost sight of the log may wait until it tells.
                assert one.stats().log["lapses"] == lapses[one]
                assert not known or asked_at < known[0] + 2.5
        time.sleep(0.01)
    relaying.join()
    for one in (cache, other):
        wait_until(lambda: one.stats().fresh, 20, what="the promoted replica to be heard")
        assert one.tailer.applied > before
    truth.masks[1] = 3
    position = writer.invalidate_user(1)
    seen(other, position)
    for one in (cache, other):
        assert one.get_or_load(1, 0, truth.loader(), position)[0].mask == 3
        wait_until(lambda: one.get_or_load(1, 0, truth.loader())[1] == "l1")
