"""Who holds roles, and from when to when."""

from app.blueprints.roles.holders.views import holders

__all__ = ["holders"]
