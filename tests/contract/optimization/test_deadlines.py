"""Locks under a caller's deadline."""

from __future__ import annotations

import time

import pytest

from yoto import DeadlineExceeded, deadline
from yoto.optimization import DistributedLocks

FOR_EVER = 60.0


def test_a_wait_for_a_lock_ends_at_the_deadline(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    mine, theirs = locks.create_lock("job"), others.create_lock("job", wait=FOR_EVER)
    with mine:
        began = time.monotonic()
        with deadline(0.2), pytest.raises(DeadlineExceeded):
            theirs.acquire()
        assert time.monotonic() - began < FOR_EVER / 2
    # Nothing of the waiter is left that others would wait for.
    assert others.create_lock("job", wait=0).acquire()


def test_a_lock_is_given_back_after_the_deadline(
    locks: DistributedLocks, others: DistributedLocks
) -> None:
    mine = locks.create_lock("job")
    with deadline(0.1):
        assert mine.acquire()
        time.sleep(0.11)
        mine.release()
        with pytest.raises(DeadlineExceeded):
            mine.acquire()
    assert others.create_lock("job", wait=0).acquire()
