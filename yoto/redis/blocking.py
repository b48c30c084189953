"""How long a command may keep its caller waiting on the server's side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# Where the seconds stand: the last argument, or the first after the name.
_SECONDS_LAST = frozenset(
    ("BLPOP", "BRPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX"),
)
_SECONDS_FIRST = frozenset(("BLMPOP", "BZMPOP"))
_MILLISECONDS_AFTER_BLOCK = frozenset(("XREAD", "XREADGROUP"))


def blocking_seconds(command: Sequence[Any]) -> float | None:
    """Seconds for which a command asked the server to wait; 0 for most, None for no limit."""
    name = command[0]
    if name in _MILLISECONDS_AFTER_BLOCK:
        for position, part in enumerate(command[:-1]):
            if part in ("BLOCK", b"BLOCK"):
                return float(command[position + 1]) / 1000 or None
        return 0.0
    if name in _SECONDS_LAST:
        return float(command[-1]) or None
    if name in _SECONDS_FIRST:
        return float(command[1]) or None
    return 0.0
