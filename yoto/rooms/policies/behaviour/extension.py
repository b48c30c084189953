"""The Flask extension: watches the behaviour of an application's users."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.extension import Extension
from yoto.redis import RedisStore
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
