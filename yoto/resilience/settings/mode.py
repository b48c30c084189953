"""Whether a guard asks Redis at each call, or admits from what it paid for before."""

from __future__ import annotations

from enum import StrEnum


class GuardMode(StrEnum):
    """How a worker admits.

    ``strict``: Redis decides each call. ``leased``: a worker takes several permits, keeps slots and
    knows the breaker's state for a while, all paid for or asked in Redis before they are used, and
    admits from them in memory.
    """

    STRICT = "strict"
    LEASED = "leased"


# Counts are exact at every moment; a lease is a choice of whoever needs the round trip back.
DEFAULT_MODE = GuardMode.STRICT
