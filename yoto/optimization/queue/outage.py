"""Outages of Redis, logged once and not at every try."""

from __future__ import annotations

import logging

log = logging.getLogger(__name__)


class Outage:
    """Logs the first failure of a row, and the first success after it."""

    def __init__(self) -> None:
        self._lasts = False

    def failed(self, error: Exception) -> None:
        """A call to Redis failed."""
        if not self._lasts:
            self._lasts = True
            log.warning("the queue is away: %s", error)

    def succeeded(self) -> None:
        """A call to Redis did not fail."""
        if self._lasts:
            self._lasts = False
            log.info("the queue is back")
