"""Who the caller is: the bearer of an access token in the API, the operator in ``/control``.

No credential of one serves in the other. The API never looks at the cookie, so no page of another
site can make a browser call it.
"""

from __future__ import annotations

from flask import Flask, g, has_request_context, request

from app.http.accounts import Identity
from app.http.operators import account
from app.http.passwords import init_passwords
from app.http.session import CONTROL_PREFIX, init_sessions
from app.http.tokens import (
    EPOCH_CLAIM,
    FAMILY_CLAIM,
    bearer_identity,
    confirmed_bearer,
    identity_of,
    init_tokens,
    issue_tokens,
)

__all__ = [
    "CONTROL_PREFIX",
    "EPOCH_CLAIM",
    "FAMILY_CLAIM",
    "Identity",
    "caller_or_none",
    "confirmed_user_id",
    "current_user_id",
    "identity",
    "identity_of",
    "init_auth",
    "issue_tokens",
]


BELOW_CONTROL = f"{CONTROL_PREFIX}/"


def init_auth(app: Flask) -> None:
    """Wire tokens, sessions and password hashing."""
    init_passwords(app)
    init_tokens(app)
    init_sessions(app)


def identity() -> Identity:
    """The caller of this request, looked up once a request.

    Raises:
        werkzeug.exceptions.Unauthorized: in ``/control``, nobody is signed in.
        flask_jwt_extended / jwt exceptions, which leave as 401 problems, elsewhere, when there is
        no valid access token.
    """
    # Through the proxy each attribute costs more than the whole look-up.
    kept = g._get_current_object()  # type: ignore[attr-defined]
    found: Identity | None = kept.get("identity")
    if found is None:
        found = kept.identity = account() if in_control() else bearer_identity()
    return found


def confirmed_user_id() -> int:
    """The caller's user id by an access token that the database still has for good: for what
    changes the credential; raises as ``identity`` does outside ``/control``.
    """
    return confirmed_bearer().user_id


def current_user_id() -> int:
    """The caller's user id; see ``identity``."""
    return identity().user_id


def caller_or_none() -> int | None:
    """The caller's user id where sign-in was checked already; guards count others by address."""
    known: Identity | None = g.get("identity") if has_request_context() else None
    return known.user_id if known is not None else None


def in_control() -> bool:
    """Whether this request is for the operators' pages."""
    path = request.path
    return path == CONTROL_PREFIX or path.startswith(BELOW_CONTROL)
