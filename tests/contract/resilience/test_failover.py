"""A primary that became a replica answers READONLY: the call finds the new primary."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis, exceptions

from tests.contract.resilience.platform import PREFIX, Platform
from tests.support.links import link_to
from tests.support.redis_fixtures import PATIENCE
from tests.support.redis_servers import start_replica, start_valkey
from tests.support.waiting import HOST
from yoto.redis import RedisSettings
from yoto.resilience.settings import MultiDimensionalKey

SOMEBODY = MultiDimensionalKey(user_id=42)


def refusals(client: Redis) -> int:
    """How often a server said READONLY."""
    return int(client.info("errorstats")["errorstat_READONLY"]["count"])


def test_a_guard_goes_on_at_the_new_primary(
    make_platform: Callable[..., Platform], name: str
) -> None:
    with (
        start_valkey({"repl-diskless-sync-delay": "0"}) as old,
        start_replica(old) as new,
        # The name of the primary, as a service or a DNS entry is.
        link_to(old.port) as link,
        old.client() as at_old,
        new.client() as at_new,
    ):
        platform = make_platform(
            # On a machine that is too busy it is slow, not lost.
            RedisSettings(f"redis://{link.address}", key_prefix=PREFIX, socket_timeout=PATIENCE)
        )
        guard = platform.guard(name, {}, {"limit": 10, "window": 60}, {"max_concurrent": 2})
        breaker, bulkhead = platform.breaker(name), platform.bulkhead(name, max_concurrent=2)
        with guard.enter(SOMEBODY):
            assert at_old.wait(1, 5_000) == 1
            at_new.replicaof("NO", "ONE")
            at_old.replicaof(HOST, new.port)
            link.lead_to(HOST, new.port)
            with pytest.raises(exceptions.ReadOnlyError):
                at_old.set("anything", 1)
            before = refusals(at_old)
        with guard.enter(SOMEBODY):
            pass
        assert refusals(at_old) > before
        # Nobody's twin stood in: the new primary has what was counted before and after.
        assert (breaker.state().calls, bulkhead.stats().held) == (2, 0)
        assert platform.redis.client.info("replication")["role"] == "master"
        assert at_new.keys(f"{PREFIX}*")
