"""Routes of ``/control/api/session``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.language import current_language
from yoto.control_plane.session.schemas import SessionSchema
from yoto.http.control_api import RIGHTS, VIEW, ControlBlueprint, operator, right
from yoto.http.csrf import csrf_token
from yoto.http.operators import bearer_token, may
from yoto.operate.application import of_application

session_control = ControlBlueprint(
    "session_control", __name__, "/session", "Who is signed in to the control plane"
)


@session_control.get("")
@right(VIEW)
@session_control.response(200, SessionSchema)
def read_session() -> dict[str, Any]:
    """Who you are, and what you may do"""
    who = operator()
    by_cookie = bearer_token() is None
    return {
        "user": of_application().person(who),
        "via": who.via,
        "rights": [name for name in RIGHTS if may(name)],
        "csrf_token": csrf_token() if by_cookie else None,
        "expires_at": who.ends_at if by_cookie else None,
        "language": current_language(),
    }
