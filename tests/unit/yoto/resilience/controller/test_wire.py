"""The cost of the configuration on the wire, as the server sees it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.contract.resilience.wire import commands_of
from tests.support.redis_servers import Server
from tests.support.resilience import controller_of, guarded_app
from tests.support.waiting import wait_until
from yoto.errors import RateLimited
from yoto.resilience import (
    MultiDimensionalKey,
    ResilienceController,
    degradable,
    exits,
    guarded,
    rate_limit,
)


@pytest.fixture
def quiet(valkey_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[ResilienceController]:
    """A controller that has loaded its configuration and whose background work has ended."""
    # An end waits for the entry after it, however late a busy machine lets that come.
    monkeypatch.setattr(exits, "AT_MOST", 60.0)
    with valkey_server.client() as client:
        client.flushall()
    with guarded_app({"REDIS_URL": valkey_server.url}) as app, app.app_context():
        controller = controller_of(app)
        controller.set_rate_limit_config("thing", limit=1_000, dimensions=["user", "ip", "global"])
        controller.guard("thing").call(lambda: None)
        controller.runtime.exits.settle()  # else its end may be sent while a test counts
        controller.background.redis_tasks.stop()
        controller.background.record_tasks.stop()
        controller.background.tailer.stop()
        yield controller


def test_reading_configuration_and_switches_is_no_command(
    valkey_server: Server, quiet: ResilienceController
) -> None:
    with commands_of(valkey_server) as commands:
        for _ in range(500):
            quiet.get_rate_limit_config("thing")
            quiet.get_circuit_breaker_config("never-seen-before")
            quiet.is_global_switch_enabled("signups")
            quiet.degradation.level("thing")
            quiet.get_all_resilience_configs()
            quiet.store.status()
    assert commands == []


def test_a_decorated_call_is_one_command_in_and_one_out(
    valkey_server: Server, quiet: ResilienceController
) -> None:
    key = MultiDimensionalKey(user_id=1, ip_address="10.0.0.1")
    work = degradable("thing")(guarded("thing", key=lambda: key)(lambda: "ran"))
    # The second entry takes the first end along, and gives the server the scripts of both.
    for _ in range(2):
        work()
    quiet.runtime.exits.settle()
    with commands_of(valkey_server) as commands:
        for _ in range(20):
            work()
        quiet.runtime.exits.settle()
    assert commands == ["EVALSHA"] * 40


def test_a_denied_key_asks_no_more(valkey_server: Server, quiet: ResilienceController) -> None:
    quiet.set_rate_limit_config("narrow", limit=1, window=60)
    limited = rate_limit("narrow", key="k")(lambda: "ran")
    limited()
    with pytest.raises(RateLimited):
        limited()
    with commands_of(valkey_server) as commands:
        for _ in range(20):
            with pytest.raises(RateLimited):
                limited()
    assert commands == []


def test_background_work_is_a_few_commands_a_second(valkey_server: Server) -> None:
    with guarded_app({"REDIS_URL": valkey_server.url}) as app:
        controller = controller_of(app)
        controller.start()
        wait_until(lambda: controller.store.status().state == "healthy")
        with commands_of(valkey_server) as commands:
            began = time.monotonic()
            threading.Event().wait(2.0)
        took = time.monotonic() - began
    counts = Counter(commands)
    # Polls at 2 a second, levels and operations at 1, a heartbeat, and the stream, which is asked
    # at most 7 times a second.
    assert 2 <= counts["EVALSHA"] <= 7 * took, counts
    assert counts["XREAD"] <= 8 * took and counts["XINFO"] <= 8 * took, counts
    # A thread may have opened a connection of its own. A read that waits may have been sent before.
    assert set(counts) - {"HELLO", "CLIENT", "XREAD"} == {"EVALSHA", "XINFO"}, counts
