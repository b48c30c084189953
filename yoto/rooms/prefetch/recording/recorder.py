"""Records actions on the way of requests: a few hundred nanoseconds, and bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import NamedTuple

from cachebox import LRUCache

from yoto.cache import PlaceKey
from yoto.permission import AccessGranted
from yoto.rooms.prefetch.steps import ACTION_LENGTH, Step

# Knuth's multiplicative hash (TAOCP 3, 6.4): the sample of users does not depend on the order in
# which their ids are given out.
HASH, HASH_SPAN = 2_654_435_761, 1 << 32
# s in which a repeated action counts once: a page asks several things at once, programs ask on.
ONE_ACTION = 1.0
# Users whose last action is remembered for that.
LAST_ACTIONS = 10_000


class Visit(NamedTuple):
    """An action as this process saw it.

    Attributes:
        moment: reading of the monotonic clock.
        observed: as in ``UserBehavior``.
    """

    user_id: int
    step: Step
    moment: float
    observed: bool = True


class BehaviourRecorder:
    """The buffer between requests and the thread that learns from them.

    Users are sampled, not actions: with every second step missing there would be nothing to learn.

    Attributes:
        open: whether actions are taken at all; closed until background work begins.
        noted: actions taken.
        dropped: actions that found no room.
    """

    def __init__(self, size: int, sample: float) -> None:
        """``size``: actions that may wait. ``sample``: share of users, 0 to 1."""
        self._size = size
        self._threshold = int(sample * HASH_SPAN)
        self._buffer: deque[Visit] = deque()
        self._forgotten: set[int] = set()
        self._last: LRUCache[int, tuple[str, PlaceKey, float]] = LRUCache(LAST_ACTIONS)
        self._read: Callable[[], None] | None = None
        self.open = False
        self.noted = 0
        self.dropped = 0

    def read_first(self, read: Callable[[], None]) -> None:
        """Call ``read`` before looking at the buffer: it hands over actions that wait elsewhere."""
        self._read = read

    def read(self) -> None:
        """Record actions that still wait elsewhere."""
        if self._read is not None:
            self._read()

    def granted(self, event: AccessGranted) -> None:
        """Record access that a decorator granted. Never waits, never raises for a full buffer.

        A requirement longer than a name can be says nothing that a prediction could use. One caller
        at a time.
        """
        user_id, requirement, key, at = event
        if not self.open or user_id * HASH % HASH_SPAN >= self._threshold:
            return
        last = self._last.get(user_id)
        if last is not None and last[:2] == (requirement, key) and at - last[2] < ONE_ACTION:
            return
        if len(requirement) <= ACTION_LENGTH:
            self._last.insert(user_id, (requirement, key, at))
            self._take(Visit(user_id, Step(requirement, *event.place), at))

    def add_reported(self, user_id: int, step: Step, seconds_ago: float) -> bool:
        """Record an action that a client reports of its user; returns whether that was possible."""
        if not self.open or user_id * HASH % HASH_SPAN >= self._threshold:
            return False
        return self._take(Visit(user_id, step, monotonic() - seconds_ago, observed=False))

    def drain(self) -> list[Visit]:
        """All waiting actions, oldest first, without the users who must be forgotten.

        One thread drains.
        """
        self.read()
        buffer = self._buffer
        found = [buffer.popleft() for _ in range(len(buffer))]
        if self._forgotten:
            forgotten, self._forgotten = self._forgotten, set()
            found = [visit for visit in found if visit.user_id not in forgotten]
        return found

    def forget(self, user_id: int) -> None:
        """Drop a user's waiting actions, and later ones until the buffer is drained."""
        self._forgotten.add(user_id)
        self._last.pop(user_id, None)

    def __len__(self) -> int:
        """The number of waiting actions."""
        return len(self._buffer)

    def _take(self, visit: Visit) -> bool:
        if len(self._buffer) >= self._size:
            self.dropped += 1
            return False
        self._buffer.append(visit)
        self.noted += 1
        return True
