"""Commands that go over the wire, counted at the server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.contract.resilience.platform import PREFIX, Platform
from tests.contract.resilience.wire import commands_of
from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Server
from yoto.errors import RateLimited
from yoto.resilience.guard import Guard
from yoto.resilience.outcome import Outcome
from yoto.resilience.settings import MultiDimensionalKey

SOMEBODY = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")


@pytest.fixture(params=["valkey", "redis"])
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def platform(server: Server, make_platform: Callable[..., Platform]) -> Platform:
    return make_platform(settings_of(server, key_prefix=PREFIX))


@pytest.fixture
def guard(platform: Platform, name: str) -> Guard:
    """A guard of all three parts that has been used once, so that scripts are loaded."""
    guard = platform.guard(name, breaker={}, limiter={"limit": 3}, bulkhead={"max_concurrent": 2})
    guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    platform.runtime.exits.settle()
    return guard


def test_entry_is_one_command_and_exit_another(
    server: Server, platform: Platform, guard: Guard
) -> None:
    with commands_of(server) as entry:
        permit = guard.enter(SOMEBODY)
        assert permit.limits is not None
    with commands_of(server) as end:
        permit.exit(Outcome.FAILURE)
        platform.runtime.exits.settle()
    assert (entry, end) == (["EVALSHA"], ["EVALSHA"])


def test_a_refusal_is_one_command_and_its_repetition_none(
    server: Server, platform: Platform, guard: Guard
) -> None:
    for _ in range(2):
        guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    platform.runtime.exits.settle()
    with commands_of(server) as first:
        with pytest.raises(RateLimited):
            guard.enter(SOMEBODY)
    with commands_of(server) as again:
        for _ in range(10):
            with pytest.raises(RateLimited) as caught:
                guard.enter(SOMEBODY)
            assert caught.value.retry_after > 0
    assert (first, again) == (["EVALSHA"], [])


def test_a_denied_key_asks_no_more_until_it_is_given_back(
    server: Server, platform: Platform, name: str
) -> None:
    limiter = platform.limiter(name, limit=2, window=60)
    for _ in range(3):
        limiter.hit("k")
    with commands_of(server) as denied:
        assert not any(limiter.hit("k").allowed for _ in range(10))
    assert denied == []
    limiter.refund("k")
    with commands_of(server) as allowed:
        assert limiter.hit("k").allowed
    assert allowed == ["EVALSHA"]


def test_a_denied_dimension_is_known_for_other_callers_too(
    server: Server, platform: Platform, name: str
) -> None:
    limiter = platform.limiter(name, dimensions={"user": {}, "ip": {"limit": 1}})
    for user in (1, 2):
        limiter.hit(MultiDimensionalKey(user_id=user, ip_address="10.0.0.1"))
    with commands_of(server) as denied:
        answer = limiter.hit(MultiDimensionalKey(user_id=3, ip_address="10.0.0.1"))
    assert (answer.allowed, answer.dimension, denied) == (False, "ip", [])


def test_three_dimensions_with_their_numbers_are_one_command(
    server: Server, platform: Platform, name: str
) -> None:
    limiter = platform.limiter(name)
    limiter.hit(SOMEBODY)
    with commands_of(server) as sent:
        result = limiter.hit(SOMEBODY)
    assert sent == ["EVALSHA"]
    assert [status.remaining for status in result.dimensions] == [58, 58, 58]


def test_a_breaker_and_a_bulkhead_send_one_command_each_way(
    server: Server, platform: Platform, name: str
) -> None:
    breaker, bulkhead = platform.breaker(name), platform.bulkhead(name)
    breaker.call(int)
    bulkhead.acquire(0).release()
    with commands_of(server) as sent:
        breaker.call(int)
    assert sent == ["EVALSHA"] * 2
    with commands_of(server) as sent:
        bulkhead.acquire(0).release()
    assert sent == ["EVALSHA"] * 2


def test_what_is_disabled_or_ignored_sends_nothing(
    server: Server, platform: Platform, name: str
) -> None:
    disabled, breaker = platform.breaker(name, mode="disabled"), platform.breaker(name)
    permit = breaker.allow()
    with commands_of(server) as sent:
        disabled.call(int)
        permit.exit(Outcome.IGNORED)
    assert sent == []
