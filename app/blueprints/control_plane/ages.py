"""How long ago, and how long, in words."""

from __future__ import annotations

from datetime import datetime

from app.blueprints.control_plane.language import translate

# The largest unit that fits once, from the smallest up; the page's script uses the same ones.
UNITS = (("seconds", 1), ("minutes", 60), ("hours", 3600), ("days", 86400))


def age(at: datetime, now: datetime) -> str:
    """How old what was found out at ``at`` is."""
    return duration((now - at).total_seconds())


def duration(seconds: float) -> str:
    """A length of time in the largest unit that fits into it, rounded down."""
    name, size = next(
        (unit for unit in reversed(UNITS) if seconds >= unit[1]),
        UNITS[0],
    )
    return translate(f"unit.{name}", n=max(0, int(seconds // size)))
