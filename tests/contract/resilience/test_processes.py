"""Many processes at once, some of which are killed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.contract.resilience.conftest import Join
from tests.contract.resilience.crew import most_inside, run_crew
from tests.support.nursery import Nursery
from tests.support.waiting import wait_until
from yoto.resilience.breaker import State
from yoto.resilience.outcome import Outcome


def test_twenty_processes_send_one_probe_to_what_was_broken(
    join_remote: Join, name: str, nursery: Nursery
) -> None:
    platform = join_remote()
    breaker = platform.breaker(name, recovery_timeout=0.1)
    for _ in range(5):
        breaker.allow().exit(Outcome.FAILURE)
    assert breaker.state().state is State.OPEN
    time.sleep(0.1)
    ran = run_crew(nursery, platform.redis.settings, "probe", 20, name=name, others=19)
    assert ran.count(True) == 1
    assert ran.count(False) == 19
    assert breaker.state().state is State.CLOSED
    assert platform.turns(name) == ["closed", "open", "half_open", "closed"]


def test_four_processes_of_a_hundred_threads_share_a_limit_of_five(
    join_remote: Join, name: str, nursery: Nursery
) -> None:
    platform = join_remote()
    passed = run_crew(nursery, platform.redis.settings, "hit", 4, name=name, threads=100, limit=5)
    assert sum(passed) == 5


def test_a_cap_holds_under_a_thousand_tasks_while_holders_are_killed(
    join_remote: Join, name: str, tmp_path: Path, nursery: Nursery
) -> None:
    platform = join_remote()
    # A lease that ran out lets the next one in, as it must: it has to outlast a busy moment.
    log, cap, lease = tmp_path / "journal", 8, 3.0
    done = run_crew(
        nursery,
        platform.redis.settings,
        "occupy",
        6,
        name=name,
        cap=cap,
        lease=lease,
        threads=25,
        tasks=250,
        killed=2,
        log=str(log),
    )
    assert done == [None, None, 250, 250, 250, 250]
    assert 1 < most_inside(log) <= cap
    bulkhead = platform.bulkhead(name, max_concurrent=cap, lease=lease)
    wait_until(lambda: bulkhead.stats().held == 0, limit=2 * lease)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_an_hour_off_changes_no_verdict(
    join_remote: Join, name: str, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = join_remote()
    hour, wall, steady = hours * 3600, time.time, time.monotonic
    wrong = join_remote(clock=lambda: steady() + hour)
    monkeypatch.setattr(time, "time", lambda: wall() + hour)
    limits = [one.limiter(name, limit=4, window=60) for one in (right, wrong)]
    assert [limit.hit("k").allowed for _ in range(3) for limit in limits].count(True) == 4
    told = [limit.peek("k").retry_after for limit in limits]
    assert told[0] == pytest.approx(told[1], abs=10)
    assert 0 < told[0] <= 15

    breakers = [one.breaker(name, recovery_timeout=50) for one in (wrong, right)]
    for _ in range(5):
        breakers[0].allow().exit(Outcome.FAILURE)
    states = [breaker.state() for breaker in breakers]
    assert [state.state for state in states] == [State.OPEN, State.OPEN]
    assert all(40 < state.until <= 50 for state in states)

    bulkheads = [one.bulkhead(name, max_concurrent=2, lease=30) for one in (wrong, right)]
    slots = [bulkhead.acquire(0) for bulkhead in bulkheads]
    assert bulkheads[0].stats().held == 2
    assert not any(slot.lost for slot in slots)
