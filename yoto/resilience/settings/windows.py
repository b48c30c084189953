"""Windows as text: ``10/second; 1000/hour; 20000/30days``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

from yoto.rules import Number, Whole

LARGEST_LIMIT = 1_000_000_000
# s. A leap year: plans are sold by the year.
SHORTEST_WINDOW, LONGEST_WINDOW = 0.01, 366 * 86_400.0
# Further windows of one dimension. Each is one more key in Redis for each caller.
MOST_WINDOWS = 4
# Characters.
LONGEST_TEXT = 200

LIMIT = Whole(0, LARGEST_LIMIT, "units")
WINDOW = Number(SHORTEST_WINDOW, LONGEST_WINDOW, "s")

# s
_UNITS = {
    "second": 1,
    "minute": 60,
    "hour": 3_600,
    "day": 86_400,
    "month": 30 * 86_400,
    "year": 365 * 86_400,
}
# The units of a fixed length, longest first, in which a window is written.
_WRITTEN = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_WINDOW = re.compile(
    rf"(\d+)\s*(?:/|\bper\b)\s*(\d+(?:\.\d+)?)?\s*({'|'.join(_UNITS)})?s?", re.ASCII
)


class LimitWindow(NamedTuple):
    """``limit`` units in ``seconds``."""

    limit: int
    seconds: float


def windows_of(text: str) -> tuple[LimitWindow, ...]:
    """The windows that a text names, in its order.

    Each is ``LIMIT/UNIT`` or ``LIMIT/N UNIT``, with ``per`` for the stroke where that reads better;
    a unit is ``second`` (also when it is left out), ``minute``, ``hour``, ``day``, ``month`` (30
    days) or ``year`` (365 days). ``;`` or ``,`` is between them.

    Raises:
        ValueError: it is no such text, a number is out of range, or a window is named twice.
    """
    made = []
    for part in filter(None, map(str.strip, re.split("[;,]", text.lower()))):
        found = _WINDOW.fullmatch(part)
        if found is None or not (found[2] or found[3]):
            raise ValueError(
                f"must be windows such as '10/second; 1000/hour', and {part!r} is none"
            )
        seconds = float(found[2] or 1) * _UNITS[found[3] or "second"]
        made.append(LimitWindow(LIMIT(int(found[1])), WINDOW(seconds)))
    if len({one.seconds for one in made}) != len(made):
        raise ValueError("names a window twice")
    return tuple(made)


def is_windows(text: object) -> bool:
    """Whether ``text`` reads as windows, and so is not meant as the name of a limit."""
    if not isinstance(text, str):
        return False
    try:
        return bool(windows_of(text))
    except ValueError:
        return False


def span_text(seconds: float) -> str:
    """The length of a window as its text has it: ``hour``, ``30days``, ``2.5seconds``."""
    unit, size = next(
        ((name, size) for name, size in _WRITTEN if seconds >= size and seconds % size == 0),
        ("second", 1),
    )
    return unit if seconds == size else f"{seconds / size:.12g}{unit}s"


@dataclass(frozen=True)
class Windows:
    """Text that names at most ``most`` windows, in one spelling; empty for none."""

    most: int = MOST_WINDOWS

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > LONGEST_TEXT:
            raise ValueError(f"must be at most {LONGEST_TEXT} characters, such as '1000/hour'")
        made = windows_of(value)
        if len(made) > self.most:
            raise ValueError(f"must be at most {self.most} windows")
        return "; ".join(f"{one.limit}/{span_text(one.seconds)}" for one in made)

    def describe(self) -> dict[str, Any]:
        return {"type": "text", "longest": LONGEST_TEXT, "example": "1000/hour; 20000/30days"}
