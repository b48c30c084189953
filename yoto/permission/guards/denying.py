"""Denials by decorators and permission objects, as they are reported to the application."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic

from blinker import Namespace
from flask import current_app

from yoto.cache import PlaceKey
from yoto.errors import PermissionDenied, SignInAgain
from yoto.housekeeping import MOST_WAITING, Pending, contained
from yoto.permission.people.numbers import current_keys
from yoto.permission.registry.scopes import Place
from yoto.permission.state import AccessGranted, get_state_in_maintenance
from yoto.permission.verdict.verdict import Decision

log = logging.getLogger(__name__)

permission_denied = Namespace().signal(
    "permission-denied",
    """Sent by an application when a decorator, or a ``Permission`` that is entered or tested,
    denies.

    Receivers get ``user_id`` (as the application has it; None for somebody whom it does not know,
    or where its database does not say), ``permission`` (the name or the expression), ``place``
    (None: several) and ``decision``. They are called before the denial is answered, and nothing
    that one raises changes that.
    """,
)


def denied(
    user_id: int,
    decision: Decision,
    permission: str,
    place: Place | None,
    within: float | None = None,
) -> PermissionDenied:
    """The error to raise for a denial; all listeners have been notified of it.

    Args:
        within: the only reason is that the caller signed in more than these seconds ago.
    """
    if permission_denied.receivers and not permission_denied.is_muted:
        _send(user_id, decision, permission, place)
    scope, scope_id = (None, None) if place is None else (place.kind, place.id)
    if within is not None:
        return SignInAgain(decision, permission, within, scope, scope_id)
    may_ask = get_state_in_maintenance().may_ask
    requestable = may_ask(user_id, permission, place, decision.reason)
    return PermissionDenied(decision, permission, scope, scope_id, requestable)


def _send(user_id: int, decision: Decision, permission: str, place: Place | None) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    own_id = _own_id(user_id)
    # One by one: ``send`` would end with the first that fails.
    for receiver in permission_denied.receivers_for(app):
        try:
            app.ensure_sync(receiver)(
                app,
                user_id=own_id,
                permission=permission,
                place=place,
                decision=decision,
            )
        except Exception:
            log.exception("a receiver of permission_denied failed")


def _own_id(user_id: int) -> object:
    keys = current_keys()
    if keys is None:
        return user_id
    try:
        return keys.keys_of([user_id]).get(user_id)
    except Exception:
        log.exception("receivers of permission_denied are told of a denial, and not whose it is")
        return None


Listener = Callable[[AccessGranted], None]
_Granted = tuple[int, str, PlaceKey, float]


class GrantedAccess(Pending[_Granted]):
    """Granted access that listeners have not received yet. Safe for threads and greenlets.

    It has no task: a reader of the listeners' results, at its turns and at its end, calls ``flush``
    first, and so misses nothing.
    """

    def __init__(self, *listeners: Listener) -> None:
        """One that raises is logged, and keeps no other from being notified."""
        super().__init__(self._publish)
        self._listeners = list(listeners)

    def listen(self, listener: Listener) -> None:
        """Notify ``listener`` of what is granted from now on."""
        self._listeners.append(listener)

    def __call__(self, user_id: int, requirement: str, key: PlaceKey) -> None:
        """Record granted access; see ``AccessGranted``."""
        self._append((user_id, requirement, key, monotonic()))
        if len(self._waiting) > MOST_WAITING:
            self.flush()

    def _publish(self, granted: Sequence[_Granted]) -> None:
        events = [AccessGranted(*one) for one in granted]
        for listener in self._listeners:
            for event in events:
                contained(listener, event)
