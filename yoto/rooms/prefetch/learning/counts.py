"""Counts that lose half of their weight in each half-life, in bounded memory.

Forward decay (Cormode, Shkapenyuk, Srivastava, Xu: *Forward Decay*, ICDE 2009): an action at time t
is counted as ``2 ** ((t - landmark) / half_life)``, and a value read at time u is divided by the
same factor of u. So nothing is rewritten as time passes, and shares need no division at all.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

# One part in so many goes when a table is full: dropping the lightest eighth at once is cheap.
DROPPED_SHARE = 8
# Half-lives after which earlier counts weigh nothing: far from the limit of a float.
FORGOTTEN_AFTER = 512.0


class Decay:
    """The scale of all counts of one model. Time goes forward only."""

    __slots__ = ("_half_life", "_landmark", "_now")

    def __init__(self, half_life: float, landmark: float) -> None:
        """``half_life`` in s, ``landmark`` in epoch s: where the scale begins."""
        self._half_life = half_life
        self._landmark = landmark
        self._now = landmark

    def weight(self, at: float) -> float:
        """The weight of an action at ``at``; one from before the newest counts like the newest.

        So a clock that was set back makes no action heavier than a newer one.
        """
        self._now = max(self._now, at)
        return self._exponential(self._now)

    def scale(self, now: float) -> float:
        """The divisor that turns a weight into its value at ``now``."""
        return self._exponential(max(self._now, now))

    def exhausted(self, at: float) -> bool:
        """Whether nothing that was counted so far has any weight at ``at``."""
        return (at - self._landmark) / self._half_life > FORGOTTEN_AFTER

    def _exponential(self, at: float) -> float:
        weight: float = 2.0 ** ((at - self._landmark) / self._half_life)
        return weight


class Counts(Generic[K]):
    """Weights by key: at most ``limit`` keys, the lightest of which go first.

    Attributes:
        weights: on the scale of the model's ``Decay``; never written by others.
        total: the sum of the weights.
    """

    __slots__ = ("limit", "total", "weights")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.weights: dict[K, float] = {}
        self.total = 0.0

    def add(self, key: K, weight: float) -> None:
        """Count one action more."""
        if key not in self.weights and len(self.weights) >= self.limit:
            self._make_room()
        self.weights[key] = self.weights.get(key, 0.0) + weight
        self.total += weight

    def share(self, key: K) -> float:
        """The share of ``key``, 0 to 1."""
        return self.weights.get(key, 0.0) / self.total if self.total else 0.0

    def _make_room(self) -> None:
        for key in lightest(self.weights, self.weights.get):
            del self.weights[key]
        # Summed anew: after many subtractions the rest of a sum would be noise.
        self.total = sum(self.weights.values())


class Tables(Generic[K]):
    """A ``Counts`` for each of at most ``limit`` contexts; the lightest go first."""

    __slots__ = ("_limit", "_next_limit", "tables")

    def __init__(self, limit: int, next_limit: int) -> None:
        """``next_limit``: the number of keys that each context has room for."""
        self._limit = limit
        self._next_limit = next_limit
        self.tables: dict[Hashable, Counts[K]] = {}

    def add(self, context: Hashable, key: K, weight: float) -> None:
        """Count one more ``key`` after ``context``."""
        table = self.tables.get(context)
        if table is None:
            if len(self.tables) >= self._limit:
                for gone in lightest(self.tables, lambda one: self.tables[one].total):
                    del self.tables[gone]
            table = self.tables[context] = Counts(self._next_limit)
        table.add(key, weight)

    def get(self, context: Hashable) -> Counts[K] | None:
        """The counts of steps after ``context``; None: nothing is known."""
        return self.tables.get(context)


def lightest(keys: Iterable[K], weight: object) -> list[K]:
    """The lightest eighth of ``keys``, at least one."""
    ordered = sorted(keys, key=weight)  # type: ignore[call-overload]
    return list(ordered[: max(1, len(ordered) // DROPPED_SHARE)])
