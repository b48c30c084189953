"""``/permission-templates``: named sets of permissions that roles are granted by level."""

from yoto.api.permissions.templates.views import templates

__all__ = ["templates"]
