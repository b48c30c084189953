"""Guards under a caller's deadline, on every kind of server and on the twins in memory."""

from __future__ import annotations

import time

import pytest

from tests.contract.resilience.platform import Platform
from yoto import DeadlineExceeded, deadline
from yoto.errors import BulkheadFull
from yoto.resilience.outcome import ANY_EXCEPTION, Outcome

FOR_EVER = 60.0


def test_a_wait_for_a_slot_ends_at_the_deadline(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    with bulkhead.acquire(0):
        began = time.monotonic()
        with deadline(0.2), pytest.raises(DeadlineExceeded):
            bulkhead.acquire(FOR_EVER)
        assert time.monotonic() - began < FOR_EVER / 2
        # Who did not wait was refused for want of a slot, not of time.
        with deadline(FOR_EVER), pytest.raises(BulkheadFull):
            bulkhead.acquire(0)
        assert bulkhead.stats().waiting == 0


def test_no_guard_is_entered_after_the_deadline(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    with deadline(0.001):
        time.sleep(0.002)
        with pytest.raises(DeadlineExceeded):
            bulkhead.acquire(0)
    assert bulkhead.stats().held == 0


def test_a_slot_comes_back_after_the_deadline(platform: Platform, name: str) -> None:
    bulkhead = platform.bulkhead(name, max_concurrent=1)
    with deadline(0.1):
        slot = bulkhead.acquire(0)
        time.sleep(0.11)
        assert slot.release()
    assert bulkhead.stats().held == 0


def test_a_late_caller_says_nothing_about_the_service() -> None:
    assert ANY_EXCEPTION.of_end(DeadlineExceeded(1.0)) is Outcome.IGNORED
