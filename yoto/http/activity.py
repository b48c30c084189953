"""Counts changes and refusals of signed-in people, for the risk of each."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask

from yoto.extensions import behaviour
from yoto.housekeeping import Pending
from yoto.policy import CountedAction
from yoto.request.records import RequestRecord

# Actions that may wait for Redis, in case it hangs.
MOST_ACTIONS = 10_000


class Activity(Pending[tuple[int, CountedAction]]):
    """The activity of one application's callers. Safe for threads; ``flush`` writes it to Redis."""

    def __init__(self, app: Flask) -> None:
        """Nothing is asked yet."""
        super().__init__(lambda actions: behaviour.noted(app, actions))
        self._app = app

    def note(self, records: Sequence[RequestRecord]) -> None:
        """Take note of ``records``; asks no server."""
        for record in records:
            user_id, status = record.user_id, record.status
            if user_id is None:
                continue
            if status == HTTPStatus.FORBIDDEN:
                self._take(user_id, CountedAction.DENIAL)
            elif status < HTTPStatus.BAD_REQUEST and record.changes and not record.keeps_order:
                self._take(user_id, CountedAction.ACT)

    def _take(self, user_id: int, action: CountedAction) -> None:
        if len(self) < MOST_ACTIONS:
            self._append((user_id, action))
        else:
            behaviour.of(self._app).lost += 1
