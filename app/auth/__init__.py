"""The caller's identity: the bearer of an access token in the API, the operator in ``/control``.

No credential of one serves in the other. The API never looks at the cookie, so no page of another
site can make a browser call it.
"""

from __future__ import annotations

from flask import Flask, request
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError
from werkzeug.exceptions import Unauthorized

from app.auth.operators import operator_at_hand
from app.auth.passwords import init_passwords
from app.auth.session import init_sessions, session_since
from app.auth.tokens import (
    EPOCH_CLAIM,
    FAMILY_CLAIM,
    bearer_identity,
    confirmed_bearer,
    identity_of,
    init_tokens,
    issue_tokens,
    sign_in_id,
    signed_in_at,
)
from yoto.auth.identity import Callers, Identity, current_user_id, init_callers
from yoto.auth.operators import CONTROL_PREFIX, account, init_operators

__all__ = [
    "EPOCH_CLAIM",
    "FAMILY_CLAIM",
    "authenticated_at",
    "confirmed_user_id",
    "identity_of",
    "init_auth",
    "issue_tokens",
    "visitor",
]


BELOW_CONTROL = f"{CONTROL_PREFIX}/"


def init_auth(app: Flask) -> None:
    """Wire tokens, sessions and password hashing; register the caller lookup with the platform."""
    init_passwords(app)
    init_tokens(app)
    init_sessions(app)
    init_callers(app, Callers(_identify, sign_in_id))
    init_operators(app, operator_at_hand)


def visitor() -> int | None:
    """The caller's user id, for pages that only ask; None for a caller who is not signed in.

    Raises:
        StoreUnavailable: the caller cannot be determined now.
    """
    try:
        return current_user_id()
    except (Unauthorized, JWTExtendedException, PyJWTError):
        return None


def authenticated_at() -> float | None:
    """When the caller of this request signed in, in epoch seconds; None if unknown (programs)."""
    return session_since() if _is_below_control() else signed_in_at()


def confirmed_user_id() -> int:
    """The caller's user id by an access token that the database still has for good: for what
    changes the credential; raises as ``bearer_identity``.
    """
    return confirmed_bearer().user_id


def _identify() -> Identity:
    """The caller of this request.

    Raises:
        werkzeug.exceptions.Unauthorized: in ``/control``, the caller is not signed in.
        flask_jwt_extended / jwt exceptions, which leave as 401 problems, elsewhere, when there is
        no valid access token.
    """
    return account() if _is_below_control() else bearer_identity()


def _is_below_control() -> bool:
    path = request.path
    return path == CONTROL_PREFIX or path.startswith(BELOW_CONTROL)
