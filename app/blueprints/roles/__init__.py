"""Roles: their data, their grants, and their holders."""

from app.blueprints.roles.grants import grants
from app.blueprints.roles.holders import holders
from app.blueprints.roles.views import roles

__all__ = ["grants", "holders", "roles"]
