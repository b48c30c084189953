"""Brings what happened to alerts into the event stream: each entry once, whoever brings it."""

from __future__ import annotations

import logging

from yoto.events import EventStream

from .store import AlertStore

log = logging.getLogger(__name__)

BATCH = 200


class AlertPublisher:
    """Publishes entries of the history that are untold, oldest first.

    An entry is told with its number as a token, so that telling it twice, because two workers are
    at it or one died before it could note it down, makes one event.
    """

    def __init__(self, store: AlertStore, stream: EventStream) -> None:
        self._store = store
        self._stream = stream

    def tell(self) -> int:
        """Publish what is untold; how many events. Without Redis it waits for the next call.

        Raises:
            StoreUnavailable: the store is away.
        """
        total = 0
        while True:
            with self._store.reading() as rows:
                entries = rows.untold(BATCH)
            told: list[int] = []
            for entry in entries:
                if not self._stream.publish_once(entry.event, f"alert:{entry.id}"):
                    break
                told.append(entry.id)
            if told:
                with self._store.writing() as rows:
                    rows.told(told)
            total += len(told)
            if len(told) < BATCH:
                return total
