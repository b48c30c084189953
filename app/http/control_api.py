"""JSON routes for operators, beside the pages: the session's cookie, and a header for what changes.

Errors are problems, as everywhere in the API; nobody is led to a sign-in page. A form of another
site can send the cookie and no header, so a change needs the CSRF token in ``X-CSRF-Token``.
"""

from __future__ import annotations

from typing import Any

import marshmallow as ma
from flask import request

from app.http.auth import CONTROL_PREFIX, identity
from app.http.context import SAFE_METHODS
from app.http.fields import Text
from app.http.rest import RestBlueprint
from app.http.session import CSRF_HEADER, check_csrf_header

CONTROL_API_PREFIX = f"{CONTROL_PREFIX}/api"
REASON_LENGTH = 500
SESSION_SCHEME, CSRF_SCHEME = "session", "csrf"
# As OpenAPI describes credentials.
SCHEMES: dict[str, dict[str, Any]] = {
    SESSION_SCHEME: {"type": "apiKey", "in": "cookie", "name": "yoto_session"},
    CSRF_SCHEME: {"type": "apiKey", "in": "header", "name": CSRF_HEADER},
}


class ActSchema(ma.Schema):
    """An act of an operator."""

    reason = Text(
        REASON_LENGTH, min_length=1, required=True, metadata={"description": "For the audit log"}
    )


class ControlBlueprint(RestBlueprint):
    """A ``RestBlueprint`` under ``/control/api``. No change gets past it without the token.

    Each view still takes its right: ``platform.view`` to look, ``platform.operate`` to act.
    """

    def __init__(self, name: str, import_name: str, path: str, description: str) -> None:
        """``path`` comes after ``/control/api``."""
        super().__init__(
            name, import_name, url_prefix=f"{CONTROL_API_PREFIX}{path}", description=description
        )
        self.before_request(_check_session)

    def security_of(self, method: str) -> list[dict[str, list[str]]]:
        if method.upper() in SAFE_METHODS:
            return [{SESSION_SCHEME: []}]
        return [{SESSION_SCHEME: [], CSRF_SCHEME: []}]


def _check_session() -> None:
    identity()
    if request.method not in SAFE_METHODS:
        check_csrf_header()
