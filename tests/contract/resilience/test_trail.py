"""Trails of several processes on real servers: whole, bounded, and known without Redis too."""

from __future__ import annotations

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.platform import Platform
from yoto.redis import ServerClock
from yoto.resilience.config_store import Kind
from yoto.resilience.limiter import RateLimiter
from yoto.resilience.trail import StoredTrails, stored


def watched(platform: Platform, name: str) -> tuple[StoredTrails, RateLimiter]:
    """The trails of a process, and a limiter whose calls they hold."""
    trails, limiter = StoredTrails(platform.runtime, ServerClock()), platform.limiter(name)
    trails.watch(Kind.RATE_LIMIT, name, limiter.trail)
    return trails, limiter


def test_the_calls_of_all_processes_are_read_in_the_order_of_their_coming(
    join_remote: Join, name: str
) -> None:
    ours, here = watched(join_remote(), name)
    theirs, there = watched(join_remote(), name)
    for limiter in (here, there, here):
        limiter.hit("anna")
    theirs.report()
    found = ours.read(Kind.RATE_LIMIT, name)
    assert [call.key for call in found.calls] == ["anna"] * 3
    assert found.calls == sorted(found.calls, key=lambda call: call.at)
    assert found.fleet and found.complete and found.until >= found.calls[-1].at
    assert len(theirs.read(Kind.RATE_LIMIT, name).calls) == 3
    (latest,) = ours.latest([(Kind.RATE_LIMIT, name)], 1)
    assert 0 < len(latest.calls) < 3


def test_a_trail_is_bounded_by_number_and_keeps_the_latest(
    remote: Platform, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "MOST_CALLS", 5)
    trails, limiter = watched(remote, name)
    for number in range(4):
        limiter.hit(f"early {number}")
        limiter.hit(f"late {number}")
        trails.report()
    kept = [call.key for call in trails.read(Kind.RATE_LIMIT, name).calls]
    assert kept == ["early 2", "late 2", "early 3", "late 3"]


def test_a_trail_is_bounded_by_age(remote: Platform, name: str) -> None:
    trails, limiter = watched(remote, name)
    limiter.hit("anna")
    assert len(trails.read(Kind.RATE_LIMIT, name, 60.0).calls) == 1
    assert trails.read(Kind.RATE_LIMIT, name, 0.0).calls == []


def test_without_redis_this_process_alone_is_known(join: Join, name: str) -> None:
    trails, limiter = watched(join(), name)
    limiter.hit("anna")
    found = trails.read(Kind.RATE_LIMIT, name)
    assert [call.key for call in found.calls] == ["anna"]
    assert found.fleet is (limiter.store.store_errors == 0)
