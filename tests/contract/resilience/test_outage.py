"""Redis goes away, comes back, loses its data; callers get answers, never errors of Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from statistics import median

import pytest

from tests.contract.resilience.platform import PREFIX, Platform
from tests.support.redis_fixtures import PATIENCE
from tests.support.redis_servers import Cluster, Server, start_cluster, start_valkey
from tests.support.waiting import wait_until
from yoto.errors import (
    BulkheadFull,
    CircuitIsolated,
    CircuitOpen,
    RateLimited,
    Rejected,
    StoreUnavailable,
)
from yoto.redis import RedisSettings
from yoto.redis.keys import slot_of
from yoto.resilience.breaker import State
from yoto.resilience.guard import Guard
from yoto.resilience.outcome import Outcome
from yoto.resilience.settings import MultiDimensionalKey
from yoto.resilience.store_error import StoreWatch

SOMEBODY = MultiDimensionalKey(user_id=42, server_id=7, ip_address="10.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of this test's own, which it may break."""
    with start_valkey() as server:
        yield server


@pytest.fixture
def platform(server: Server, make_platform: Callable[..., Platform]) -> Platform:
    # One that is killed refuses at once; one that is busy is late, and not lost.
    settings = RedisSettings(url=server.url, key_prefix=PREFIX, socket_timeout=PATIENCE)
    return make_platform(settings, instances=lambda: 2)


def guard_of(platform: Platform, name: str, on_store_error: str, limit: int = 1_000) -> Guard:
    policy = {"on_store_error": on_store_error}
    return platform.guard(
        name,
        breaker=policy,
        limiter={"limit": limit, "window": 60, **policy},
        bulkhead={"max_concurrent": 8, **policy},
    )


def watches(guard: Guard) -> list[StoreWatch]:
    """The watches over Redis of the parts of a guard."""
    parts = (guard.breaker, guard.limiter, guard.bulkhead)
    return [part.store for part in parts if part is not None]


def heals(guard: Guard) -> bool:
    """Enter, and say whether all parts have heard Redis again."""
    with suppress(Rejected):
        guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    return not any(watch.degraded for watch in watches(guard))


def lose(server: Server, platform: Platform) -> None:
    """Kill the server and make the loss known."""
    server.kill()
    limiter = platform.limiter("somebody notices")
    wait_until(lambda: (limiter.hit("k"), not platform.redis.available)[1])


@pytest.mark.parametrize("policy", ["local", "open", "closed"])
def test_a_known_loss_is_decided_at_once_by_the_policy_and_heals_by_itself(
    server: Server, platform: Platform, name: str, policy: str
) -> None:
    guard = guard_of(platform, name, policy)
    guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    lose(server, platform)
    times = []
    for _ in range(21):
        started = time.perf_counter()
        try:
            guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
        except Rejected as refusal:
            assert policy == "closed"
            assert refusal.retry_after > 0
        else:
            assert policy != "closed"
        times.append(time.perf_counter() - started)
    assert median(times) < 0.005
    watch = watches(guard)[0]
    assert watch.degraded
    health = watch.health()
    assert health.store_errors >= 21
    assert health.answered_locally >= 21
    assert health.degraded_for > 0

    server.start()
    wait_until(lambda: heals(guard))


def test_a_hanging_server_is_given_up_soon(
    server: Server, make_platform: Callable[..., Platform], name: str
) -> None:
    settings = RedisSettings(url=server.url, key_prefix=PREFIX, socket_timeout=0.1)
    guard = guard_of(make_platform(settings, instances=lambda: 2), name, "local")
    guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
    server.pause()
    try:
        for _ in range(4):
            guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
        times = []
        for _ in range(4):
            started = time.perf_counter()
            guard.enter(SOMEBODY).exit(Outcome.SUCCESS)
            times.append(time.perf_counter() - started)
        # A busy machine slows some of them; the time-out would slow all.
        assert min(times) < 0.05
    finally:
        server.resume()
    wait_until(lambda: heals(guard))


