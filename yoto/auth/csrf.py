"""The token of a session, in its forms and calls: no page of another site can make them."""

from __future__ import annotations

import hmac
import secrets

from flask import request, session
from werkzeug.exceptions import Forbidden

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"


class CsrfFailed(Forbidden):
    """A form or a call came without the token of the session that it claims to belong to."""

    description = "The form does not belong to this session; reload the page and try again."


def csrf_token() -> str:
    """The token that every form of this session carries; made at the first call."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(32)
    return str(session["csrf"])


def check_csrf() -> None:
    """Accept the form of this request.

    Raises:
        CsrfFailed: the form's token is not the session's.
    """
    _compare(request.form.get(CSRF_FIELD, ""))


def check_csrf_header() -> None:
    """Accept the call of this request, which has the token in a header.

    Raises:
        CsrfFailed: it is not the session's.
    """
    _compare(request.headers.get(CSRF_HEADER, ""))


def _compare(given: str) -> None:
    expected = session.get("csrf", "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise CsrfFailed
