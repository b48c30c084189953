"""The budget of the retries and hedges of one service in one process.

Each call puts a share of a retry in, and each retry or hedge takes a whole one out; so those of a
process are at most that share of its calls, and those of all processes that share of all calls,
without a word between them (Finagle's ``RetryBudget``, 2016; gRPC's A6 bounds the balance at 10).
"""

from __future__ import annotations

import threading

# Retries that may be saved up, so that a long calm pays for no storm (gRPC A6, ``maxTokens``).
MOST = 10.0


class Purse:
    """Safe for threads and greenlets."""

    def __init__(self, share: float, most: float = MOST) -> None:
        """``share``: of a retry that each call puts in; ``most``: retries that it holds."""
        self._share = share
        self._most = most
        self._balance = 0.0
        self._lock = threading.Lock()

    @property
    def balance(self) -> float:
        """Retries that it holds."""
        return self._balance

    def put(self) -> None:
        """A call was made."""
        with self._lock:
            self._balance = min(self._most, self._balance + self._share)

    def take(self) -> bool:
        """Pay for a retry or a hedge; False: there is not enough, and nothing was taken."""
        with self._lock:
            # Shares such as 0.1 do not add up to 1 exactly.
            if self._balance < 1.0 - 1e-9:
                return False
            self._balance = max(0.0, self._balance - 1.0)
            return True
