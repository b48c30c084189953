"""Moments: as records store them, and as people read them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, TypeAlias


class Since1970:
    """Notes of a number that it is a moment; outside it is written in ISO 8601."""


# Every database at hand stores these years, and none of them overflows in any time zone.
FIRST_YEAR, LAST_YEAR = 1970, 9998
YEARS = f"Years from {FIRST_YEAR} to {LAST_YEAR} are allowed."

# Seconds since 1970.
Epoch: TypeAlias = Annotated[float, Since1970()]


def at_ms(milliseconds: int) -> datetime:
    """The moment so many milliseconds after 1970 began."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(seconds: float) -> int:
    """Whole ms, at least 1: a short time-out must not become none."""
    return max(1, round(seconds * 1000))


def moment(at: datetime | float | None) -> str:
    """A moment for people, in UTC."""
    if at is None:
        return "-"
    time = at if isinstance(at, datetime) else datetime.fromtimestamp(at, UTC)
    return time.strftime("%Y-%m-%d %H:%M:%SZ")
