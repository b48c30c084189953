"""How a guard admits: by a round trip each call, by leases, or without Redis."""

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


# Counts are exact at every moment; leases are an option for callers that cannot pay the round trip.
DEFAULT_MODE = GuardMode.STRICT


class OnStoreError(StrEnum):
    """The decision of a guard that cannot reach Redis.

    ``local``: an in-process twin with a share of the limit decides. ``open``: admit.
    ``closed``: refuse.
    """

    LOCAL = "local"
    OPEN = "open"
    CLOSED = "closed"


# Keeps protecting the service behind the guard without refusing everybody.
DEFAULT_ON_STORE_ERROR = OnStoreError.LOCAL
