"""Batches on their way to the store, in the order of their recording."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from ..history import Batch
from ..metric_names import LOST_SECONDS
from ..series_names import Series

# Batches that wait singly: two minutes of an outage to the second, older ones more coarsely.
MOST_WAITING = 120
_LOST = Series(LOST_SECONDS)


@dataclass(slots=True)
class Parcel:
    """A waiting batch.

    Attributes:
        batch: the records.
        closed_at: time of its end, on the monotonic clock.
        sequence: its number after the first try to send it; from then on the parcel is fixed, since
            the server may have taken it although no reply came.
        seconds: duration of its recording.
    """

    batch: Batch
    closed_at: float
    seconds: float
    sequence: int | None = None


class Backlog:
    """Keeps parcels until they are delivered; merges pairs to stay bounded. Not thread-safe.

    Attributes:
        lost_seconds: total duration of the parcels that were given up.
    """

    def __init__(
        self,
        longest: float,
        most: int = MOST_WAITING,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """``longest``: seconds after which a parcel is given up, as its point is not kept."""
        self._parcels: deque[Parcel] = deque()
        self._longest = longest
        self._most = most
        self._clock = clock
        self._sequence = 0
        self.lost_seconds = 0.0

    def __len__(self) -> int:
        return len(self._parcels)

    def add(self, batch: Batch, seconds: float) -> None:
        """Put a batch at the end."""
        self._parcels.append(Parcel(batch, self._clock(), seconds))
        if len(self._parcels) > self._most:
            self._give_up()
            self._pack()

    def first(self) -> Parcel | None:
        """The parcel to send now, numbered; the same one again until it was ``taken``."""
        if not self._parcels:
            return None
        parcel = self._parcels[0]
        if parcel.sequence is None:
            self._sequence += 1
            parcel.sequence = self._sequence
        return parcel

    def age(self, parcel: Parcel) -> float:
        """Seconds since it was closed."""
        return max(0.0, self._clock() - parcel.closed_at)

    def taken(self, parcel: Parcel) -> None:
        """Remove the first parcel, which the server has taken."""
        if self._parcels and self._parcels[0] is parcel:
            self._parcels.popleft()

    def _give_up(self) -> None:
        """Drop parcels that are too old, and add their durations to ``lost_seconds``."""
        newest = self._parcels[-1]
        while self._parcels[0] is not newest and self.age(self._parcels[0]) > self._longest:
            dropped = self._parcels.popleft()
            self.lost_seconds += dropped.seconds
            already_lost = dropped.batch.counters.get(_LOST, 0.0)
            newest.batch.count(_LOST, dropped.seconds + already_lost)

    def _pack(self) -> None:
        """Merge every two parcels that were not sent yet."""
        packed: deque[Parcel] = deque()
        room = False  # whether the last one can be merged with another
        for parcel in self._parcels:
            if room and parcel.sequence is None:
                last = packed[-1]
                last.batch.absorb(parcel.batch)
                last.seconds += parcel.seconds
                last.closed_at = parcel.closed_at
                room = False
            else:
                packed.append(parcel)
                room = parcel.sequence is None
        self._parcels = packed
