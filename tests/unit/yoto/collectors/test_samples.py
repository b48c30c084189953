"""The samples that the sources make of given states."""

from __future__ import annotations

import pytest
from sqlalchemy import NullPool, QueuePool, create_engine

from yoto.collectors.polled import STATE_NUMBERS
from yoto.collectors.stores import database_samples
from yoto.errors import LockLost
from yoto.monitor import Distribution
from yoto.optimization import keeps_lock
from yoto.resilience import State


def test_every_state_of_a_breaker_has_its_number() -> None:
    assert STATE_NUMBERS.keys() == set(State)
    assert [STATE_NUMBERS[one] for one in (State.CLOSED, State.HALF_OPEN, State.OPEN)] == [0, 1, 2]
    assert len(set(STATE_NUMBERS.values())) == len(State)


def test_connections_are_told_where_the_pool_counts_them() -> None:
    counted = create_engine("sqlite://", poolclass=QueuePool)
    uncounted = create_engine("sqlite://", poolclass=NullPool)
    with counted.connect():
        in_use, idle = database_samples([counted, uncounted])
    assert (in_use.value, idle.value) == (1, 0)
    in_use, idle = database_samples([counted])
    assert (in_use.value, idle.value) == (0, 1)
    assert list(database_samples([uncounted])) == []
    counted.dispose()


def test_somebody_elses_buckets_keep_their_counts_and_what_came_since() -> None:
    before = Distribution.of_counts([(0.001, 5), (0.1, 0), (2.0, 1)], 1.9)
    after = Distribution.of_counts([(0.001, 5), (0.1, 4), (2.0, 1)], 2.2)
    assert (before.count, after.count) == (6, 10)
    new = after.since(before)
    assert new.count == 4 and new.total == pytest.approx(0.3)
    median = new.quantile(0.5)
    assert median is not None and 0.08 < median < 0.12


class FickleLock:
    """A lock that its holder lost."""

    def __init__(self) -> None:
        self.held = False
        self.lost = True

    def acquire(self) -> bool:
        if self.lost:
            raise LockLost("measures", 1)
        self.held = True
        return True

    def release(self) -> None:
        self.lost = False
        raise LockLost("measures", 1)


def test_a_worker_that_lost_the_lock_stands_again() -> None:
    lock = FickleLock()
    assert not keeps_lock(lock)  # type: ignore[arg-type]
    assert keeps_lock(lock) and lock.held  # type: ignore[arg-type]
