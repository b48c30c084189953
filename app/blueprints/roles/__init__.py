"""Roles: what they are, what they grant, and who holds them."""

from app.blueprints.roles.grants import grants
from app.blueprints.roles.holders import holders
from app.blueprints.roles.views import roles

__all__ = ["grants", "holders", "roles"]
