"""Single flight: if several threads miss the same entry at once, one of them loads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from time import monotonic
from typing import Generic, TypeVar

from yoto.errors import DeadlineExceeded

Result = TypeVar("Result")


class Flight(Generic[Result]):
    """One load that others may wait for.

    Attributes:
        began: monotonic time at which it was begun.
        result: the loaded value; None if the load failed.
        error: the exception of the load; None if it did not fail.
    """

    __slots__ = ("_done", "began", "error", "result")

    def __init__(self) -> None:
        self.began = monotonic()
        self._done = threading.Event()
        self.result: Result | None = None
        self.error: Exception | None = None

    def land(self) -> None:
        """Wake the callers that wait."""
        self._done.set()

    def wait(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for the end; whether it came."""
        return self._done.wait(timeout)


class Flights(Generic[Result]):
    """The loads that are under way, by key."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._flights: dict[Hashable, Flight[Result]] = {}

    def board(self, key: Hashable) -> tuple[Flight[Result], bool]:
        """The flight of ``key``, and whether the caller is to lead it by ``lead``."""
        with self._mutex:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Flight()
            return flight, True

    def lead(self, key: Hashable, flight: Flight[Result], load: Callable[[], Result]) -> Result:
        """Load, for the caller and for all waiting callers.

        An ``Exception`` of ``load`` reaches all of them: each would run into the same wall. When
        the leader itself is stopped (an interrupt, a killed greenlet, its deadline), they are left
        to themselves.
        """
        try:
            flight.result = load()
            return flight.result
        except DeadlineExceeded:
            raise  # the leader's; the others may have more time
        except Exception as error:
            flight.error = error
            raise
        finally:
            # Before the others wake up, so that one who tries again starts anew.
            with self._mutex:
                del self._flights[key]
            flight.land()

    def __len__(self) -> int:
        return len(self._flights)
