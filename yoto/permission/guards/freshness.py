"""The time since the calling person proved their identity, by a password or otherwise."""

from __future__ import annotations

import logging
import math
from datetime import datetime
from typing import Any

from flask import has_request_context

from yoto.errors import ValidationFailed
from yoto.permission.guards.subject import is_acting_for_another, visitor_of
from yoto.permission.state import PermissionState, get_state_in_maintenance

log = logging.getLogger(__name__)

# Seconds that the clock of the sign-in service may be ahead of ours.
SKEW = 60.0


def checked_within(within: Any) -> float | None:
    """``within`` if it is a number of seconds; None: however long ago.

    Raises:
        ValidationFailed: it is neither.
    """
    if within is None:
        return None
    if type(within) not in (int, float) or not 0 < within < math.inf:
        raise ValidationFailed({"within": "must be a positive number of seconds"})
    return float(within)


def is_fresh(state: PermissionState, within: float) -> bool:
    """Whether the caller proved their identity in the last ``within`` seconds; unknown is no.

    Raises:
        TypeError: the application returned a value that is no time.
    """
    if state.authenticated_at is None:
        log.warning("the time of sign-in is unknown: give 'authenticated_at'; denied")
    at = _signed_in_at(state)
    return at is not None and state.clock() - at <= within


def authenticated_at(user_id: int) -> float | None:
    """When the user proved their identity, if they make the current request; epoch seconds.

    None: the request is another user's, or the time is unknown.
    """
    state = get_state_in_maintenance()
    if state.authenticated_at is None or not has_request_context():
        return None
    at = _signed_in_at(state)
    return at if at is not None and visitor_of(state) == user_id else None


def _signed_in_at(state: PermissionState) -> float | None:
    # The time is that of the person at the keyboard, and says nothing of another.
    if state.authenticated_at is None or is_acting_for_another():
        return None
    found = state.authenticated_at()
    if isinstance(found, datetime) and found.tzinfo is not None:
        found = found.timestamp()
    if found is None:
        return None
    if type(found) not in (int, float):
        raise TypeError(f"authenticated_at must give epoch seconds or an aware time, not {found!r}")
    # A sign-in in the future is unknown.
    return float(found) if found <= state.clock() + SKEW else None
