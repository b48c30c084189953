"""Permission groups: named sets that roles are granted as one."""

from yoto.api.permissions.groups.views import groups

__all__ = ["groups"]
