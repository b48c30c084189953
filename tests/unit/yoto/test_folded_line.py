"""One line for many equal events."""

from __future__ import annotations

import logging

import pytest

from yoto.housekeeping import FoldedLine


def test_a_line_says_for_how_many_it_stands(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    line = FoldedLine(logging.getLogger("folded"), logging.WARNING, "%d calls", 1, lambda: now)
    for _ in range(5):
        line.note()
    now += 1
    line.note()
    assert caplog.messages == ["1 calls", "5 calls"]
    assert line.times == 6


def test_many_events_at_once_are_one_line_with_details(caplog: pytest.LogCaptureFixture) -> None:
    line = FoldedLine(logging.getLogger("folded"), logging.WARNING, "%d locks, such as %s")
    line.note(50, "job")
    assert caplog.messages == ["50 locks, such as job"]
