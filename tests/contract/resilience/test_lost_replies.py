"""A reply gets lost on its way; the call that is sent again takes one permit, not two."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.contract.resilience.conftest import OWN
from tests.contract.resilience.platform import PREFIX, Platform
from tests.support.links import Link, link_to
from tests.support.redis_fixtures import PATIENCE
from tests.support.redis_servers import Server
from yoto.redis import RedisSettings
from yoto.resilience.algorithms import algorithm_names
from yoto.resilience.outcome import Outcome

pytestmark = pytest.mark.usefixtures("own_algorithm")


@pytest.fixture
def link(valkey_server: Server) -> Iterator[Link]:
    with link_to(valkey_server.port) as link:
        yield link


@pytest.fixture
def platform(link: Link, make_platform: Callable[..., Platform]) -> Platform:
    # A reply that is lost ends its connection; one that is late on a busy machine is none.
    address = f"redis://{link.address}"
    return make_platform(RedisSettings(address, key_prefix=PREFIX, socket_timeout=PATIENCE))


@pytest.mark.parametrize("algorithm", [*algorithm_names(), OWN])
def test_a_hit_is_charged_once(platform: Platform, link: Link, name: str, algorithm: str) -> None:
    limiter = platform.limiter(name, algorithm=algorithm, limit=2, window=60)
    limiter.peek("k")
    link.lose_reply()
    assert limiter.hit("k").allowed
    assert link.fault is None
    assert limiter.hit("k").allowed
    assert not limiter.hit("k").allowed
    assert limiter.store.store_errors == 0


def test_the_last_unit_is_not_refused_to_who_took_it(
    platform: Platform, link: Link, name: str
) -> None:
    limiter = platform.limiter(name, limit=1, window=60)
    limiter.peek("k")
    link.lose_reply()
    assert limiter.hit("k").allowed
    assert link.fault is None


def test_a_slot_is_taken_once(platform: Platform, link: Link, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    bulkhead.stats()
    link.lose_reply()
    slot = bulkhead.acquire(0)
    assert link.fault is None
    assert bulkhead.stats().held == 1
    link.lose_reply()
    slot.release()
    assert bulkhead.stats().held == 0


@pytest.mark.parametrize("with_bulkhead", [True, False])
def test_a_guarded_call_takes_one_of_each_and_counts_once(
    platform: Platform, link: Link, name: str, with_bulkhead: bool
) -> None:
    slots = {"max_concurrent": 1} if with_bulkhead else None
    guard = platform.guard(name, breaker={}, limiter={"limit": 1}, bulkhead=slots)
    breaker, limiter = platform.breaker(name), platform.limiter(name, limit=1)
    limiter.peek("k")
    link.lose_reply()
    permit = guard.enter("k")
    assert link.fault is None
    assert limiter.peek("k").remaining == 0
    if with_bulkhead:
        link.lose_reply()
    permit.exit(Outcome.FAILURE)
    assert breaker.state().failures == 1
    if with_bulkhead:
        assert link.fault is None
        assert platform.bulkhead(name, max_concurrent=1).stats().held == 0


def test_a_probe_is_one_probe(platform: Platform, link: Link, name: str) -> None:
    breaker = platform.breaker(name, recovery_timeout=0.01, recovery_timeout_max=0.01)
    for _ in range(5):
        breaker.allow().exit(Outcome.FAILURE)
    time.sleep(0.02)
    link.lose_reply()
    permit = breaker.allow()
    assert link.fault is None
    assert breaker.state().probes == 1
    permit.exit(Outcome.SUCCESS)
    assert breaker.state().state.value == "closed"
