"""``@locked``: a function that runs once at a time in the whole fleet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from yoto import locked
from yoto.errors import LockLost, LockNotAcquired
from yoto.optimization import AdvancedOptimization


def test_it_runs_under_its_lock(locks: AdvancedOptimization) -> None:
    @locked("nightly")
    def report(day: int, *, loud: bool = False) -> tuple[int, bool, list[str]]:
        """Reports."""
        return day, loud, [one.key for one in locks.locks.held()]

    assert report(3, loud=True) == (3, True, ["nightly"])
    assert report.__doc__ == "Reports."
    assert locks.locks.held() == []
    with pytest.raises(ZeroDivisionError):
        locked("nightly")(lambda: 1 // 0)()
    assert locks.locks.held() == []


def test_a_call_names_its_own_lock(locks: AdvancedOptimization) -> None:
    @locked(lambda account: f"account:{account}")
    def settle(account: int) -> list[str]:
        return [one.key for one in locks.locks.held()]

    assert [settle(1), settle(2)] == [["account:1"], ["account:2"]]


def test_who_does_not_get_it_is_refused_or_left_out(locks: AdvancedOptimization) -> None:
    ran: list[int] = []
    fields: dict[str, Any] = {"wait": 0}
    theirs = locks.locks.create_lock("nightly", of_process=True)
    assert theirs.acquire()
    with pytest.raises(LockNotAcquired):
        locked("nightly", **fields)(lambda: ran.append(1))()
    assert locked("nightly", skip=True, **fields)(lambda: ran.append(1))() is None
    assert ran == []
    theirs.release()

    @locked("nightly", skip=True)
    def within() -> None:
        # Somebody else's refusal is no refusal of this one.
        raise LockNotAcquired("other")

    with pytest.raises(LockNotAcquired, match="other"):
        within()


def test_a_loss_is_told(locks: AdvancedOptimization) -> None:
    redis = locks.locks._redis

    @locked("nightly")
    def overtaken() -> None:
        redis.client.set(redis.keys.lock("nightly"), "9:somebody.1000", px=1_000)

    with pytest.raises(LockLost):
        overtaken()


def test_what_outlives_its_call_or_shares_its_thread_is_refused() -> None:
    async def coroutine() -> None:
        raise AssertionError("never runs")

    def items() -> Iterator[int]:
        yield 1

    for wrong in (coroutine, items, Flask, 5):
        with pytest.raises(TypeError):
            locked("nightly")(wrong)  # type: ignore[arg-type]
