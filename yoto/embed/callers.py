"""The caller where the application does not provide one: the user of Flask-Login."""

from __future__ import annotations

from typing import NoReturn

from flask import abort, current_app, has_request_context, make_response
from werkzeug.exceptions import Unauthorized

MANAGER = "login_manager"  # attribute that Flask-Login, and libraries on it, set


def login_user() -> str | None:
    """The id of Flask-Login's user, as its session has it.

    None without a user, without Flask-Login, and outside of a request.

    A caller without an id is counted by the address.
    """
    if not has_request_context() or not hasattr(current_app, MANAGER):
        return None
    from flask_login import current_user  # present, since its manager is

    return current_user.get_id() if current_user.is_authenticated else None


def ask_to_sign_in() -> NoReturn:
    """Respond to an anonymous caller as Flask-Login's ``login_required`` does: sign-in page or 401.

    Raises:
        HTTPException: with that response.
    """
    manager = getattr(current_app, MANAGER, None)
    if manager is not None and has_request_context():
        abort(make_response(manager.unauthorized()))
    raise Unauthorized()
