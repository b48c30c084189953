"""JSON routes for operators, beside the pages.

Errors are problems, as everywhere in the API; there is no redirect to a sign-in page. A form of
another site can send the cookie and no header, so a change by cookie needs the CSRF token in
``X-CSRF-Token``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import marshmallow as ma
from flask import request

from yoto.auth import operators
from yoto.auth.csrf import CSRF_HEADER, check_csrf_header
from yoto.auth.operators import (
    ADMIN,
    CONTROL_PREFIX,
    OPERATE,
    RIGHTS,
    VIEW,
    actor_id,
    bearer_token,
    operator,
)
from yoto.http import idempotency
from yoto.http.fields import Text
from yoto.http.preconditions import unchanged
from yoto.http.rest import RestBlueprint
from yoto.request.context import READ_ONLY_MARK, SAFE_METHODS, changes_something

__all__ = [
    "ADMIN",
    "CONTROL_API_PREFIX",
    "OPERATE",
    "RIGHTS",
    "SCHEMES",
    "VIEW",
    "ActSchema",
    "ControlBlueprint",
    "actor_id",
    "operator",
    "right",
]

View = TypeVar("View", bound=Callable[..., Any])

CONTROL_API_PREFIX = f"{CONTROL_PREFIX}/api"
REASON_LENGTH = 500
SESSION_SCHEME, CSRF_SCHEME, TOKEN_SCHEME = "session", "csrf", "token"
# As OpenAPI describes credentials.
SCHEMES: dict[str, dict[str, Any]] = {
    SESSION_SCHEME: {"type": "apiKey", "in": "cookie", "name": "yoto_session"},
    CSRF_SCHEME: {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
    TOKEN_SCHEME: {"type": "http", "scheme": "bearer"},
}


class ActSchema(ma.Schema):
    """An act of an operator."""

    reason = Text(
        REASON_LENGTH, min_length=1, required=True, metadata={"description": "For the audit log"}
    )


def right(name: str) -> Callable[[View], View]:
    """Let operators with a ``platform.*`` right in, as ``yoto.auth.operators.right``, and perform
    an act with an ``Idempotency-Key`` once.

    The key is claimed, and an earlier response repeated, behind the right: an operator who lost it
    learns nothing by a key, and a caller who never had it leaves no row.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def once(*args: Any, **kwargs: Any) -> Any:
            who, before = operator(), None
            if who.account is not None and changes_something():
                before = idempotency.claim(who.account.user_id, who.credential)
            return view(*args, **kwargs) if before is None else before

        return operators.right(name)(once)  # type: ignore[return-value]

    return decorate


class ControlBlueprint(RestBlueprint):
    """A ``RestBlueprint`` under ``/control/api``. No change by cookie gets past it without the
    CSRF token.

    Each view takes its right by the ``@right`` of this module, which also sees to it that no change
    with an ``Idempotency-Key`` is made twice: ``VIEW`` to look, ``OPERATE`` to act on what runs,
    ``ADMIN`` for permissions and for settings on which all depends.
    """

    def __init__(self, name: str, import_name: str, path: str, description: str) -> None:
        """``path`` comes after ``/control/api``."""
        super().__init__(
            name, import_name, url_prefix=f"{CONTROL_API_PREFIX}{path}", description=description
        )
        self.before_request(_check_caller)
        self.after_request(unchanged)

    def security_of(self, method: str) -> list[dict[str, list[str]]]:
        by_cookie: dict[str, list[str]] = {SESSION_SCHEME: []}
        if method.upper() not in ("GET", "HEAD"):
            by_cookie[CSRF_SCHEME] = []
        return [by_cookie, {TOKEN_SCHEME: []}]

    def document_more(self, operation: dict[str, Any], method: str, view: object) -> None:
        if method.upper() in SAFE_METHODS or hasattr(view, READ_ONLY_MARK):
            return
        idempotency.document(operation)


def _check_caller() -> None:
    operator()
    if request.method not in SAFE_METHODS and bearer_token() is None:
        check_csrf_header()
