"""The operator of a request or socket: an account, or the bearer of the break-glass token."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from flask import session
from werkzeug.exceptions import Unauthorized

from app.auth import break_glass
from app.auth.api_tokens import token_use
from app.auth.session import (
    in_break_glass_session,
    session_claim,
    session_ends_at,
    session_identity,
)
from yoto.auth.operators import Operator, SocketCredential, Via, bearer_token
from yoto.store.columns import utcnow


def operator_at_hand() -> Operator:
    """The operator who makes this request.

    Raises:
        Unauthorized: the credential is missing, not accepted here, or no longer valid.
    """
    secret = bearer_token()
    if secret is not None:
        return operator_of(secret)
    if in_break_glass_session():
        return Operator(Via.BREAK_GLASS, None, ends_at=session_ends_at())
    return Operator(Via.SESSION, session_identity(), ends_at=session_ends_at())


def operator_of(secret: str) -> Operator:
    """The operator that an API token, or the break-glass token, stands for.

    Raises:
        Unauthorized: the token is not valid.
    """
    if secret.startswith(break_glass.PREFIX):
        opened = break_glass.opens(secret)
        break_glass.note_use(opened)
        if opened:
            return Operator(Via.BREAK_GLASS, None)
    else:
        use = token_use(secret)
        if use is not None:
            return Operator(Via.TOKEN, use.account, use.rights, use.token_id, ends_at=use.ends_at)
    raise Unauthorized("The token is invalid or no longer valid.")


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
        holds = partial(
            break_glass.session_holds,
            session["broken_glass"],
            session["glass_id"],
            session_ends_at(),
        )

        def break_glass_operator() -> Operator:
            if not holds():
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