def test_the_state_of_every_part_shows_the_loss(
    server: Server, platform: Platform, name: str
) -> None:
    breaker, limiter = platform.breaker(name), platform.limiter(name, limit=10)
    bulkhead = platform.bulkhead(name, max_concurrent=8)
    lose(server, platform)
    breaker.call(int)
    state, result, stats = breaker.state(), limiter.hit("k"), bulkhead.stats()
    assert (state.degraded, state.answered_locally) == (True, 1)
    assert (result.degraded, result.limit) == (True, 5)
    assert stats.degraded
    with pytest.raises(StoreUnavailable):
        breaker.force_open("nobody hears", ttl=30)


def test_the_local_budget_is_the_limit_over_the_instances(
    server: Server, platform: Platform, name: str
) -> None:
    limiter = platform.limiter(name, limit=10, window=60)
    bulkhead = platform.bulkhead(name, max_concurrent=8)
    lose(server, platform)
    assert [limiter.hit("k").allowed for _ in range(12)].count(True) == 5
    for _ in range(4):
        bulkhead.acquire(0)
    with pytest.raises(BulkheadFull):
        bulkhead.acquire(0)


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_log", "fixed_window"])
def test_nobody_gets_the_quota_twice_after_an_outage(
    server: Server, platform: Platform, name: str, algorithm: str
) -> None:
    limiter = platform.limiter(name, limit=10, window=60, algorithm=algorithm)
    guard = Guard(name, platform.runtime, limiter=limiter)
    lose(server, platform)
    assert [limiter.hit("k").allowed for _ in range(7)].count(True) == 5
    server.start()
    wait_until(lambda: platform.redis.available)
    passed = 0
    for _ in range(10):
        try:
            guard.enter("k").exit(Outcome.SUCCESS)
            passed += 1
        except RateLimited:
            pass
    assert passed == 5


def test_holders_of_an_outage_are_counted_when_redis_is_back(
    server: Server, platform: Platform, name: str
) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=8, lease=3.0)
    lose(server, platform)
    slots = [bulkhead.acquire(0) for _ in range(4)]
    server.start()
    wait_until(lambda: platform.redis.available)
    wait_until(lambda: bulkhead.stats().held == 4)
    assert not any(slot.lost for slot in slots)
    for slot in slots:
        assert slot.release()
    assert bulkhead.stats().held == 0


def test_what_was_refused_stays_refused_without_redis(
    server: Server, platform: Platform, name: str
) -> None:
    isolated = platform.breaker(f"{name}-a")
    opened = platform.breaker(f"{name}-b", recovery_timeout=50)
    isolated.force_open("broken disk", ttl=30)
    for _ in range(5):
        opened.allow().exit(Outcome.FAILURE)
    for breaker in (isolated, opened):
        with pytest.raises(CircuitOpen):
            breaker.call(int)
    lose(server, platform)
    with pytest.raises(CircuitIsolated):
        isolated.call(int)
    with pytest.raises(CircuitOpen):
        opened.call(int)


def test_a_breaker_opens_without_redis_too(server: Server, platform: Platform, name: str) -> None:
    breaker = platform.breaker(name)
    lose(server, platform)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError):
            breaker.call(lambda: 1 / 0)
    with pytest.raises(CircuitOpen):
        breaker.call(int)
    server.start()
    wait_until(lambda: platform.redis.available)
    breaker.call(int)
    assert breaker.state().state is State.CLOSED


