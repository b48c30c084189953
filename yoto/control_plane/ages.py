"""Ages and durations in words."""

from __future__ import annotations

import math
from datetime import datetime

from yoto.control_plane.language import translate

# The largest unit that fits once, from the smallest up; the page's script uses the same ones.
UNITS = (("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400))


def age(at: datetime, now: datetime) -> str:
    """The age at ``now`` of a fact from ``at``, in words."""
    return duration((now - at).total_seconds())


def duration(seconds: float) -> str:
    """A length of time in the largest unit that fits into it, rounded down."""
    name, size = _unit(seconds)
    return translate(f"unit.{name}", n=max(0, int(seconds // size)))


def wait(seconds: float) -> str:
    """A time to wait, rounded up: a caller who returns then must not be too early."""
    name, size = _unit(seconds)
    return translate(f"unit.{name}", n=max(1, math.ceil(seconds / size)))


def _unit(seconds: float) -> tuple[str, int]:
    return next((unit for unit in reversed(UNITS) if seconds >= unit[1]), UNITS[0])
