"""Sources that use servers, called in a thread of their own, so that no flush waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic

from yoto.errors import PlatformError

from .sources import Sample, Source

# s between two calls.
LOOK_EVERY = 5.0
# A source may keep its thread busy for this share of the time.
BUSY_SHARE = 1 / 20
# Pauses for which a result is used before it is out of date.
ANSWER_HOLDS = 3


class PolledCollector:
    """Keeps the last result of ``source``; itself it is a source that responds at once."""

    def __init__(self, source: Source, every: float) -> None:
        self._source = source
        self._every = every
        self._found: Sequence[Sample] = ()
        self._error: Exception | None = None
        self._holds_until = 0.0

    def look(self) -> float:
        """Call the source; returns the seconds until the next call."""
        began = monotonic()
        try:
            found, error = tuple(self._source()), None
        except Exception as problem:
            # The error is raised to the reader.
            found, error = (), problem
        now = monotonic()
        pause = max(self._every, (now - began) / BUSY_SHARE)
        self._found, self._error = found, error
        self._holds_until = now + ANSWER_HOLDS * pause
        return pause

    def __call__(self) -> Iterable[Sample]:
        """The last result, empty if it is too old.

        Raises:
            PlatformError: the error of the source, such as an unavailable store.
            RuntimeError: the source could not be read; the cause says why.
        """
        if isinstance(self._error, PlatformError):
            raise self._error
        if self._error is not None:
            raise RuntimeError("the last look failed") from self._error
        return self._found if monotonic() < self._holds_until else ()
