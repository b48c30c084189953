"""A change is in force in every process within a second, also where its event was missed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.process import ROOT
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.events import ConfigRestored
from yoto.resilience import ResilienceController

from ..config_store.journals import ListJournal
from .conftest import NewController

MODES = ["listening", "listening", "listening", "deaf"]


class Follower:
    """One of the processes, and the values it saw with the time of each."""

    def __init__(self, url: str, mode: str) -> None:
        self.mode = mode
        self.seen: dict[int, float] = {}
        module = "tests.unit.yoto.resilience.controller.follower"
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", module, url, mode],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                limit, at = line.split()
                self.seen[int(limit)] = float(at)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(timeout=5)


@pytest.fixture
def followers(server: Server) -> Iterator[list[Follower]]:
    """Four processes that have all begun."""
    started = [Follower(server.url, mode) for mode in MODES]
    try:
        wait_until(lambda: all(20 in one.seen for one in started), limit=60)
        yield started
    finally:
        for one in started:
            one.stop()


def test_four_processes_converge_within_a_second(
    followers: list[Follower], new_controller: NewController
) -> None:
    controller = new_controller(journal=None)
    controller.config  # noqa: B018  (connects, so that only the change itself is timed)
    delays: list[float] = []
    for limit in (3, 4, 5):
        controller.set_bulkhead_config("thing", max_concurrent=limit)
        changed_at = time.time()
        wait_until(lambda: all(limit in one.seen for one in followers))
        # Until the last of them has it.
        delays.append(max(one.seen[limit] for one in followers) - changed_at)
    # A busy machine holds up some changes, not each of them.
    assert min(delays) < 1.0, delays


def test_a_process_that_hears_of_a_change_does_not_wait_for_its_poll(
    new_controller: NewController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.resilience.config_store.sync.POLL_INTERVAL", 60.0)
    here, there = new_controller(journal=None), new_controller(journal=None)
    assert limit_of(there) == 20
    assert there.background.tailer.wait_until_ready(60)
    here.set_bulkhead_config("thing", max_concurrent=3)
    wait_until(lambda: limit_of(there) == 3)


def test_a_limit_lowered_anywhere_keeps_what_was_used_without_a_call_meanwhile(
    new_controller: NewController,
) -> None:
    """Under the faster rate the key would be gone 11 s after the hit."""
    here, there = new_controller(journal=None), new_controller(journal=None)
    here.set_rate_limit_config("lowered", limit=60, window=6, burst=10)
    limiter = there.rate_limiter("lowered")
    wait_until(lambda: limiter.plan.config.limit == 60)
    assert limiter.hit("k", 10).allowed
    (key,) = limiter.plan.target("k").keys
    here.set_rate_limit_config("lowered", limit=1)
    wait_until(lambda: there.runtime.redis.client.pttl(key) > 20_000)
    assert not limiter.hit("k", 10).allowed


def limit_of(controller: ResilienceController) -> int:
    return controller.get_bulkhead_config("thing").max_concurrent


class Caller(threading.Thread):
    """Calls through the guards of one process, until it is told to stop or one fails."""

    def __init__(self, controller: ResilienceController) -> None:
        super().__init__(daemon=True)
        self._controller = controller
        self.calls = 0
        self.error: Exception | None = None
        self.over = threading.Event()

    def run(self) -> None:
        breaker = self._controller.circuit_breaker("busy")
        bulkhead = self._controller.bulkhead("thing")
        try:
            while not self.over.is_set():
                with bulkhead.acquire():
                    breaker.call(int)
                self.calls += 1
        except Exception as error:
            self.error = error


@contextmanager
def calling(controllers: list[ResilienceController]) -> Iterator[list[Caller]]:
    """Guarded calls go on in each process meanwhile."""
    callers = [Caller(controller) for controller in controllers]
    for caller in callers:
        caller.start()
    try:
        yield callers
    finally:
        for caller in callers:
            caller.over.set()
            caller.join(10)


class TestALossOfRedis:
    """The record brings back what operators set."""

    @pytest.fixture
    def controllers(self, new_controller: NewController) -> list[ResilienceController]:
        made = [new_controller() for _ in range(3)]
        made[0].set_bulkhead_config("thing", max_concurrent=3)
        made[0].operations.isolate("thing", author="ada", reason="broken", ttl=60)
        for controller in made:
            wait_until(lambda: limit_of(controller) == 3)
        return made

    def back(self, controllers: list[ResilienceController], fresh: ResilienceController) -> bool:
        return limit_of(fresh) == 3 and all(
            one.get_circuit_breaker_state("thing").state == "isolated" for one in controllers
        )

    def test_flushall_in_mid_run_is_healed(
        self,
        server: Server,
        controllers: list[ResilienceController],
        new_controller: NewController,
    ) -> None:
        with calling(controllers) as callers, server.client() as client:
            wait_until(lambda: all(caller.calls > 10 for caller in callers))
            client.flushall()
            made = [caller.calls for caller in callers]
            wait_until(lambda: client.hlen(controllers[0].runtime.keys.event_stream("config")) > 1)
            fresh = new_controller(journal=None)
            wait_until(lambda: self.back(controllers, fresh))
            # Each process looks twice more; a loss that is healed is told no second time.
            polls = [one.config.sync.counts.polls for one in controllers]
            for controller, before in zip(controllers, polls, strict=True):
                wait_until(lambda: controller.config.sync.counts.polls >= before + 2)
            assert all(caller.calls > before for caller, before in zip(callers, made, strict=True))
        assert [caller.error for caller in callers] == [None, None, None]
        assert [limit_of(controller) for controller in controllers] == [3, 3, 3]
        told = [stored.event for stored in controllers[0].runtime.events.read()]
        assert [type(event) for event in told].count(ConfigRestored) == 1
        turns = [event.new for event in told if getattr(event, "name", "") == "busy"]
        assert turns == ["closed"]

    def test_script_flush_raises_nothing(
        self, server: Server, controllers: list[ResilienceController]
    ) -> None:
        with server.client() as client:
            client.script_flush()
        controllers[0].set_bulkhead_config("thing", max_concurrent=4)
        for controller in controllers:
            wait_until(lambda: limit_of(controller) == 4)


class TestARestart:
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        from tests.support.redis_servers import start_valkey

        with start_valkey() as server:
            yield server

    def test_a_restarted_redis_has_the_configuration_again(
        self, server: Server, journal: ListJournal, new_controller: NewController
    ) -> None:
        controller = new_controller()
        controller.set_bulkhead_config("thing", max_concurrent=3)
        server.kill()
        key = controller.runtime.keys.event_stream("config")
        wait_until(lambda: controller.store.status().state == "degraded")
        controller.set_bulkhead_config("thing", max_concurrent=4)
        server.start()
        with server.client() as client:
            wait_until(lambda: client.hexists(key, "bulkhead:thing"))
        fresh = new_controller(journal=None)
        wait_until(lambda: limit_of(fresh) == 4)
