"""When the threads of the leases look, and what they make of an answer."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import StoreUnavailable
from yoto.housekeeping import Housekeeper
from yoto.optimization.lock import holding as holding_module
from yoto.optimization.lock import leases as module
from yoto.optimization.lock.holding import Holding
from yoto.optimization.lock.leases import TICK, Leases
from yoto.optimization.lock.scripts import LockKeys
from yoto.optimization.lock.timing import MeasuredTimes
from yoto.redis import KeyBuilder

NOW = 1_000.0
KEYS = LockKeys.of(KeyBuilder(), "job")
LEASE_TIMES = st.tuples(
    st.floats(0.01, 100.0), st.floats(0.0, 100.0), st.booleans(), st.booleans(), st.booleans()
)


class Clock:
    now = NOW


@pytest.fixture(autouse=True, scope="module")
def clock() -> Any:
    """The monotonic clock, set by hand; no thread runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "monotonic", lambda: Clock.now)
        patch.setattr(holding_module, "monotonic", lambda: Clock.now)
        patch.setattr(Housekeeper, "start", lambda self: None)
        yield Clock


def leases(long_held: list[int] | None = None) -> Leases:
    Clock.now = NOW
    told = [] if long_held is None else long_held
    return Leases(None, MeasuredTimes(), 1.0, lambda: told.append(1))  # type: ignore[arg-type]


def holding(lease: float = 10.0, ago: float = 0.0, renews: bool = True, **more: Any) -> Holding:
    owner = os.getpid(), threading.get_ident()
    after = lease / 3 if renews else None
    return Holding("job", KEYS, 7, "7:me", lease, owner, NOW - ago, after, **more)


@given(st.lists(LEASE_TIMES, max_size=5))
def test_no_lease_ends_unseen(times: list[tuple[float, float, bool, bool, bool]]) -> None:
    one, held = leases(), []
    for lease, ago, renews, renewing, listening in times:
        on_lost = (lambda: None) if listening else None
        held.append(holding(lease, ago, renews, on_lost=on_lost))
        held[-1].renewing = renews and renewing
        one.add(held[-1])
    pause = one._look()
    for each in held:
        if each.safe_until <= NOW:
            assert each.lost == each.watched and each not in one._holdings
        else:
            assert not each.lost and NOW + pause <= each.safe_until
    assert 0 < pause <= TICK or not held


def test_what_is_due_is_renewed_and_not_looked_at_for_that_until_it_is() -> None:
    one, mine = leases(), holding(ago=4.0)
    one.add(mine)
    assert one._look() == TICK
    assert [job.woken for job in one._renewal._jobs] == [True]
    mine.renewing = True
    one._renewal._jobs[0].woken = False
    one._look()
    assert [job.woken for job in one._renewal._jobs] == [False]


def test_renewing_goes_round_without_a_pause_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail-fast answers at once; greenlets would keep each other from running."""
    one, mine = leases(), holding(ago=4.0)
    monkeypatch.setattr(
        one, "_extend", lambda given, sent: [StoreUnavailable("redis")] * len(given)
    )
    one.add(mine)
    assert one._renew() == float("inf")
    assert mine.due == NOW + 1
    Clock.now = NOW + 6.0
    monkeypatch.setattr(one, "_extend", lambda *_: pytest.fail("its end is the other thread's"))
    assert one._renew() == float("inf")
    assert not mine.lost
    one._look()
    assert mine.lost


def test_an_answer_after_the_end_does_not_bring_a_lock_back() -> None:
    one, mine = leases(), holding()
    one.add(mine)
    Clock.now = NOW + 9.5
    one._settle(mine, 1, sent=NOW + 3)
    assert not mine.held
    one._look()
    assert mine.lost


def test_an_answer_in_time_begins_the_lease_again() -> None:
    one, mine = leases(), holding()
    one.add(mine)
    mine.renewing = True
    Clock.now = NOW + 8.5
    one._settle(mine, 1, sent=NOW + 3)
    assert mine.safe_until == NOW + 12 and not mine.renewing


def test_an_answer_to_one_that_was_given_back_meanwhile_means_nothing() -> None:
    one, mine = leases(), holding()
    one.add(mine)
    one.remove(mine)
    assert one._settle(mine, 0, sent=NOW)


def test_no_answer_is_tried_again_and_somebody_else_is_a_loss() -> None:
    one, mine = leases(), holding()
    one.add(mine)
    assert one._settle(mine, StoreUnavailable("redis"), sent=NOW)
    assert mine.due == NOW + 1
    assert not one._settle(mine, 0, sent=NOW)
    assert mine not in one._holdings


@pytest.mark.parametrize(
    ("reply", "later", "line"),
    [
        (0, 4.0, "locks lost: 50, such as 'job' (token 7): somebody took it"),
        (1, 9.5, "locks lost: 50, such as 'job' (token 7): its lease ends: this process was too"),
        (StoreUnavailable("redis"), 4.0, "renewals failed: 50, such as that of lock 'job'"),
    ],
)
def test_fifty_locks_of_one_cause_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    reply: Any,
    later: float,
    line: str,
) -> None:
    caplog.set_level("INFO")
    one, mine = leases(), [holding() for _ in range(50)]
    monkeypatch.setattr(one, "_extend", lambda given, sent: [reply] * len(given))
    for each in mine:
        one.add(each)
    Clock.now = NOW + later
    one._renew()
    one._look()
    (message,) = caplog.messages
    assert message.startswith(line)
    assert all(each.lost for each in mine) == line.startswith("locks lost")


def test_what_a_parent_held_is_neither_lost_nor_renewed_here() -> None:
    one = leases()
    for renews in (True, False):
        theirs = holding(ago=20.0, renews=renews, on_lost=lambda: None)
        theirs.owner = os.getpid() + 1, 1
        one.add(theirs)
        one._look()
        assert not theirs.lost and len(one) == 0


def test_a_lock_held_for_long_is_told_of() -> None:
    told: list[int] = []
    one = leases(told)
    mine = holding()
    one.add(mine)
    one._look()
    assert not told
    Clock.now = NOW + 1.0
    one._look()
    assert told


def test_without_locks_the_thread_sleeps_until_there_is_one() -> None:
    one = leases()
    one.add(holding())
    assert one._look() == TICK
    Clock.now = NOW + module.IDLE
    assert one._look() == float("inf")
    mine = holding(lease=1_000.0, ago=-module.IDLE)
    one._clock._jobs[0].woken = False
    one.add(mine)
    assert one._clock._jobs[0].woken
