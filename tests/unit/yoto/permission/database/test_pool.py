"""A gate that can be made wider while people stand before it."""

from __future__ import annotations

import threading

from tests.support.waiting import wait_until
from yoto.permission.database.pool import Gate
from yoto.store.pools import PoolUse


def test_so_many_may_be_inside_and_who_waits_is_counted() -> None:
    gate = Gate(1)
    assert gate.enter(0) and not gate.enter(0)
    entered = threading.Event()
    waiter = threading.Thread(target=lambda: gate.enter(10) and entered.set())
    waiter.start()
    wait_until(lambda: len(gate._free._waiters) == 1)  # type: ignore[attr-defined]
    gate.leave()
    waiter.join(10)
    assert entered.is_set()
    assert gate.use() == PoolUse(1, at_once=1, waited=1, timed_out=1, busiest=1)
    gate.leave()
    assert gate.use().busiest == 1 and gate.use().busiest == 0


def test_a_wider_gate_lets_those_in_who_wait() -> None:
    gate = Gate(1)
    assert gate.enter(0)
    waiters = [threading.Thread(target=gate.enter, args=(10,)) for _ in range(2)]
    for one in waiters:
        one.start()
    wait_until(lambda: len(gate._free._waiters) == 2)  # type: ignore[attr-defined]
    gate.resize(3)
    for one in waiters:
        one.join(10)
    assert gate.use() == PoolUse(3, at_once=1, waited=2, timed_out=0, busiest=3)


def test_a_narrower_gate_throws_nobody_out() -> None:
    gate = Gate(2)
    assert gate.enter(0) and gate.enter(0)
    gate.resize(1)
    gate.leave()
    assert not gate.enter(0)
    gate.leave()
    assert gate.enter(0)
