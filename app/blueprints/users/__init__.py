"""``/api/v1/users``: profiles, and the accounts as administrators see them."""

from app.blueprints.users.views import users

__all__ = ["users"]
