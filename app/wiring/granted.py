"""Who is notified of access that decorators grant: later, for a request pays one append."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from time import monotonic

from app.core.cache import PlaceKey
from app.core.optimization import HotCounts
from app.core.permission import AccessGranted

log = logging.getLogger(__name__)

# That may wait; whoever is granted access then notifies of them all. A kill loses no more.
MOST_WAITING = 1_000

Listener = Callable[[AccessGranted], None]


class GrantedAccess:
    """What was granted, and listeners do not know yet. Safe for threads and greenlets.

    It has no thread: whoever reads what listeners make of it, at its turns and at its end, calls
    ``publish`` first, and so misses nothing.
    """

    def __init__(self, *listeners: Listener) -> None:
        """One that raises is logged, and keeps no other from being notified."""
        self._listeners = listeners
        self._waiting: deque[tuple[int, str, PlaceKey, float]] = deque()
        self._append = self._waiting.append
        self._publishing = threading.Lock()

    def __call__(self, user_id: int, requirement: str, key: PlaceKey) -> None:
        """Take down that somebody was let in; see ``AccessGranted``."""
        self._append((user_id, requirement, key, monotonic()))
        if len(self._waiting) > MOST_WAITING:
            self.publish()

    def publish(self) -> None:
        """Notify of all that waits now, in its order; that is done when this returns."""
        with self._publishing:
            take = self._waiting.popleft
            events = [AccessGranted(*take()) for _ in range(len(self._waiting))]
            for listener in self._listeners:
                for event in events:
                    try:
                        listener(event)
                    except Exception:
                        log.exception("a listener to granted access failed")


def hot_places(hot: HotCounts) -> Listener:
    """A listener that counts who asks where."""

    def note(event: AccessGranted) -> None:
        hot.note(event.user_id, event.key)

    return note
