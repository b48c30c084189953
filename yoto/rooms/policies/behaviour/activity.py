"""Counts changes and refusals of signed-in people, for the risk of each."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from flask import Flask

from yoto.housekeeping import Pending
from yoto.request.records import RequestRecord, records_of
from yoto.rooms.policies.behaviour.counters import CountedAction
from yoto.rooms.policies.behaviour.extension import BehaviourWatch

# Actions that may wait for Redis, in case it hangs.
MOST_ACTIONS = 10_000


class Activity(Pending[tuple[int, CountedAction]]):
    """The activity of one application's callers. Safe for threads; ``flush`` writes it to Redis."""

    def __init__(self, app: Flask) -> None:
        """Nothing is asked yet."""
        super().__init__(lambda actions: BehaviourWatch().noted(app, actions))
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
            BehaviourWatch.of(self._app).lost += 1


def watch_requests(app: Flask) -> None:
    """Watch the behaviour of people in the requests of ``app``."""
    BehaviourWatch().init_app(app)
    activity, records = Activity(app), records_of(app)
    records.follow(activity.note, activity.flush)

    def bring() -> None:
        records.flush()
        activity.flush()

    BehaviourWatch.of(app).counters.read_first(bring)
