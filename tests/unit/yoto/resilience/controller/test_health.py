"""Whether a process has Redis, for how long it had not, and who the other processes are."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import OutOfMemoryError, ReadOnlyError

from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.events import StoreLost, StoreRecovered, to_plain
from yoto.fleet import GONE_AFTER_MS
from yoto.resilience import ResilienceController, StoreState
from yoto.resilience.store_error import StoreHealth, StoreWatch
from yoto.resilience.store_health import StoreMonitor

from .conftest import NewController


class TestStore:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with start_valkey() as server:
            yield server

    def test_nothing_is_known_of_a_redis_that_was_not_needed(
        self, controller: ResilienceController
    ) -> None:
        assert controller.store.status().state is StoreState.UNKNOWN

    def test_a_loss_is_shown_counted_told_and_left(
        self, server: Server, controller: ResilienceController
    ) -> None:
        limiter = controller.rate_limiter("thing")
        limiter.hit("k")
        wait_until(lambda: controller.store.status().state is StoreState.HEALTHY)
        server.kill()
        wait_until(lambda: controller.store.status().state is StoreState.DEGRADED)
        for _ in range(5):
            limiter.hit("k")
        lost, seen_at = controller.store.status(), time.time()
        assert lost.answered_locally >= 5 and lost.degraded_for > 0 and lost.store_errors > 0

        server.start()
        wait_until(lambda: limiter.hit("k") and not limiter.store.degraded)
        wait_until(lambda: controller.store.status().state is StoreState.HEALTHY)
        back = controller.store.status()
        assert (back.losses, back.degraded_for) == (1, 0.0) and back.lost_seconds > 0
        stream = controller.runtime.events
        wait_until(lambda: any(isinstance(s.event, StoreRecovered) for s in stream.read()))
        told = [s.event for s in stream.read() if isinstance(s.event, StoreLost | StoreRecovered)]
        assert [type(event) for event in told] == [StoreLost, StoreRecovered]
        loss, recovered = told
        assert isinstance(loss, StoreLost) and isinstance(recovered, StoreRecovered)
        # Both were written at the recovery; the loss is of when it was seen, and before.
        assert loss.at_ms <= seen_at * 1000
        shown = [to_plain(s) for s in stream.read() if s.event in told]
        assert [one["at"] for one in shown] == [loss.at_ms, shown[1]["at"]]
        assert shown[1]["at"] - shown[0]["at"] >= recovered.lost_ms - 50
        assert recovered.lost_ms > 0 and recovered.answered_locally >= 5

    def test_guards_that_nobody_uses_know_by_themselves_that_it_is_back(
        self, server: Server, controller: ResilienceController
    ) -> None:
        limiter, breaker = controller.rate_limiter("thing"), controller.circuit_breaker("thing")
        bulkhead = controller.bulkhead("thing")
        controller.instances.announce()  # without its part of the limits it refuses
        server.kill()
        limiter.hit("k")
        breaker.allow()
        bulkhead.acquire().release()
        watches = [limiter.store, breaker.store, bulkhead.store]
        assert all(watch.degraded and watch.unreachable for watch in watches)
        wait_until(lambda: controller.store.status().losses == 1)
        server.start()
        wait_until(lambda: controller.store.status().state is StoreState.HEALTHY)
        assert not any(watch.degraded for watch in watches)
        assert controller.store.status().degraded_for == 0


class TestWatch:
    @pytest.fixture
    def watch(self) -> StoreWatch:
        self.now = 10.0
        return StoreWatch("guard thing", lambda: self.now)

    def test_an_answer_from_before_the_loss_says_nothing(self, watch: StoreWatch) -> None:
        watch.lost(StoreUnavailable("redis", RedisConnectionError("gone")))
        watch.reachable(since=9.0)
        assert watch.degraded
        watch.reachable(since=11.0)
        assert not watch.degraded and not watch.unreachable

    @pytest.mark.parametrize(
        "error",
        [
            OutOfMemoryError("command not allowed"),
            StoreUnavailable("redis", ReadOnlyError("a replica")),
        ],
    )
    def test_a_sign_of_life_does_not_excuse_a_script_that_was_refused(
        self, watch: StoreWatch, error: Exception
    ) -> None:
        watch.lost(error)
        watch.reachable(since=11.0)
        assert watch.degraded
        watch.found()
        assert not watch.degraded


def test_one_guard_without_redis_makes_the_whole_process_degraded(
    controller: ResilienceController,
) -> None:
    healths = [StoreHealth(False, 0, 3, 0.0), StoreHealth(True, 2, 4, 1.5)]
    monitor = StoreMonitor(controller.runtime.events, lambda: healths)
    monitor.observe(True)
    status = monitor.status()
    assert (status.state, status.degraded_for) == ("degraded", 1.5)
    assert (status.answered_locally, status.store_errors) == (7, 2)


class TestInstances:
    def test_each_process_is_listed_and_shares_local_limits(
        self, new_controller: NewController
    ) -> None:
        made = [new_controller() for _ in range(3)]
        for controller in made:
            controller.start()
        wait_until(lambda: len(made[0].instances.all()) == 3)
        listed = made[0].instances.all()
        assert {one.id for one in listed} == {c.runtime.events.source for c in made}
        assert {(one.host, one.pid) for one in listed} == {(socket.gethostname(), os.getpid())}
        assert all(0 <= one.heard_ms < 5_000 for one in listed)
        for controller in made:
            wait_until(
                lambda: controller.instances.announce() and controller.instances.count() == 3
            )
            assert controller.runtime.share(9) == 3

    def test_one_that_ends_says_goodbye(self, new_controller: NewController) -> None:
        stays, goes = new_controller(), new_controller()
        for controller in (stays, goes):
            controller.start()
            wait_until(lambda: len(stays.instances.all()) >= 1)
        wait_until(lambda: len(stays.instances.all()) == 2)
        goes.close()
        assert [one.id for one in stays.instances.all()] == [stays.runtime.events.source]

    def test_one_that_is_killed_is_gone_after_its_time(
        self, controller: ResilienceController
    ) -> None:
        redis, key = controller.runtime.redis.client, controller.runtime.keys.tagged("instances")
        seconds, _ = redis.time()
        redis.zadd(key, {"elsewhere-1-abcd": seconds * 1000 - GONE_AFTER_MS - 1_000})
        controller.instances.announce()
        assert controller.instances.count() == 1
