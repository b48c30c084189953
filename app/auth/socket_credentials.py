"""The owner of a control-plane socket, by token, session or break-glass token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import session
from werkzeug.exceptions import Unauthorized

from app.auth import break_glass, break_glass_sessions
from app.auth.operators import operator_of
from app.auth.session import in_break_glass_session, session_claim, session_ends_at
from yoto.auth.operators import Operator, Via
from yoto.auth.socket_credentials import SocketCredential
from yoto.store.columns import utcnow


def socket_credential(auth: Any) -> SocketCredential:
    """The credential of the connection at hand, checked.

    Args:
        auth: the data that the client sent: ``{"token": "..."}`` with an API token or the
            break-glass token; without it the cookie of the session counts.

    Raises:
        Unauthorized: there is no valid one.
    """
    if auth is not None:
        token = auth.get("token") if isinstance(auth, dict) else None
        if not isinstance(token, str):
            raise Unauthorized('auth must be {"token": "..."}, or be left out for a session.')
        return _checked(lambda: operator_of(token))
    if in_break_glass_session():
        break_glass_ends_at, began_with = session_ends_at(), session["broken_glass"]
        break_glass_id = session["glass_id"]

        def break_glass_operator() -> Operator:
            over = utcnow() >= break_glass_ends_at or break_glass_sessions.is_over(break_glass_id)
            if over or began_with != break_glass.configured_hash():
                raise Unauthorized("Sign in first.")
            return Operator(Via.BREAK_GLASS, None)

        return _checked(break_glass_operator)
    claim = session_claim()
    return _checked(lambda: Operator(Via.SESSION, claim.identity()), claim.ends_at)


def _checked(look: Callable[[], Operator], ends_at: datetime | None = None) -> SocketCredential:
    """The credential, of a caller who was just checked.

    Args:
        ends_at: time at which it ends by itself; None: the token's own end.
    """
    who = look()
    if who.account is None:
        # No account: the database is not asked.
        return SocketCredential(None, look, lambda: _is_refused(look))
    ends = who.ends_at if ends_at is None else ends_at
    return SocketCredential(
        who.account.user_id, look, lambda: ends is not None and utcnow() >= ends
    )


def _is_refused(look: Callable[[], Operator]) -> bool:
    try:
        look()
    except Unauthorized:
        return True
    return False
