"""One line of the log for many equal events: a flood is the worst time to write each of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic

# s between two lines about the same thing.
EVERY = 1.0


class FoldedLine:
    """A line that is written at most once in ``every`` seconds and says for how many it stands.

    Safe for threads. Events after the last line of a flood are in no line; a counter has them.

    Attributes:
        times: all events so far.
    """

    def __init__(
        self,
        log: logging.Logger,
        level: int,
        text: str,
        every: float = EVERY,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """The first placeholder of ``text`` is a ``%d``: for how many events the line stands."""
        self.times = 0
        self._log, self._level, self._text = log, level, text
        self._every, self._clock = every, clock
        self._lock = threading.Lock()
        self._at, self._written = -every, 0

    def note(self, times: int = 1, *details: object) -> None:
        """Count events, and write the line if none was written lately, with details of the last."""
        with self._lock:
            self.times += times
            now = self._clock()
            if now - self._at < self._every:
                return
            self._at, count = now, self.times - self._written
            self._written = self.times
        self._log.log(self._level, self._text, count, *details)