def test_a_call_that_began_with_redis_may_end_without(
    server: Server, platform: Platform, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    guard = guard_of(platform, name, "local")
    permit = guard.enter(SOMEBODY)
    lose(server, platform)
    permit.exit(Outcome.FAILURE)
    wait_until(lambda: "was not recorded" in caplog.text)


class Load:
    """Threads that enter guards again and again and count what they meet."""

    def __init__(self, guards: list[Guard], threads: int = 4) -> None:
        self.calls = 0
        self.refused = 0
        self.errors: list[BaseException] = []
        self.local_at: list[float] = []
        self._guards = guards
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(threads)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int) -> None:
        key = MultiDimensionalKey(user_id=number, server_id=7, ip_address="10.0.0.1")
        while not self._stop.is_set():
            for guard in self._guards:
                try:
                    permit = guard.enter(key)
                    if permit.local:
                        self.local_at.append(time.monotonic())
                    permit.exit(Outcome.SUCCESS)
                except Rejected:
                    self.refused += 1
                except BaseException as error:
                    self.errors.append(error)
                self.calls += 1
            time.sleep(0.001)

    def report(self) -> None:
        """Tell the figures; ``pytest -rP`` shows them."""
        seconds = self.local_at[-1] - self.local_at[0] if self.local_at else 0.0
        print(f"{self.calls} calls, {len(self.local_at)} answered locally within {seconds:.2f} s")


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A cluster of this test's own, which it may break."""
    with start_cluster() as cluster:
        yield cluster


def test_a_primary_that_is_killed_raises_nothing_to_callers(
    cluster: Cluster, make_platform: Callable[..., Platform], name: str
) -> None:
    settings = RedisSettings.from_config(
        {"REDIS_CLUSTER_NODES": cluster.nodes, "REDIS_KEY_PREFIX": PREFIX}
    )
    platform = make_platform(settings)
    guards = [guard_of(platform, f"{name}-{n}", "local", 1_000_000) for n in range(6)]
    slot = slot_of(platform.redis.keys.breaker(f"{name}-0"))
    victim = cluster.owner_of(slot)
    with Load(guards) as load:
        wait_until(lambda: load.calls > 500)
        victim.kill()
        wait_until(lambda: bool(load.local_at))
        wait_until(lambda: _answers_remotely(guards))
        calls = load.calls
        wait_until(lambda: load.calls > calls + 500)
    load.report()
    assert load.errors == []
    assert load.refused == 0
    assert 0 < len(load.local_at) < load.calls


def test_a_slot_that_moves_raises_nothing_to_callers(
    valkey_cluster: Cluster, make_platform: Callable[..., Platform], name: str
) -> None:
    settings = RedisSettings.from_config(
        {"REDIS_CLUSTER_NODES": valkey_cluster.nodes, "REDIS_KEY_PREFIX": PREFIX}
    )
    platform = make_platform(settings)
    guard = guard_of(platform, name, "local", 1_000_000)
    slot = slot_of(platform.redis.keys.breaker(name))
    source = valkey_cluster.owner_of(slot)
    others = [server for server in valkey_cluster.primaries if server is not source]
    with Load([guard]) as load:
        wait_until(lambda: load.calls > 200)
        for target in (*others, source):
            valkey_cluster.migrate_slot(slot, target, halfway=lambda: time.sleep(0.1))
    load.report()
    assert load.errors == []
    assert load.refused == 0
    assert len(load.local_at) < load.calls / 2


def _answers_remotely(guards: list[Guard]) -> bool:
    return not any(watch.degraded for guard in guards for watch in watches(guard))


def test_the_window_of_the_loss_admits_what_redis_counted_and_the_shares_besides(
    server: Server, make_platform: Callable[..., Platform], name: str
) -> None:
    settings = RedisSettings(url=server.url, key_prefix=PREFIX, socket_timeout=PATIENCE)
    workers = [make_platform(settings, instances=lambda: 2) for _ in range(2)]
    limiters = [one.limiter(name, limit=9, window=600) for one in workers]

    def admitted(tries: int) -> list[int]:
        return [sum(one.hit("k").allowed for _ in range(tries)) for one in limiters]

    assert admitted(4) == [4, 4]
    server.kill()
    # Half of nine for each of them; then nobody gets anything for the rest of the window.
    assert admitted(9) == [4, 4]
    assert admitted(9) == [0, 0]
