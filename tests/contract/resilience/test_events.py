"""Events reach the stream once, whichever worker moves them, and even if one dies."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import PREFIX, Platform
from tests.support.redis_fixtures import settings_of
from tests.support.redis_servers import Cluster
from yoto.events import RejectionBurst
from yoto.redis import ServerClock
from yoto.resilience import MultiDimensionalKey, scripts
from yoto.resilience.config_store import Kind
from yoto.resilience.outcome import Outcome
from yoto.resilience.rejections import BURST, RejectionReporter
from yoto.resilience.trail import StoredTrails


@pytest.fixture
def join_cluster(
    valkey_cluster: Cluster, make_platform: Callable[..., Platform]
) -> Callable[[], Platform]:
    return lambda: make_platform(settings_of(valkey_cluster, key_prefix=PREFIX))


def keep_in_outbox(platform: Platform, monkeypatch: pytest.MonkeyPatch, name: str) -> Any:
    """A breaker whose process writes events and dies before it moves them."""
    breaker = platform.breaker(name)
    monkeypatch.setattr(breaker.remote, "after_call", lambda written: None)
    for _ in range(5):
        breaker.allow().exit(Outcome.FAILURE)
    return breaker


def test_events_of_a_process_that_died_are_moved_by_another(
    join_cluster: Callable[[], Platform], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    dead, alive = join_cluster(), join_cluster()
    keep_in_outbox(dead, monkeypatch, name)
    assert alive.turns(name) == []
    alive.breaker(name).remote.admit("somebody", alive.breaker(name).plan)
    assert alive.turns(name) == ["closed", "open"]


def test_two_who_move_the_same_events_tell_them_once(
    join_cluster: Callable[[], Platform], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    platforms = [join_cluster() for _ in range(4)]
    keep_in_outbox(platforms[0], monkeypatch, name)
    movers = [
        threading.Thread(target=platform.breaker(name).remote.relay) for platform in platforms
    ]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join()
    assert platforms[0].turns(name) == ["closed", "open"]


def test_events_moved_by_who_died_before_clearing_up_are_not_told_again(
    join_cluster: Callable[[], Platform], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    platform = join_cluster()
    breaker = keep_in_outbox(platform, monkeypatch, name)
    run = platform.redis.scripts.run

    def dies_before_clearing_up(script: Any, keys: Any, args: Any = ()) -> Any:
        return 0 if script is scripts.OUTBOX_TRIM else run(script, keys, args)

    monkeypatch.setattr(platform.redis.scripts, "run", dies_before_clearing_up)
    assert breaker.remote.relay() == 2
    assert breaker.remote.relay() == 0
    monkeypatch.undo()
    assert breaker.remote.relay() == 0
    assert platform.redis.client.xlen(breaker.remote.target.keys[1]) == 0
    assert platform.turns(name) == ["closed", "open"]


def bursts(platform: Platform, name: str) -> list[RejectionBurst]:
    return [
        stored.event
        for stored in platform.events.read()
        if isinstance(stored.event, RejectionBurst) and stored.event.name == name
    ]


def test_a_burst_of_rejections_is_one_event_for_the_fleet(join_remote: Join, name: str) -> None:
    platforms = [join_remote(), join_remote()]
    loud = MultiDimensionalKey(user_id=31, server_id=1, ip_address="192.0.2.7")
    reporters = []
    for platform in platforms:
        limiter = platform.limiter(name, limit=1, window=60, dimensions={"user": {}})
        trails = StoredTrails(platform.runtime, ServerClock())
        trails.watch(Kind.RATE_LIMIT, name, limiter.trail)
        reporters.append(RejectionReporter(platform.runtime, trails))
        reporters[-1].watch(Kind.RATE_LIMIT, limiter)
        for _ in range(BURST):
            limiter.hit(loud)
        for _ in range(2):
            limiter.hit(MultiDimensionalKey(user_id=7))
    for reporter in reporters:
        reporter.report()
    (told,) = bursts(platforms[0], name)
    assert (told.kind, told.dimension) == ("rate_limit", "user")
    assert told.count >= BURST
    # The caller is named without the address.
    assert told.caller == "user:31 server:1" and told.caller_count >= BURST - 1
    for reporter in reporters:
        reporter.report()
    assert len(bursts(platforms[0], name)) == 1


def test_a_few_rejections_are_no_burst(remote: Platform, name: str) -> None:
    limiter = remote.limiter(name, limit=1, window=60)
    reporter = RejectionReporter(remote.runtime, StoredTrails(remote.runtime, ServerClock()))
    reporter.watch(Kind.RATE_LIMIT, limiter)
    for _ in range(3):
        limiter.hit("k")
    assert reporter.report() > 0
    assert bursts(remote, name) == []
