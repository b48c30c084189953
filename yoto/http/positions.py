"""Lets callers read their own writes, on whatever worker the next request lands.

Every response to a write carries the position of its change in ``X-Permission-Position``, and in a
cookie that lives a little longer than a change needs to reach every worker; a write that changed
nothing carries the position of all that was committed. A request that brings either is judged on
nothing older. The cookie is no credential: it can only make reads fresher.
"""

from __future__ import annotations

import math

from flask import Request, Response, current_app, request

from yoto.errors import ValidationFailed
from yoto.extensions import permissions
from yoto.request.context import settings

POSITION_HEADER = "X-Permission-Position"
POSITION_COOKIE = "yoto_position"
# Methods that a proxy repeats on another worker when the first one does not answer.
REPEATED = ("PUT", "DELETE")
# s on top of the time that a change may need: clocks of browsers count in whole seconds.
COOKIE_MARGIN = 2.0


def take_position(asked: Request) -> None:
    """Judge this request on nothing older than its positions; the header, which was written on
    purpose, must be right.

    Raises:
        ValidationFailed: the header is malformed, or from the future.
    """
    permissions.require_nothing()
    environ = asked.environ
    header = environ.get("HTTP_X_PERMISSION_POSITION")
    if header is not None:
        permissions.require_position(header, POSITION_HEADER)
        return
    cookie = asked.cookies.get(POSITION_COOKIE) if "HTTP_COOKIE" in environ else None
    if cookie:
        try:
            permissions.require_position(cookie, POSITION_COOKIE)
        except ValidationFailed:
            # Redis may have lost its log since; the author of a write gets no error for that.
            permissions.require_database()


def give_position(response: Response) -> None:
    """Add the position of a write's change to its response."""
    written = permissions.last_position()
    if written is None and request.method in REPEATED and response.status_code < 400:
        # Another worker may have made it, and died before it could answer. A refused caller costs
        # no look at the database for it.
        written = permissions.committed_position()
    position = written or permissions.known_position()
    if position is not None:
        response.headers[POSITION_HEADER] = position
    if written is not None:
        response.set_cookie(
            POSITION_COOKIE,
            written,
            max_age=_cookie_seconds(),
            httponly=True,
            samesite="Strict",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )


def forget_position() -> None:
    """The thread goes on to do other people's work."""
    permissions.require_nothing()


def _cookie_seconds() -> int:
    config = settings()
    bound: float = config["MAX_STALENESS"] + config["OUTBOX_RELAY_INTERVAL"]
    return math.ceil(bound + COOKIE_MARGIN)
