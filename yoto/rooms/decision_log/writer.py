"""Stores rows in batches, beside the work that made them."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

log = logging.getLogger(__name__)

QUEUE_SIZE = 10_000  # rows; about a few MB
BATCH_SIZE = 500  # rows of one INSERT
BATCH_SECONDS = 0.5  # the longest that a row waits for others
RETRY_SECONDS = 10.0  # for which a batch is split, before the rest of it is dropped
CLOSE_SECONDS = 5.0  # s that ``close`` waits for the last rows

Row = dict[str, Any]


class BatchWriter:
    """A bounded queue and a thread that empties it; the thread starts with the first row.

    Rows that find the queue full, or that cannot be stored, are dropped and counted: no request
    waits for a record. A row that cannot be stored takes no other with it.

    Args:
        store: stores some rows, all or none; may raise.
    """

    def __init__(self, store: Callable[[Sequence[Row]], None], name: str) -> None:
        self._store = store
        self._name = name
        self._rows: queue.Queue[Row | None] = queue.Queue(QUEUE_SIZE)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.stored = 0
        self.dropped = 0

    def put(self, row: Row) -> None:
        """Take a row; never waits."""
        try:
            self._rows.put_nowait(row)
        except queue.Full:
            self._drop(1)
            return
        if self._thread is None:
            self._start()

    @property
    def waiting(self) -> int:
        """Rows that are not stored yet, without those of the batch that is being stored."""
        return self._rows.qsize()

    def close(self) -> None:
        """Store waiting rows and end the thread; a later row starts it again.

        Rows that cannot be stored in ``CLOSE_SECONDS`` are left to the thread, which ends after it.
        """
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            self._rows.put(None, timeout=CLOSE_SECONDS)
        except queue.Full:
            log.warning("%s: too many rows wait to be stored at the end", self._name)
            return
        thread.join(CLOSE_SECONDS)

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        ended = False
        while not ended:
            rows, ended = self._next_batch()
            if rows:
                self._store_or_drop(rows)

    def _next_batch(self) -> tuple[list[Row], bool]:
        """Rows that came within ``BATCH_SECONDS`` of the first, and whether it is the end."""
        first = self._rows.get()
        if first is None:
            return [], True
        rows, deadline = [first], monotonic() + BATCH_SECONDS
        while len(rows) < BATCH_SIZE:
            try:
                row = self._rows.get(timeout=max(0.0, deadline - monotonic()))
            except queue.Empty:
                break
            if row is None:
                return rows, True
            rows.append(row)
        return rows, False

    def _store_or_drop(self, rows: Sequence[Row]) -> None:
        """Store rows; a batch that fails is halved until the bad rows are left."""
        parts, dropped, deadline = [rows], 0, float("inf")
        while parts:
            part = parts.pop()
            if monotonic() >= deadline:
                dropped += len(part)
                continue
            try:
                self._store(part)
            except Exception:
                if part is rows:
                    log.exception("%s: a batch of %d was not stored", self._name, len(rows))
                    deadline = monotonic() + RETRY_SECONDS
                middle = len(part) // 2
                if middle:
                    parts += [part[middle:], part[:middle]]
                else:
                    dropped += 1
            else:
                self.stored += len(part)
        if dropped:
            log.warning("%s: %d rows could not be stored", self._name, dropped)
            self._drop(dropped)

    def _drop(self, number: int) -> None:
        with self._lock:
            self.dropped += number
