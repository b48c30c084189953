"""Holders of roles, and the windows in which they hold them."""

from app.blueprints.roles.holders.views import holders

__all__ = ["holders"]
