"""Permission groups: named sets that roles are granted as one."""

from app.blueprints.permissions.groups.views import groups

__all__ = ["groups"]
