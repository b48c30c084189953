"""Ages and durations in words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from yoto.control_plane.ages import age, duration
from yoto.store.columns import utcnow


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (-0.4, "0 s"),
        (0.0, "0 s"),
        (59.9, "59 s"),
        (60.0, "1 min"),
        (3599.0, "59 min"),
        (3600.0, "1 h"),
        (86399.0, "23 h"),
        (86400.0, "1 d"),
        (40 * 86400.0, "40 d"),
    ],
)
def test_the_largest_unit_that_fits_is_told(seconds: float, expected: str) -> None:
    now = utcnow()
    with Flask("spoken").test_request_context("/?lang=en"):
        assert duration(seconds) == expected
        assert age(now - timedelta(seconds=seconds), now) == expected
