"""Counts what signed-in people do, for the risk of each: changes, and what they are refused."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask

from app.core.policy import CountedAction
from app.extensions import behaviour
from app.http.records import RequestRecord

# Acts that may wait for Redis; whoever brings the next one stores them.
MOST_WAITING = 1_000


class Activity:
    """What the callers of one application did. Safe for threads."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._waiting: deque[tuple[int, CountedAction]] = deque()
        self._storing = threading.Lock()

    def note(self, records: Sequence[RequestRecord]) -> None:
        """Take note of ``records``; ``store`` brings it to Redis."""
        for record in records:
            user_id, status = record.user_id, record.status
            if user_id is None:
                continue
            if status == HTTPStatus.FORBIDDEN:
                self._waiting.append((user_id, CountedAction.DENIAL))
            elif status < HTTPStatus.BAD_REQUEST and record.changes and not record.keeps_order:
                self._waiting.append((user_id, CountedAction.ACT))
        if len(self._waiting) > MOST_WAITING:
            self.store()

    def store(self) -> None:
        """Bring to Redis what waits, and return when it is there."""
        with self._storing:
            while self._waiting:
                behaviour.noted(self._app, *self._waiting.popleft())
