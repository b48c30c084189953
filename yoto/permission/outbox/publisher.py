"""Publishes committed changes to the invalidation log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exc

from yoto import cache
from yoto.cache import ORIGIN, TieredCache
from yoto.errors import PlatformError
from yoto.permission.database.pool import SidePool
from yoto.permission.outbox.notifying import ChangeNotifier
from yoto.permission.outbox.rows import Event, add_events, mark, unpublished
from yoto.store.db import writing

log = logging.getLogger(__name__)

# The key under which an app with a cache keeps its ``Outbox``.
OUTBOX_EXTENSION = "yoto.outbox"
TOKEN_PREFIX = "outbox-"
# Waiting events that an unchanged write invalidates one by one; beyond them, everything.
COVERED = 500
# The subject of an event that only takes a place in the line. Memories are forgotten for it, as
# they are anyway when Redis was away.
NOTHING = cache.tags.memory(cache.tags.GLOBAL)


@dataclass
class OutboxCounts:
    """Counts of this process since it started.

    Attributes:
        published: events that their writer appended to the log.
        held_back: events that their writer could not append; a relay does it later.
        relayed: events appended by the relay of this process.
        unmarked: events that are in the log but could not be marked so; they go there again.
        pruned: old rows deleted.
        failures: turns of the relay that failed.
    """

    published: int = 0
    held_back: int = 0
    relayed: int = 0
    unmarked: int = 0
    pruned: int = 0
    failures: int = 0


class Outbox:
    """The writer's half: appends its own events right after the commit.

    Nothing here raises: the change is committed, and its caller must learn that.
    """

    def __init__(self, cache: TieredCache, pool: SidePool, notifier: ChangeNotifier) -> None:
        self._cache = cache
        self._pool = pool
        self._notifier = notifier
        self.counts = OutboxCounts()

    def publish(self, events: Sequence[Event], records: Sequence[int] = ()) -> str:
        """Append ``events`` and mark them.

        Args:
            records: ids of the audit records committed with them.

        Returns:
            Their position in the log or, if the log did not take them, a token such as
            ``outbox-17`` that stands for the position they are going to have.
        """
        try:
            position = self._cache.invalidate(*(event.subject for event in events))
        except Exception as error:
            self.counts.held_back += len(events)
            unexpected = not isinstance(error, PlatformError)
            log.warning("%d events wait for a relay: %s", len(events), error, exc_info=unexpected)
            return f"{TOKEN_PREFIX}{events[-1].id}"
        self.counts.published += len(events)
        self._mark(events, str(position))
        self._notifier.note(events, position, records=records)
        return str(position)

    def covering(self) -> str | None:
        """A position that includes all that is committed by now, by any writer.

        For a write that found nothing to change: a worker may have made the change, died before it
        published it, and left its client to repeat the request. Events that wait to be published
        are invalidated at once; their writer or a relay publishes them all the same.

        Returns:
            As ``publish``; None: there never was a change, or the database does not answer.
        """
        for way in (self._newest, self._last_in_line):
            try:
                return way()
            except Exception as error:
                unexpected = not isinstance(error, (PlatformError, exc.SQLAlchemyError))
                log.warning("what is committed has no position: %s", error, exc_info=unexpected)
        return None

    def _last_in_line(self) -> str:
        # A relay publishes in order: this one stands for all before it.
        with writing(), self._pool.begin() as connection:
            (last,) = add_events(connection, [NOTHING])
        return f"{TOKEN_PREFIX}{last.id}"

    def _newest(self) -> str | None:
        with self._pool.read() as connection:
            waiting, _ = unpublished(connection, COVERED)
        if not waiting:
            newest = self._cache.newest_position()
            return None if newest == ORIGIN else str(newest)
        if len(waiting) == COVERED:
            return str(self._cache.invalidate_all())
        return str(self._cache.invalidate(*{event.subject for event in waiting}))

    def _mark(self, events: Sequence[Event], position: str) -> None:
        try:
            with writing(), self._pool.begin() as connection:
                mark(connection, [event.id for event in events], position)
        except (PlatformError, exc.SQLAlchemyError) as error:
            self.counts.unmarked += len(events)
            log.warning("%d published events were not marked: %s", len(events), error)
