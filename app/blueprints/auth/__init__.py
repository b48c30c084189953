"""``/api/v1/auth``: accounts, sign-in and tokens."""

from app.blueprints.auth.views import auth

__all__ = ["auth"]
