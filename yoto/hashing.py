"""Password hashing that does not take over the whole host.

A hash costs tens of milliseconds and tens of megabytes on purpose. A process makes only as many at
once as it has cores. Few wait for their turn; more are rejected at once, so that no sign-in takes
long however many strangers try theirs.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from yoto.errors import BulkheadFull

PASSWORD_MAX_LENGTH = 128  # characters
# Hashes that wait for a core: on two cores the last of them is made after 2 s. Where it takes
# longer no caller waits longer than so many seconds: the next try may find a place.
MOST_WAITING = 20
LONGEST_WAIT = 3.0
NAME = "auth.passwords"
RETRY_AFTER = 2.0  # s

P = ParamSpec("P")
R = TypeVar("R")


class HashingTurns:
    """The hashes of one application in this process."""

    def __init__(self) -> None:
        cores = os.cpu_count() or 1
        self._limit = cores + MOST_WAITING
        self._slots = threading.BoundedSemaphore(cores)
        self._places = threading.BoundedSemaphore(self._limit)

    def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of ``function``, which hashes, once a core is free.

        Raises:
            BulkheadFull: too many wait already.
        """
        if not self._places.acquire(blocking=False):
            raise BulkheadFull(NAME, self._limit, RETRY_AFTER)
        try:
            if not self._slots.acquire(timeout=LONGEST_WAIT):
                raise BulkheadFull(NAME, self._limit, RETRY_AFTER)
            try:
                return function(*args, **kwargs)
            finally:
                self._slots.release()
        finally:
            self._places.release()


def normalised(password: str) -> str:
    """NFC, as RFC 8265 asks: the same key strokes give the same password on every system."""
    return unicodedata.normalize("NFC", password)
