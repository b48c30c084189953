"""The Flask extension: watches what an application's users do, by its requests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.extension import Extension
from yoto.housekeeping import Pending
from yoto.redis import RedisStore
from yoto.request.records import RequestRecord, records_of
from yoto.rooms.policies.behaviour.counters import BehaviourCounters, CountedAction

log = logging.getLogger(__name__)


@dataclass
class BehaviourState:
    """The extension's state in an application.

    Attributes:
        lost: actions that could not be counted in this process, because Redis was unavailable or
            hung.
    """

    counters: BehaviourCounters
    lost: int = 0


class BehaviourWatch(Extension[BehaviourState]):
    """``behaviour = BehaviourWatch()``."""

    key = "yoto.behaviour"

    def init_app(self, app: Flask) -> None:
        """Count in the application's Redis; nothing connects before the first action."""
        self.keep(app, BehaviourState(BehaviourCounters(RedisStore.of(app))))

    def failed_sign_in(self, user_id: int, network: str) -> None:
        """Somebody in ``network`` tried a wrong password on the account."""
        state = self.current
        try:
            state.counters.note_failed_sign_in(user_id, network)
        except StoreUnavailable as error:
            _lost(state, 1, error)

    def noted(self, app: Flask, actions: Sequence[tuple[int, CountedAction]]) -> None:
        """Count the recent actions of users of ``app``."""
        state = self.of(app)
        try:
            errors = state.counters.note(actions)
        except StoreUnavailable as error:
            _lost(state, len(actions), error)
        else:
            if errors:
                _lost(state, len(errors), errors[0])


def _lost(state: BehaviourState, actions: int, error: Exception) -> None:
    """Note actions that could not be counted: the failure never affects the actions."""
    state.lost += actions
    log.warning("behaviour was not counted: %s", error)


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
