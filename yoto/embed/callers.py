"""Who calls, where the application did not say."""

from __future__ import annotations

from flask import current_app


def login_user() -> str | None:
    """The id of Flask-Login's user, as its session has it; None for nobody, or without Flask-Login.

    Who is not known by an id is counted by the address.
    """
    if not hasattr(current_app, "login_manager"):
        return None
    from flask_login import current_user  # whose manager is there

    return current_user.get_id() if current_user.is_authenticated else None
