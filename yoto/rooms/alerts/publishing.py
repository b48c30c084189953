"""Publishes the history of alerts to the event stream: each entry once, by any worker."""

from __future__ import annotations

import logging

from yoto.events import EventStream

from .tables import AlertStore

log = logging.getLogger(__name__)

BATCH = 200


class AlertPublisher:
    """Publishes the unpublished entries of the history, oldest first.

    An entry's number is its token. So publishing it twice, because two workers are at it or one
    died before it could mark the entry, makes one event.
    """

    def __init__(self, store: AlertStore, stream: EventStream) -> None:
        self._store = store
        self._stream = stream

    def publish(self) -> int:
        """Publish pending entries; returns how many. Without Redis they wait for the next call.

        Raises:
            StoreUnavailable: the store is unavailable.
        """
        total = 0
        while True:
            with self._store.reading() as rows:
                entries = rows.unpublished(BATCH)
            published: list[int] = []
            for entry in entries:
                if not self._stream.publish_once(entry.event, f"alert:{entry.id}"):
                    break
                published.append(entry.id)
            if published:
                with self._store.writing() as rows:
                    rows.mark_published(published)
            total += len(published)
            if len(published) < BATCH:
                return total
