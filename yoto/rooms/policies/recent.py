"""Recent inputs, masked: a ring in each process, and a list of all processes in Redis."""

from __future__ import annotations

import json
import random
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from yoto.redis import RedisConnection, load_script

CAPACITY = 200
# Inputs taken in a second at most: masking one costs about as much as a decision.
PER_SECOND = 20

# Gives a copy without secrets, as decision records are masked.
Mask = Callable[[Mapping[str, Any]], Any]


class RecentInputs:
    """Takes inputs, masked, as JSON texts; safe for threads.

    Attributes:
        share: the share of the offered inputs that are looked at, 0 to 1.
    """

    def __init__(
        self,
        mask: Mask,
        capacity: int = CAPACITY,
        per_second: int = PER_SECOND,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.share = 1.0
        self._mask = mask
        self._per_second = per_second
        self._clock = clock
        self._ring: deque[str] = deque(maxlen=capacity)
        self._unshared: deque[str] = deque(maxlen=capacity)
        self._lock = threading.Lock()
        self._second, self._taken = 0, 0

    def offer(self, made: Callable[[], Mapping[str, Any]]) -> None:
        """Take the input of a decision, if it is its turn; ``made`` gives it."""
        if not self._is_due():
            return
        document = made()
        masked = self._mask(document)
        if not isinstance(masked, Mapping) or masked.keys() != document.keys():
            return  # it was too long to keep
        taken = json.dumps(masked, separators=(",", ":"))
        with self._lock:
            self._ring.append(taken)
            self._unshared.append(taken)

    def latest(self) -> Sequence[str]:
        """The entries of the ring, oldest first."""
        with self._lock:
            return list(self._ring)

    def take_unshared(self) -> Sequence[str]:
        """The entries since the last call."""
        with self._lock:
            taken = list(self._unshared)
            self._unshared.clear()
            return taken

    def _is_due(self) -> bool:
        if self.share < 1.0 and random.random() >= self.share:
            return False
        second = int(self._clock())
        with self._lock:
            if second != self._second:
                self._second, self._taken = second, 0
            self._taken += 1
            return self._taken <= self._per_second


SHARED_CAPACITY = 500
# ms. A change is tried on recent questions, and nothing is kept without need.
TTL_MS = 24 * 3600 * 1000

_KEEP = load_script("yoto.rooms.policies.lua", "keep.lua")


class SharedInputs:
    """A list of the newest inputs that any process of the application took."""

    def __init__(self, redis: RedisConnection) -> None:
        """Nothing connects before the first call."""
        self._redis = redis
        self._key = redis.keys.tagged("policy", "recent")

    def share(self, recent: RecentInputs) -> None:
        """Add the inputs since the last call, oldest first; raises ``StoreUnavailable``."""
        taken = recent.take_unshared()
        if taken:
            self._redis.scripts.run(_KEEP, [self._key], (SHARED_CAPACITY, TTL_MS, *taken))

    def latest(self, limit: int) -> Sequence[str]:
        """The newest inputs, newest first; raises ``StoreUnavailable``."""
        found = self._redis.client.lrange(self._key, 0, limit - 1)
        return [one.decode() for one in found]
