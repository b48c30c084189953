"""Stalls of the machine, and settings of its clock."""

from __future__ import annotations

import time

from proof.campaign.stalls import STEP, StallWatcher
from tests.support.waiting import wait_until


def test_a_clock_that_is_set_is_noted_once_and_past_moments_keep_their_time() -> None:
    offset = 1000.0
    before = time.monotonic()
    with StallWatcher(lambda: offset) as watcher:
        assert watcher.since_1970(before) == before + 1000.0
        offset += STEP / 2  # as a clock is slewed
        offset += 5.0
        wait_until(lambda: watcher.steps)
        after = time.monotonic()
        ((began, ended, by),) = watcher.steps
        assert before <= began <= ended <= after and by == 5.0 + STEP / 2
        assert watcher.since_1970(before) == before + 1000.0
        assert watcher.since_1970(after) == after + 1000.0 + by


def test_the_clock_of_this_machine_keeps_its_pace() -> None:
    with StallWatcher() as watcher:
        assert abs(watcher.since_1970(time.monotonic()) - time.time()) < STEP + sum(
            abs(by) for *_, by in watcher.steps
        )
