"""Notifies listeners of access that decorators grant: later, so that a request pays one append."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic

from yoto.cache import PlaceKey
from yoto.housekeeping import MOST_WAITING, Pending, contained
from yoto.permission.state import AccessGranted

Listener = Callable[[AccessGranted], None]
_Granted = tuple[int, str, PlaceKey, float]


class GrantedAccess(Pending[_Granted]):
    """Granted access that listeners have not received yet. Safe for threads and greenlets.

    It has no task: a reader of the listeners' results, at its turns and at its end, calls ``flush``
    first, and so misses nothing.
    """

    def __init__(self, *listeners: Listener) -> None:
        """One that raises is logged, and keeps no other from being notified."""
        super().__init__(self._publish)
        self._listeners = list(listeners)

    def listen(self, listener: Listener) -> None:
        """Notify ``listener`` of what is granted from now on."""
        self._listeners.append(listener)

    def __call__(self, user_id: int, requirement: str, key: PlaceKey) -> None:
        """Record granted access; see ``AccessGranted``."""
        self._append((user_id, requirement, key, monotonic()))
        if len(self._waiting) > MOST_WAITING:
            self.flush()

    def _publish(self, granted: Sequence[_Granted]) -> None:
        events = [AccessGranted(*one) for one in granted]
        for listener in self._listeners:
            for event in events:
                contained(listener, event)
