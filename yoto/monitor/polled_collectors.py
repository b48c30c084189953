"""Sources that ask servers: asked in a thread of their own, so that no flush waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from time import monotonic

from yoto.errors import PlatformError

from .sources import Sample, Source

# s between two questions.
LOOK_EVERY = 5.0
# A source may keep its thread busy for this share of the time.
BUSY_SHARE = 1 / 20
# A response is used for so many pauses; then it is out of date.
ANSWER_HOLDS = 3


class PolledCollector:
    """Remembers the last response of ``source``; itself it is a source that responds at once."""

    def __init__(self, source: Source, every: float) -> None:
        self._source = source
        self._every = every
        self._found: Sequence[Sample] = ()
        self._error: Exception | None = None
        self._holds_until = 0.0

    def look(self) -> float:
        """Ask the source; seconds after which to ask again."""
        began = monotonic()
        try:
            found, error = tuple(self._source()), None
        except Exception as problem:
            # The reader gets the error.
            found, error = (), problem
        now = monotonic()
        pause = max(self._every, (now - began) / BUSY_SHARE)
        self._found, self._error = found, error
        self._holds_until = now + ANSWER_HOLDS * pause
        return pause

    def __call__(self) -> Iterable[Sample]:
        """The last response, empty if it is too old.

        Raises:
            PlatformError: the error of the source, such as an unavailable store.
            RuntimeError: the source could not be read; the cause says why.
        """
        if isinstance(self._error, PlatformError):
            raise self._error
        if self._error is not None:
            raise RuntimeError("the last look failed") from self._error
        return self._found if monotonic() < self._holds_until else ()
