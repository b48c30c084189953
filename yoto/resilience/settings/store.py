"""What a guard does while Redis is away."""

from __future__ import annotations

from enum import StrEnum


class OnStoreError(StrEnum):
    """The answer of a guard that cannot reach Redis.

    ``local``: an in-process twin with a share of the limit decides. ``open``: admit.
    ``closed``: refuse.
    """

    LOCAL = "local"
    OPEN = "open"
    CLOSED = "closed"


# Keeps protecting what is behind the guard without refusing everybody.
DEFAULT_ON_STORE_ERROR = OnStoreError.LOCAL
