from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.waiting import wait_until
from yoto.optimization.lock import holding as module
from yoto.optimization.lock.holding import Holding
from yoto.optimization.lock.scripts import LockKeys
from yoto.redis import KeyBuilder

KEYS = LockKeys.of(KeyBuilder(), "job")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock, set by hand."""
    now = [100.0]
    monkeypatch.setattr(module, "monotonic", lambda: now[0])
    return now


def holding(**changes: Any) -> Holding:
    fields = {"owner": (os.getpid(), threading.get_ident()), "sent": 100.0, "lease": 10.0}
    return Holding("job", KEYS, 7, "7:me", **(fields | changes))


def test_it_is_held_for_sure_until_shortly_before_its_lease_ends(clock: list[float]) -> None:
    one = holding()
    clock[0] = 108.9
    assert one.held
    clock[0] = 109.0
    assert not one.held


def test_the_lease_counts_from_the_question(clock: list[float]) -> None:
    clock[0] = 103.0
    one = holding(sent=100.0)
    assert one.safe_until == 109.0
    one.renewed(102.0, 3.0)
    assert (one.safe_until, one.due, one.ends_at) == (111.0, 105.0, 112.0)


def test_it_is_renewed_early_enough_for_two_more_tries(clock: list[float]) -> None:
    one = holding(renew_after=10 / 3)
    clock[0] = one.due
    one.postpone()
    clock[0] = one.due
    one.postpone()
    assert one.due < one.safe_until


def test_a_late_retry_is_not_put_off_beyond_the_end(clock: list[float]) -> None:
    one = holding(renew_after=3.0)
    clock[0] = 108.5
    one.postpone()
    assert one.due == one.safe_until


def test_without_renewal_only_the_end_is_looked_at() -> None:
    one = holding()
    assert one.looked_at == one.safe_until
    assert not one.watched


def test_while_a_renewal_is_under_way_only_the_end_is_looked_at() -> None:
    one = holding(renew_after=3.0)
    assert one.looked_at == one.due < one.safe_until
    one.renewing = True
    assert one.looked_at == one.safe_until


def test_it_is_lost_once() -> None:
    told: list[int] = []
    one = holding(on_lost=lambda: told.append(1))
    assert [one.lose(), one.lose()] == [True, False]
    wait_until(lambda: told)
    assert told == [1]
    assert one.lost and not one.held


def test_who_loses_it_does_not_wait_for_the_listener() -> None:
    hanging, told = threading.Event(), threading.Event()

    def listener() -> None:
        hanging.wait(30)
        told.set()

    holding(on_lost=listener).lose()
    assert not told.is_set()
    hanging.set()
    assert told.wait(30)


def test_what_a_parent_process_holds_is_not_ours() -> None:
    assert not holding().orphaned
    assert holding(owner=(os.getpid() + 1, threading.get_ident())).orphaned


def test_what_an_ended_thread_holds_is_nobodys() -> None:
    made: list[Holding] = []
    thread = threading.Thread(target=lambda: made.append(holding()))
    thread.start()
    thread.join()
    assert made[0].orphaned


@pytest.mark.parametrize(
    ("renewal", "why"),
    [
        (lambda one: None, "this process was too busy to renew it, or stopped"),
        (lambda one: one.postpone(), "redis did not answer its renewal"),
        (lambda one: setattr(one, "renewing", True), "redis did not answer its renewal"),
    ],
)
def test_a_lease_that_ran_out_says_whether_redis_or_the_process_was_late(
    renewal: Callable[[Holding], None], why: str
) -> None:
    one = holding(renew_after=3.0)
    renewal(one)
    assert why in one.why_it_ends
