"""Keeps Redis and the local copy in step with each other and with the record."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from yoto.errors import StoreUnavailable, VersionConflict
from yoto.redis import REDIS_UNAVAILABLE, ServerClock

from .document import Change, Document, Key, beyond, documents_of
from .journal import Journal
from .local_copy import LocalCopy
from .redis_copy import REFUSED, RedisCopy

log = logging.getLogger(__name__)

# s between polls of Redis: the delay of a change whose event was missed.
POLL_INTERVAL = 1.0
# s between reads of the record while Redis is there: the delay of a change whose writer died
# between its writes to the record and to Redis.
RECONCILE_INTERVAL = 10.0


@dataclass
class SyncCounts:
    """Counters of synchronisation since the process started."""

    polls: int = 0
    failed_polls: int = 0
    refills: int = 0
    failed_record_reads: int = 0


class Synchroniser:
    """``refresh`` reads Redis, ``reconcile`` reads the record. Each may run in its own thread.

    They are apart because a database that hangs must not hold up changes that Redis has already.
    """

    def __init__(
        self, copy: RedisCopy, local: LocalCopy, clock: ServerClock, journal: Journal | None
    ) -> None:
        self._copy = copy
        self._local = local
        self._clock = clock
        self._journal = journal
        self._redis_lock = threading.Lock()
        self._record_lock = threading.Lock()
        self._revision = ""
        self._read: str | None = None
        self._pushed: str | None = None
        self._record_wanted = True
        self._record_reachable = True
        self.redis_reachable = False
        self.counts = SyncCounts()
        # Replaced by the background work that runs ``reconcile``.
        self.wake_record: Callable[[], None] = lambda: None

    @property
    def revision(self) -> str:
        """The revision that Redis had at the last read; empty for none, or when never read."""
        return self._revision

    @property
    def record_read(self) -> bool:
        """Whether this process has read the record; true without a record."""
        return self._journal is None or self._read is not None

    def refresh(self) -> float:
        """Read changes from Redis; returns seconds until the next refresh is due.

        Without Redis nothing changes, and the record is read instead.
        """
        try:
            self.read_redis()
        except REDIS_UNAVAILABLE as error:
            self.counts.failed_polls += 1
            if self.redis_reachable:
                log.warning("the configuration in Redis is out of reach: %s", error)
            self.redis_reachable = False
            self._want_record()
        left = self._local.expire()
        return POLL_INTERVAL if left is None else min(POLL_INTERVAL, left / 1000)

    def read_redis(self) -> None:
        """Read changes from Redis.

        Raises:
            StoreUnavailable, redis.exceptions.RedisError: Redis does not respond.
        """
        with self._redis_lock:
            asked_at = time.monotonic()
            polled = self._copy.poll(self._revision)
            self._clock.observe(polled.server_ms, asked_at)
            self.counts.polls += 1
            back = not self.redis_reachable
            self.redis_reachable = True
            if polled.documents is not None:
                if self._journal is None:
                    self._local.replace(polled.documents, polled.bad)
                else:
                    # The record never goes back, so a version older than one seen is a stale copy.
                    self._local.merge(polled.documents)
                    self._local.bad_values += len(polled.bad)
                self._revision = polled.revision
        if not polled.revision:
            self._revision = ""
        if back or not polled.revision:
            self._pushed = None
            self._want_record()

    def reconcile(self) -> float:
        """Bring Redis, or without it the local copy, up to the record; seconds until the next."""
        if self._journal is None:
            return RECONCILE_INTERVAL
        self._record_wanted = False
        with self._record_lock:
            try:
                fingerprint = self._journal.fingerprint()
                known = self._pushed if self.redis_reachable else self._read
                if fingerprint == known:
                    self._record_reachable = True
                    return self._pause()
                documents = documents_of(self._journal.newest())
                copies = self._copies()
                documents = self.catch_up(documents, copies, copies)
            except StoreUnavailable as error:
                self.counts.failed_record_reads += 1
                if self._record_reachable:
                    log.warning("the record of the configuration is out of reach: %s", error)
                self._record_reachable = False
                return self._pause()
            self._record_reachable = True
            self._local.merge(documents)
            self._read = fingerprint
            if self._fill(documents):
                self._pushed = fingerprint
        return self._pause()

    def push(self, key: Key, before: Document, after: Document) -> bool:
        """Bring a change of the record into Redis; False when that must wait.

        Args:
            before: the entry as it was. A Redis that lost all gets that first, so that the change
                is still published as one.
        """
        try:
            changed = self._copy.bring_up({key: after}, complete=False)
            if changed == REFUSED:
                self._refill_without(key, before)
                changed = self._copy.bring_up({key: after}, complete=False)
            if not changed:
                self._overtake(key, after)
        except REDIS_UNAVAILABLE as error:
            log.warning("a configuration change is recorded but not in Redis yet: %s", error)
            self._want_record()
            return False
        return True

    def catch_up(
        self,
        recorded: Mapping[Key, Document],
        copies: Mapping[Key, Document],
        keys: Iterable[Key],
        made: Change | None = None,
    ) -> dict[Key, Document]:
        """Give the record the changes that only ``copies`` have: it is older, restored from a
        backup or new. Changes reported as in force stay so, and no version is given twice.

        Returns:
            The entries of the record afterwards, including each of ``keys``.

        Raises:
            StoreUnavailable: the record cannot be reached.
        """
        documents = dict(recorded)
        for key in keys:
            document = documents.setdefault(key, Document())
            try:
                for change in beyond(document, copies.get(key, Document()), made):
                    self._append(change, document)
                    document = documents[key] = document.with_change(change)
            except VersionConflict:
                # Another process did it.
                documents |= documents_of(self._record.newest(*key))
        return documents

    def _append(self, change: Change, document: Document) -> None:
        before = document.layer_values(change.origin, self._clock.now_ms())
        self._record.append(change, before, document.version)
        log.warning(
            "the record of %s '%s' is older than Redis: version %d is recorded again",
            *(change.kind.value, change.name, change.version),
        )

    def _copies(self) -> Mapping[Key, Document]:
        """The documents in Redis; where it is unavailable, or has lost all, those known here."""
        with suppress(*REDIS_UNAVAILABLE):
            found = self._copy.poll("").documents
            if found:
                return found
        return self._local.snapshot.documents

    def _overtake(self, key: Key, after: Document) -> None:
        """Handle another change in Redis under the version of ``after``, or a later one; or another
        process has brought ``after`` there."""
        if self._journal is None:
            return
        made = max(after.layers, key=lambda change: change.version)
        document = self.catch_up({key: after}, self._copies(), [key], made)[key]
        if document.version > after.version:
            self._local.merge({key: document})
            self._copy.bring_up({key: document}, complete=False)

    @property
    def _record(self) -> Journal:
        assert self._journal is not None
        return self._journal

    def _refill_without(self, key: Key, before: Document) -> None:
        if self._journal is None:
            return
        documents = documents_of(self._journal.newest())
        documents[key] = before
        self._copy.bring_up(
            {k: document for k, document in documents.items() if document.version}, complete=True
        )

    def _fill(self, documents: dict[Key, Document]) -> bool:
        try:
            changed = self._copy.bring_up(documents, complete=True)
        except REDIS_UNAVAILABLE:
            return False
        if changed:
            self.counts.refills += 1
            log.info("%d configuration entries were brought into Redis", changed)
        return True

    def _pause(self) -> float:
        return RECONCILE_INTERVAL if self.redis_reachable else POLL_INTERVAL

    def _want_record(self) -> None:
        if self._journal is not None and not self._record_wanted:
            self._record_wanted = True
            self.wake_record()
